// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Record {
  var flag = true
  var small = "small"
  var long = text()
  var slice: Substring = text().dropFirst()
  var character: Character = "é"
  var optional: String? = text()
}

/// A character that is longer than the value itself.
@inline(never)
private func family() -> String { array("👨", "👩", "👧", "👦").joined(separator: "\u{200D}") }

@Suite("Strings")
struct StringsTests {
  @Test("up to 15 bytes lie in the value")
  func small() throws {
    try expectExact(objects: 0) { text(0) }
    try expectExact(objects: 0) { text(15) }
    try expectExact(objects: 1) { text(16) }
  }

  @Test("literals are nobody's")
  func literals() throws {
    try expectExact(objects: 0) { "a literal that is longer than fifteen bytes" }
    try expectExact(objects: 0) { "ein Wörtchen, länger als fünfzehn Bytes" as Substring }
    try expectExact(objects: 0) { "static" as StaticString }
    try expectExact(objects: 1) { array("a literal that is longer than fifteen bytes") }
  }

  @Test("native storage, of every length")
  func native() throws {
    for length in [16, 31, 32, 33, 100, 1_000, 100_000] {
      let size = try expectExact(objects: 1) { text(length) }
      #expect(size.bytes > length)
    }
    try expectExact(objects: 1) { array("ä", "ö", "ü", "ß", "ä", "ö", "ü", "ß").joined() }
  }

  @Test("spare capacity belongs to the string")
  func capacity() throws {
    let size = try expectExact(objects: 1) {
      var string = text()
      string.reserveCapacity(number(4_000))
      return string
    }
    #expect(size.bytes > 4_000)
    try expectExact(objects: 1) {
      var string = text(200)
      string.removeAll(keepingCapacity: true)
      return string
    }
    try expectExact(objects: 1) {
      var string = ""
      for _ in 0..<number(100) { string += "piece" }
      return string
    }
  }

  @Test("copies share their storage")
  func shared() throws {
    try expectExact(objects: 2) {
      let string = text()
      return array(string, string, string)
    }
  }

  @Test("a slice keeps its whole base")
  func substrings() throws {
    let size = try expectExact(objects: 1) { text(1_000).dropFirst(990) }
    #expect(size.bytes > 1_000)
    try expectExact(objects: 0) { text(12).dropFirst() }
    try expectExact(objects: 2) { text(100).split(separator: "y") }
    try expectExact(objects: 1) { String(text(100).dropFirst(50)) }
  }

  @Test("views and parts of a string")
  func views() throws {
    try expectExact(objects: 1) { text().utf8 }
    try expectExact(objects: 1) { text().utf16 }
    try expectExact(objects: 1) { text().unicodeScalars }
    try expectExact(objects: 1) { text().dropFirst().utf8 }
    try expectExact(objects: 0) { text().unicodeScalars.first! }
    try expectExact(objects: 0) { text().startIndex }
  }

  @Test("characters: in the value, and longer than it")
  func characters() throws {
    try expectExact(objects: 0) { Character(text(1)) }
    try expectExact(objects: 1) { Character(family()) }
    try expectExact(objects: 2) { array(Character(family()), "z", "é") }
    try expectExact(objects: 2) { Array(family()) }
    try expectExact(objects: 1) { Array(text()) }
  }

  @Test("the breadcrumbs of a string that was read by UTF-16 offsets")
  func breadcrumbs() throws {
    try expectExact(objects: 3) {
      let string = array("häßlich").joined() + String(repeating: "ü", count: number(2_000))
      let utf16 = string.utf16
      keepAlive(utf16[utf16.index(utf16.startIndex, offsetBy: number(1_500))])
      return string
    }
  }

  @Test("strings in values")
  func contained() throws {
    try expectExact(objects: 3) { Record() }
    try expectExact(objects: 4) { array(Record()) }
    try expectExact(objects: 2) { array("short", text(), "a literal that is longer than fifteen bytes", "") }
    try expectExact(objects: 2) { array(Optional(text()), nil, "") }
    try expectExact(objects: 3) { ["short": text(), text(): "short"] }
  }
}
