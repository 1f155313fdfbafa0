// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

@Suite("Attributed strings")
struct AttributedStringTests {
  @Test("text and runs are two ropes")
  func short() throws {
    try expectExactAndSome { AttributedString("hello world \(number(3))") }
    try expectExactAndSome { AttributedString(text(200)) }
  }

  @Test("ropes of several levels")
  func long() throws {
    try expectExactAndSome { AttributedString(String(repeating: "hello world ", count: number(5000))) }
    try expectExactAndSome {
      var string = AttributedString()
      for index in 0..<number(500) { string.append(AttributedString("run number \(index) ")) }
      return string
    }
  }

  @Test("runs with attributes")
  func attributes() throws {
    try expectExactAndSome {
      var string = AttributedString("hello world \(number(3))")
      string.link = URL(string: "https://example.com/a/path/that/is/long/\(number(3))")
      return string
    }
    try expectExactAndSome {
      var string = AttributedString()
      for index in 0..<number(200) {
        var run = AttributedString("run \(index)")
        if index % 2 == 0 { run.languageIdentifier = text(20 + index) }
        string.append(run)
      }
      return string
    }
  }

  @Test("slices, views, containers")
  func views() throws {
    try expectExactAndSome {
      let string = AttributedString(text(1000))
      return (string[string.startIndex..<string.index(string.startIndex, offsetByCharacters: 10)], string.characters)
    }
    try expectExactAndSome {
      var container = AttributeContainer()
      container.link = URL(string: "https://example.com/a/path/that/is/long/\(number(3))")
      return container
    }
  }

  @Test("the reference types")
  func references() throws {
    try expectExactAndSome {
      NSAttributedString(
        string: text(), attributes: [NSAttributedString.Key(text()): NSNumber(value: number(1_000_000))])
    }
  }

  @Test("dictionaries that CoreFoundation made for itself are not taken apart, and it says so")
  func madeByCoreFoundation() throws {
    let string = NSMutableAttributedString(string: text())
    for index in 0..<number(10) {
      string.addAttribute(.init("key"), value: text(20 + index), range: NSRange(location: index * 2, length: 1))
    }
    let size = try HeapSizer().size(of: string)
    #expect(size.unresolvedCount == 10)
    #expect(size.objectCount >= 14)
  }
}
