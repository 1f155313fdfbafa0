// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Text: numbers, and as bytes")
struct TextNumbersTests {
  private static let texts = [
    "", "a", "b", "aa", "é", "e\u{301}", "漢字", "fifteen bytes..", "sixteen bytes...",
    String(repeating: "x", count: 1_000),
    String(repeating: "x", count: 999) + "y", "a\0b", "a\0c", "\u{10FFFF}", "\u{FFFF}",
  ]

  @Test("texts of the same bytes have one number, others have others")
  func numbers() {
    let numbers = TextNumbers()
    let first = Self.texts.map { numbers.number(of: $0) }
    #expect(first == Array(Self.texts.indices))
    // The same bytes elsewhere in memory.
    #expect(Self.texts.map { numbers.number(of: String(decoding: Array($0.utf8), as: UTF8.self)) } == first)
    #expect(numbers.texts.map { Array($0.utf8) } == Self.texts.map { Array($0.utf8) })
  }

  @Test("a long text that is shared is hashed once, however often it is asked for")
  func counted() {
    let numbers = TextNumbers()
    let long = String(repeating: "e\u{301}", count: 100_000)
    #expect((0..<10_000).allSatisfy { _ in numbers.number(of: long) == 0 })
    #expect(numbers.hashedBytes == long.utf8.count)
    // A copy that lies elsewhere is looked at once more.
    let copy = String(decoding: Array(long.utf8), as: UTF8.self)
    #expect((0..<10_000).allSatisfy { _ in numbers.number(of: copy) == 0 })
    #expect(numbers.hashedBytes == 2 * long.utf8.count)
  }

  @Test("texts that are gone do not lend their places to others")
  func places() {
    let numbers = TextNumbers()
    for index in 0..<1_000 {
      // Freed at once, so that the next lies where it lay, unless it is kept.
      #expect(numbers.number(of: "a text that is long enough \(1_000 + index)") == index)
    }
  }

  @Test("the order is that of bytes")
  func order() {
    let numbers = TextNumbers()
    for text in Self.texts { _ = numbers.number(of: text) }
    let model = Self.texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var sorted = Self.texts
    for (text, rank) in zip(Self.texts, numbers.ranks()) { sorted[rank] = text }
    #expect(sorted.map { Array($0.utf8) } == model.map { Array($0.utf8) })
    for one in Self.texts {
      for other in Self.texts {
        #expect(one.precedes(other) == one.utf8.lexicographicallyPrecedes(other.utf8))
        #expect(one.isSameText(as: other) == one.utf8.elementsEqual(other.utf8))
      }
    }
  }

  @Test("starts and ends are as long as they may be and cut no scalar")
  func cuts() {
    for text in Self.texts {
      let scalars = Array(text.unicodeScalars)
      // The bytes before each scalar, and all of them.
      let before = scalars.reduce(into: [0]) { $0.append($0.last! + UTF8.width($1)) }
      for count in 0...text.utf8.count + 2 {
        let start = before.lastIndex { $0 <= count }!
        #expect(text.prefix(bytes: count).unicodeScalars.elementsEqual(scalars[..<start]))
        let end = before.firstIndex { before.last! - $0 <= count }!
        #expect(text.suffix(bytes: count).unicodeScalars.elementsEqual(scalars[end...]))
      }
    }
  }

  @Test(
    "the last part of a path",
    arguments: [
      ("/a/b", "b"), ("b", "b"), ("/a/b//", "b"), ("/", ""), ("", ""), ("/a/漢", "漢"), ("a/e\u{301}/", "e\u{301}"),
    ])
  func pathParts(path: String, last: String) {
    #expect(path.lastPathComponent == last)
    #expect((String(repeating: "/x", count: 5_000) + "/" + path).lastPathComponent == (last.isEmpty ? "x" : last))
  }
}
