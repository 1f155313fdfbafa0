// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

@Suite("Attributed strings")
struct AttributedStrings {
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

@Suite("Formatters, locales and calendars")
struct FoundationLocales {
  @Test("ICU's heap below a formatter can't be known: it says so")
  func formatters() throws {
    let formatter = DateFormatter()
    formatter.dateFormat = "yyyy-MM-dd"
    keepAlive(formatter.string(from: Date()))
    let size = try HeapSizer().size(of: formatter)
    #expect(size.unresolvedCount > 0)
    #expect(size.bytes >= 346)

    let numbers = NumberFormatter()
    keepAlive(numbers.string(from: 3.5))
    #expect(try HeapSizer().size(of: numbers).unresolvedCount > 0)

    let expression = try NSRegularExpression(pattern: "a+\(number(3))")
    #expect(try HeapSizer().size(of: expression).unresolvedCount > 0)
  }

  @Test("a formatter that has not formatted is exact")
  func unused() throws {
    try expectExactAndSome {
      let formatter = DateFormatter()
      formatter.dateFormat = text()
      return formatter
    }
  }

  @Test("locales, calendars and time zones are Foundation's own shared objects, and are found")
  func shared() throws {
    for value: Any in [
      Locale(identifier: "de_DE"), Calendar(identifier: .gregorian), TimeZone(identifier: "Europe/Berlin")!,
    ] {
      let size = try HeapSizer().size(of: value)
      #expect(size.objectCount > 0)
      #expect(size == (try HeapSizer().size(of: value)))
    }
  }
}
