// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer summary and stats")
struct TextCommandsTests {
  private static let histories = [Samples.life, Samples.hostile, History()]

  @Test("summary --all prints what the live tracker prints, byte for byte", arguments: histories)
  func summary(_ history: History) throws {
    var live = ""
    Statistics(history).printSummary(to: &live)
    let ended = try sizer("summary", "--all", try Folder.profile(history))
    #expect(ended.output == live)
    #expect(ended.status == 0)
    #expect(ended.errors == "")
  }

  @Test("stats --all prints what the live tracker prints, byte for byte", arguments: histories)
  func stats(_ history: History) throws {
    var live = ""
    Statistics(history).printStatistics(to: &live)
    let ended = try sizer("stats", "--all", try Folder.profile(history))
    #expect(ended.output == live)
    #expect(ended.status == 0)
    #expect(ended.errors.isEmpty == !history.objects.isEmpty)
  }

  /// 3,000 objects of which the one at address 0x5d20 is largest, in 2,000 snapshots of which number 776 is.
  private static let long: History = {
    var history = History(
      snapshots: (1...2000).map {
        Snapshot(
          label: "round \($0)", timestamp: .seconds($0), trackedBytes: $0 % 777, classes: ["App.Node": ClassRecord()])
      }, names: ["App.Node"])
    for place in 0..<3000 {
      history.objects.append(
        .init(name: 0, className: 0, currentClass: 0, address: UInt64(0x1000 + 16 * place), birth: 0))
      history.sizes.append(.init(object: UInt32(place), snapshot: 0, bytes: place == 1234 ? 9000 : 16))
    }
    return history
  }()

  @Test("many snapshots are folded to the first, the largest and the last")
  func foldedSummary() throws {
    let path = try Folder.profile(Self.long)
    let folded = try sizer("summary", path).output
    let heads = folded.split(separator: "\n").filter { $0.hasPrefix("round") || $0.hasPrefix("...") }
    #expect(
      heads.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "round 1", "... 774", "round 776", "... 1223", "round 2000",
      ])
    let all = try sizer("summary", "--all", path).output.split(separator: "\n")
    #expect(all.count { $0.hasPrefix("round") } == 2000)
  }

  @Test("many objects are folded to the first, the largest and the last, and so are their snapshots")
  func foldedStats() throws {
    let path = try Folder.profile(Self.long)
    let folded = try sizer("stats", path).output.split(separator: "\n")
    let addresses = folded.filter { $0.hasPrefix("App.Node") }.map { String($0.split(separator: " ")[1]) }
    #expect(addresses.count == 15)
    #expect(addresses.prefix(5) == ["0x00001000", "0x00001010", "0x00001020", "0x00001030", "0x00001040"])
    #expect(addresses.contains("0x00005d20"))
    #expect(addresses.suffix(5) == ["0x0000cb30", "0x0000cb40", "0x0000cb50", "0x0000cb60", "0x0000cb70"])
    #expect(folded.filter { $0.hasPrefix("...") }.allSatisfy { $0.hasSuffix("more objects") })
    #expect(folded.count < 90)
    let one = try sizer("stats", "--all", "--limit", "1", path).output.split(separator: "\n")
    #expect(one.count == 2001)
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
      let ended = try run([sizerPath, "stats", "--all", path] + expected.arguments)
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
      ["summary", "--wrong", "p"], ["html"], ["csv", "p", "--table", "wrong"], ["diff", "p", "--frames", "-1"],
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
    #expect(try sizer("--version").output == "0.2.0\n")
  }
}
