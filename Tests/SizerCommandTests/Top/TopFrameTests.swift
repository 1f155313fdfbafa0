// SPDX-License-Identifier: Apache-2.0
import SizerCommand
import SizerProfile
import SizerReports
import Testing

@Suite("Frames of sizer top")
struct TopFrameTests {
  /// Two tables, a second apart.
  private func state(_ more: [(String, count: Int, bytes: Int)] = []) -> TopState {
    var state = TopState()
    state.take(Tables.table(at: 1, [("App.Session", 100, 204_800), ("App.Cache", 3, 3_072)] + more))
    state.take(Tables.table(at: 2, [("App.Session", 120, 245_760), ("App.Cache", 2, 1_536)] + more))
    return state
  }

  private func lines(_ state: TopState, _ columns: Int, _ rows: Int, hasColours: Bool = false) -> [String] {
    let size = ScreenSize(columns: columns, rows: rows)
    return TopFrame(state, size: size, style: TextStyle(hasColours: hasColours), interval: .seconds(1)).lines
  }

  @Test("a screen of 80 columns and 24 rows, to the letter")
  func picture() {
    let lines = lines(state(), 80, 24)
    #expect(
      lines.prefix(7) == [
        "server, process 7  every 1 s  changes over 00:00:01  pause 0.00 ms",
        "resident 16.00 MB  122 objects (+19)  241.50 KB (+38.50 KB)",
        "[classes] tasks ladder  by bytes  1-2 of 2",
        "   count      BYTES      +bytes    +bytes/s type",
        "     120  240.00 KB   +40.00 KB   +40.00 KB App.Session",
        "       2    1.50 KB    -1.50 KB    -1.50 KB App.Cache",
        "",
      ])
    #expect(lines.count == 24)
    #expect(lines[23] == "q quit  ? keys  Tab view  b c d s n r sort  / filter  Space freeze  w write")
  }

  @Test("a screen of 40 columns and 10 rows keeps counts and bytes")
  func small() {
    let lines = lines(state(), 40, 10)
    #expect(
      lines == [
        "server, process 7  every 1 s  changes...", "resident 16.00 MB  122 objects (+19) ...",
        "[classes] tasks ladder  by bytes  1-2...", "   count      BYTES type",
        "     120  240.00 KB App.Session", "       2    1.50 KB App.Cache", "", "", "",
        "q quit  ? keys  Tab view  b c d s n r...",
      ])
  }

  @Test("the column that rows are sorted by is seen on a narrow screen, too")
  func sorted() {
    var state = state()
    _ = state.press(.character("s"))
    #expect(lines(state, 40, 10)[3] == "   +BYTES/S type")
    _ = state.press(.character("n"))
    #expect(lines(state, 40, 10)[3] == "   count      bytes TYPE")
  }

  @Test(
    "no line is wider than the screen, none controls it, and there are never more than it has",
    arguments: [(80, 24), (40, 10), (20, 5), (7, 3), (1, 1), (2, 2), (79, 4), (300, 60)])
  func fits(_ columns: Int, _ rows: Int) throws {
    let hostile = Samples.hostileTexts.map { ($0, count: 1, bytes: 16) }
    let wide = [(String(repeating: "漢", count: 200), count: 1, bytes: 1 << 40)]
    var state = state(hostile + wide)
    var task = LiveTask()
    (task.creator, task.frames, task.state) = ("\u{1B}[2J漢", Samples.hostileTexts, "\u{9B}31m")
    state.take([task])
    state.take(try #require(RetainedSizes(try Tables.answer(#"{"classes": []}"#))))
    for view in TopState.View.allCases {
      state.view = view
      for key in [Key.character("x"), .character("/"), .character("\u{9B}"), .character("漢"), .enter] {
        _ = state.press(key)
        let lines = lines(state, columns, rows)
        #expect(lines.count == rows)
        for line in lines {
          #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(line)")
          // Fitting a line that is safe and fits changes nothing.
          #expect(FittedText(line, in: columns).text == line)
        }
      }
      state.fail("\u{1B}[31mno\nanswer")
      #expect(lines(state, columns, rows).allSatisfy { FittedText($0, in: columns).text == $0 })
      state.filter = ""
    }
  }

  @Test("colours are all that differs with them")
  func colours() {
    let plain = lines(state(), 80, 24)
    let coloured = lines(state(), 80, 24, hasColours: true)
    #expect(coloured.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") } == plain)
    #expect(coloured[4].contains("\u{1B}[31m  +40.00 KB\u{1B}[0m"))
    #expect(coloured[5].contains("\u{1B}[32m   -1.50 KB\u{1B}[0m"))
  }

  @Test("what is not known is a dash, and no change is nothing")
  func unknown() {
    var state = TopState()
    state.take(Tables.table(at: 1, [("A", 1, 10), ("B", 2, 20)], notListed: 5))
    state.take(Tables.table(at: 2, [("A", 1, 10), ("C", 2, 30)], notListed: 5))
    let lines = lines(state, 80, 24)
    #expect(lines[4] == "       2   30     B           -           - C")
    #expect(lines[5] == "       1   10     B                         A")
    #expect(lines[2] == "[classes] tasks ladder  by bytes  1-2 of 2  5 not listed")
  }

  @Test("the ladder has its rungs, their change and their share")
  func ladder() {
    var state = state()
    state.view = .ladder
    #expect(
      lines(state, 80, 24)[3..<7] == [
        "     bytes      +bytes share memory", "  16.00 MB              100% resident",
        " 241.50 KB   +38.50 KB    1%   Swift objects", "-241.50 KB   -38.50 KB    0%   rest",
      ])
  }

  @Test("only what changed is sent, and all of it after the size has")
  func updates() {
    var screen = Screen()
    let size = ScreenSize(columns: 10, rows: 3)
    #expect(
      screen.update(to: ["a", "", "c"], size: size)
        == "\u{1B}[0m\u{1B}[2J\u{1B}[1;1H\u{1B}[2Ka\u{1B}[3;1H\u{1B}[2Kc")
    #expect(screen.update(to: ["a", "", "c"], size: size) == "")
    #expect(screen.update(to: ["a", "b", ""], size: size) == "\u{1B}[2;1H\u{1B}[2Kb\u{1B}[3;1H\u{1B}[2K")
    let other = ScreenSize(columns: 9, rows: 2)
    #expect(screen.update(to: ["a", "b"], size: other).hasPrefix("\u{1B}[0m\u{1B}[2J\u{1B}[1;1H\u{1B}[2Ka"))
    screen.forget()
    #expect(screen.update(to: ["a", "b"], size: other).hasPrefix("\u{1B}[0m\u{1B}[2J"))
  }
}
