// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer summary and stats")
struct TextCommandsTests {
  private static let histories = [Samples.life, Samples.hostile, History()]

  @Test("summary prints what the live tracker prints, byte for byte", arguments: histories)
  func summary(_ history: History) throws {
    var live = ""
    Statistics(history).printSummary(to: &live)
    let ended = try sizer("summary", try Folder.profile(history))
    #expect(ended.output == live)
    #expect(ended.status == 0)
    #expect(ended.errors == "")
  }

  @Test("stats prints what the live tracker prints, byte for byte", arguments: histories)
  func stats(_ history: History) throws {
    var live = ""
    Statistics(history).printStatistics(to: &live)
    let ended = try sizer("stats", try Folder.profile(history))
    #expect(ended.output == live)
    #expect(ended.status == 0)
    #expect(ended.errors == "")
  }

  @Test("a terminal of any width gets the same table")
  func tableOnTerminal() throws {
    var live = ""
    Statistics(Samples.life).printSummary(to: &live)
    #expect(try sizerOnTerminal("summary", try Folder.profile(Samples.life), columns: 200).output == live)
  }

  @Test("keys, order, filter and limit are the library's")
  func options() throws {
    let path = try Folder.profile(Samples.life)
    let all = Statistics(Samples.life)
    let cases: [(arguments: [String], statistics: Statistics, className: String?, limit: Statistics.Limit)] = [
      (["--sort", "size"], all.sorted(by: .size), nil, .all),
      (["--sort", "name", "--sort", "size", "--reverse"], all.sorted(by: .name, .size).reversed(), nil, .all),
      (["--class", "Special"], all, "Special", .all),
      (["--class", "Worker", "--limit", "0.5"], all, "Worker", .fraction(0.5)),
      (["--limit", "2", "--sort", "death"], all.sorted(by: .death), nil, .count(2)),
      (["--limit", "0"], all, nil, .count(0)),
      (["--limit", "1"], all, nil, .count(1)),
      (["--limit", "1.0"], all, nil, .all),
      (["--limit", "all"], all, nil, .all),
    ]
    for expected in cases {
      var live = ""
      expected.statistics.printStatistics(className: expected.className, limit: expected.limit, to: &live)
      let ended = try run([sizerPath, "stats", path] + expected.arguments)
      #expect(ended.output == live, "\(expected.arguments)")
      #expect(ended.status == 0)
    }
  }

  @Test("the largest object stands first and alone")
  func literal() throws {
    let ended = try sizer("stats", "--sort", "size", "--limit", "1", try Folder.profile(Samples.life))
    #expect(
      ended.output == """
        App.Cache                        0x00001000 App.Cache
          00:00:01.00                     256     B
          00:00:03.50                       2.00 KB
            entries                                           1.95 KB      97% [1]
              [0]                                          1000     B      48% [2]

        """)
  }

  @Test(
    "what makes no sense on the command line ends with 64 and says how to use it",
    arguments: [
      ["stats"], ["stats", "p", "--sort", "weight"], ["stats", "p", "--limit", "-1"], ["stats", "p", "--limit", "1.5"],
      ["stats", "p", "--limit", "nan"], ["stats", "p", "--limit", "0x.8p0"], ["stats", "p", "q"], ["nonsense"],
      ["summary", "--wrong", "p"], ["html", "p"], ["csv", "p", "--table", "wrong"], ["diff", "p", "--frames", "-1"],
    ])
  func usage(_ arguments: [String]) throws {
    let ended = try run([sizerPath] + arguments)
    #expect(ended.status == 64)
    #expect(ended.output == "")
    #expect(ended.errors.contains("Usage: sizer"))
  }

  @Test("help and version go to standard output")
  func help() throws {
    let help = try sizer("--help")
    #expect(help.status == 0)
    #expect(help.errors == "")
    for command in ["summary", "stats", "diff", "html", "sql", "json", "csv", "symbolicate"] {
      #expect(help.output.contains("\n  \(command) "))
    }
    #expect(try sizer("--version").output == "0.1.0\n")
  }
}
