// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerProfile
import Testing

@Suite("Text: columns")
struct FittedTextTests {
  private func fitted(_ text: String, _ room: Int, _ kept: FittedText.Kept = .start) -> String {
    FittedText(text, in: room, keeping: kept).text
  }

  @Test("what fits stays, what is too long shows that it was cut")
  func cut() {
    #expect(fitted("Employee", 8) == "Employee")
    #expect(fitted("This is a long text.", 8) == "This ...")
    #expect(fitted("This is a long text.", 8, .end) == "...text.")
    #expect(fitted("This is a long text.", 9, .both) == "Thi...xt.")
    #expect(fitted("Ünïcödé ïs lông", 8) == "Ünïcö...")
    #expect(fitted("Ünïcödé ïs lông", 8, .end) == "... lông")
    #expect(fitted("", 8) == "")
  }

  @Test("a room that is too small for anything is kept nevertheless", arguments: [-1, 0, 1, 2, 3])
  func tiny(room: Int) {
    for kept in FittedText.Kept.allCases {
      for text in ["long text", "länger"] {
        #expect(fitted(text, room, kept) == String(repeating: ".", count: max(0, room)))
      }
    }
  }

  @Test("wide characters take two columns, marks none")
  func wide() {
    #expect(FittedText("漢字", in: 10).width == 4)
    #expect(FittedText("e\u{301}tat", in: 10).width == 4)
    #expect(FittedText("😀", in: 10).width == 2)
    #expect(FittedText("👩‍👩‍👧‍👦", in: 10).width == 2)
    #expect(FittedText("🇩🇪", in: 10).width == 2)
    #expect(FittedText("한국", in: 10).width == 4)
    #expect(FittedText("漢字漢字漢字", in: 8).text == "漢字...")
    #expect(FittedText("漢字漢字漢字", in: 8).leading(in: 8) == "漢字... ")
  }

  @Test(
    "what would break a line or drive the terminal is spelled out",
    arguments: [
      ("a\nb", "a\\nb"), ("a\r\nb", "a\\r\\nb"), ("a\tb", "a\\tb"), ("\u{1B}[31m", "\\u{1b}[31m"),
      ("a\u{2028}b", "a\\u{2028}b"), ("a\u{202E}b", "a\\u{202e}b"), ("a\u{0}b", "a\\u{0}b"), ("\u{9B}1m", "\\u{9b}1m"),
      ("\u{7F}", "\\u{7f}"), ("a\u{2066}b", "a\\u{2066}b"), ("a\u{200B}b", "a\\u{200b}b"),
    ])
  func hostile(text: String, shown: String) {
    #expect(fitted(text, 40) == shown)
    #expect(FittedText(text, in: 40).width == shown.count)
  }

  @Test("a letter with a thousand marks is shown with few")
  func marks() {
    let text = fitted("a" + String(repeating: "\u{301}", count: 1000), 5)
    #expect(text.unicodeScalars.count == 16)
  }

  @Test("no text is wider than its room", arguments: FittedText.Kept.allCases)
  func neverWider(kept: FittedText.Kept) {
    var dice = SeededGenerator(seed: 7)
    let alphabet: [Character] = ["a", "é", "漢", "\n", "\u{1B}", "😀", " ", "\u{202E}", "e\u{301}", "\r\n"]
    for _ in 0..<500 {
      let text = String((0..<dice.below(30)).map { _ in alphabet[dice.below(alphabet.count)] })
      let room = dice.below(20)
      let fitted = FittedText(text, in: room, keeping: kept)
      #expect(fitted.width <= room)
      #expect(!fitted.text.contains { $0.isNewline })
    }
  }

  @Test("names that differ stay different, in the same way for all if possible")
  func distinct() {
    let texts = { (names: [String]) in distinctTexts(of: names, in: 11).map(\.text) }
    #expect(texts(["Short", "App.Module.Pool"]) == ["Short", "App....Pool"])
    // Alike at both ends; then at the end; then at the start.
    #expect(texts(["App.Module.Pool", "App.Server.Pool"]) == ["...ule.Pool", "...ver.Pool"])
    #expect(texts(["App.1.Module.Pool", "App.2.Module.Pool"]) == ["App.1.Mo...", "App.2.Mo..."])
    let alike = texts(["App.Module.1.Module.Pool", "App.Module.2.Module.Pool", "Other"])
    #expect(alike == ["App....Pool", "App...ool#2", "Other"])
  }

  @Test("a hundred names that differ only in the middle are all told apart and fit")
  func manyAlike() {
    let middle = String(repeating: "x", count: 40)
    let names = (0..<100).map { "App.Module.Box<\(middle)\($0)\(middle), App.Element>" }
    let texts = distinctTexts(of: names, in: 33)
    #expect(Set(texts).count == 100)
    #expect(texts.allSatisfy { $0.width <= 33 })
  }
}
