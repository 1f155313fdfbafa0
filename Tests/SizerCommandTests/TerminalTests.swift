// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer on a terminal")
struct TerminalTests {
  @Test("lines of a comparison fit any width", arguments: [UInt16(20), 40, 59, 60, 79, 132])
  func width(_ columns: UInt16) throws {
    var long = Samples.life
    long.names[0] = "Application.Module.Outer<Swift.Array<Application.Module.Worker>>.Inner"
    long.snapshots[0].label = String(repeating: "label ", count: 30)
    for path in [try Folder.profile(long), try Folder.profile(Samples.hostile)] {
      let ended = try sizerOnTerminal("diff", path, columns: columns, environment: ["NO_COLOR": "1"])
      #expect(ended.status == 0)
      // Below 40 columns there are no tables.
      for line in ended.output.split(separator: "\n") {
        #expect(FittedText(String(line), in: 1_000).width <= max(40, columns), "\(line)")
      }
    }
  }

  @Test("COLUMNS says the width where there is no terminal, and overrules one")
  func columns() throws {
    let path = try Folder.profile(Samples.life)
    func head(_ ended: Ended) -> Int? {
      ended.output.split(separator: "\n").first { $0.hasPrefix("class") }?.utf8.count
    }
    #expect(head(try sizer("diff", path)) == 79)
    #expect(head(try sizer("diff", path, environment: ["COLUMNS": "100"])) == 100)
    #expect(head(try sizer("diff", path, environment: ["COLUMNS": "wide"])) == 79)
    #expect(head(try sizerOnTerminal("diff", path, columns: 90, environment: ["TERM": "dumb"])) == 90)
    #expect(head(try sizerOnTerminal("diff", path, columns: 90, environment: ["TERM": "dumb", "COLUMNS": "70"])) == 70)
  }

  @Test("colours are on a terminal only, never with NO_COLOR, and are all that differs")
  func colours() throws {
    let path = try Folder.profile(Samples.life)
    let plain = try sizer("diff", path, environment: ["TERM": "xterm"]).output
    #expect(!plain.contains("\u{1B}"))
    let coloured = try sizerOnTerminal("diff", path, columns: 79).output
    #expect(coloured.contains("\u{1B}[31m     +1.75 KB\u{1B}[0m\n"))
    #expect(coloured.contains("\u{1B}[32m"))
    #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
    #expect(try sizerOnTerminal("diff", path, columns: 79, environment: ["NO_COLOR": "1"]).output == plain)
    #expect(try sizerOnTerminal("diff", path, columns: 79, environment: ["TERM": "dumb"]).output == plain)
    // By no-color.org an empty variable is none.
    #expect(try sizerOnTerminal("diff", path, columns: 79, environment: ["NO_COLOR": ""]).output == coloured)
  }
}
