// SPDX-License-Identifier: Apache-2.0
import SizerCommand
import SizerProfile
import Testing

@Suite("Keys of sizer top")
struct TopStateTests {
  private func keys(_ text: String) -> [Key] {
    var decoder = KeyDecoder()
    return decoder.feed(Array(text.utf8)) + decoder.flush()
  }

  private func state(_ pressed: String = "") -> TopState {
    var state = TopState()
    state.take(Tables.table(at: 1, [("App.Big", 1, 900), ("App.Many", 50, 500), ("Lib.Small", 2, 100)]))
    state.take(Tables.table(at: 2, [("App.Big", 1, 910), ("App.Many", 40, 400), ("Lib.Small", 3, 300)]))
    for key in keys(pressed) { _ = state.press(key) }
    return state
  }

  private func names(_ pressed: String) -> [String] { state(pressed).classRows.map(\.type) }

  @Test("what a terminal sends for keys, whole or in pieces")
  func decoding() {
    let cases: [(String, [Key])] = [
      ("a/é漢", [.character("a"), .character("/"), .character("é"), .character("漢")]),
      ("\r\n\t\u{7F}\u{8}\u{15}\u{4}", [.enter, .enter, .tab, .backspace, .backspace, .eraseLine, .endOfInput]),
      ("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~", [.up, .down, .pageUp, .pageDown]),
      ("\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}OH\u{1B}[Z", [.home, .end, .home, .end, .home, .backTab]),
      // With shift; a mouse; a key that nobody has: one sequence each, and none of its bytes is a key.
      ("\u{1B}[1;2A\u{1B}[<0;1;1M\u{1B}[200~x", [.up, .character("x")]),
      ("\u{1B}q", [.escape, .character("q")]),
    ]
    for (text, expected) in cases {
      #expect(keys(text) == expected)
      var decoder = KeyDecoder()
      #expect(text.utf8.flatMap { decoder.feed([$0]) } == expected)
      #expect(!decoder.isWaiting)
    }
    #expect(keys("\u{1B}") == [.escape])
    var decoder = KeyDecoder()
    #expect(decoder.feed([0xFF, 0x80, 0xC3, 0x28, 0xED, 0xA0, 0x80]) == [.character("(")])
    #expect(decoder.feed([UInt8(0x1B), UInt8(ascii: "[")] + Array(repeating: UInt8(ascii: "1"), count: 500)) == [])
    #expect(!decoder.isWaiting)
  }

  @Test("sorts by what was pressed, the largest first, and the other way round")
  func sorting() {
    #expect(names("") == ["App.Big", "App.Many", "Lib.Small"])
    #expect(names("c") == ["App.Many", "Lib.Small", "App.Big"])
    #expect(names("d") == ["Lib.Small", "App.Big", "App.Many"])
    #expect(names("di") == ["App.Many", "App.Big", "Lib.Small"])
    #expect(names("s") == ["Lib.Small", "App.Big", "App.Many"])
    #expect(names("n") == ["App.Big", "App.Many", "Lib.Small"])
    #expect(names("ni") == ["Lib.Small", "App.Many", "App.Big"])
    // Pressed again it is as before: the order is inverted by its own key only.
    #expect(names("dib") == ["App.Big", "App.Many", "Lib.Small"])
  }

  @Test("types whose retained size is not known come last")
  func retained() throws {
    var state = state()
    #expect(state.press(.character("r")) == .askRetained)
    #expect(state.classRows.map(\.type) == ["App.Big", "App.Many", "Lib.Small"])
    state.take(
      try #require(RetainedSizes(try Tables.answer(#"{"classes": [{"type": "Lib.Small", "retainedBytes": 7}]}"#))))
    #expect(state.classRows.map(\.type) == ["Lib.Small", "App.Big", "App.Many"])
  }

  @Test("a filter is typed, taken, taken back and removed")
  func filter() {
    #expect(names("/app\r") == ["App.Big", "App.Many"])
    #expect(names("/appx\u{7F}.m\r") == ["App.Many"])
    #expect(names("/app\u{15}small") == ["Lib.Small"])
    #expect(names("/app\r/lib\u{1B}") == ["App.Big", "App.Many"])
    #expect(names("/app\r\u{1B}") == ["App.Big", "App.Many", "Lib.Small"])
    #expect(names("/nothing") == [])
    // While it is typed letters are no orders.
    #expect(state("/qqr ").filter == "qqr ")
    #expect(state("/q").isEditingFilter)
    #expect(!state("/q\r").isEditingFilter)
    #expect(state("/" + String(repeating: "x", count: 1_000)).filter.count == 200)
  }

  @Test("a frozen table stays, and goes on with the newest")
  func frozen() {
    var state = state(" ")
    state.take(Tables.table(at: 3, [("New", 1, 1)]))
    #expect(state.changes.table?.time == 2)
    #expect(state.press(.character("f")) == .askNow)
    state.take(Tables.table(at: 3, [("New", 1, 1)]))
    #expect(state.changes.table?.time == 3)
  }

  @Test("what was told of a process that is gone is not told of the next")
  func restart() throws {
    var state = state()
    state.take(try #require(RetainedSizes(try Tables.answer(#"{"classes": []}"#))))
    state.take([LiveTask()])
    state.fail("nobody is there")
    state.take(Tables.table(at: 1, [], process: 8))
    #expect(state.retained == nil && state.tasks == nil && state.failure == nil)
    #expect(state.message != nil)
    _ = state.press(.character("x"))
    #expect(state.message == nil)
  }

  @Test("wishes and views")
  func wishes() {
    var state = state()
    #expect(state.press(.character("q")) == .quit)
    #expect(state.press(.endOfInput) == .quit)
    #expect(state.press(.character("w")) == .writeProfile)
    #expect(state.press(.character("2")) == .askNow)
    #expect(state.view == .tasks)
    // Tasks retain something without being asked.
    #expect(state.press(.character("r")) == nil)
    #expect(state.press(.tab) == nil)
    #expect(state.view == .ladder)
    #expect(state.press(.backTab) == .askNow)
    #expect(state.view == .tasks)
    state.take([LiveTask()])
    #expect(state.press(.character("2")) == nil)
    _ = state.press(.character("?"))
    #expect(state.view == .keys)
    _ = state.press(.escape)
    #expect(state.view == .classes)
  }

  @Test("scrolling stays within the table")
  func scrolling() {
    var state = state()
    func fitted(_ key: Key) -> Int {
      _ = state.press(key)
      state.fit(rowCount: 100, page: 10)
      return state.scroll
    }
    #expect(fitted(.up) == 0)
    #expect(fitted(.down) == 1)
    #expect(fitted(.character("j")) == 2)
    #expect(fitted(.pageDown) == 12)
    #expect(fitted(.end) == 90)
    #expect(fitted(.pageDown) == 90)
    #expect(fitted(.character("k")) == 89)
    #expect(fitted(.home) == 0)
    _ = state.press(.end)
    _ = state.press(.pageDown)
    state.fit(rowCount: 3, page: 10)
    #expect(state.scroll == 0)
  }
}
