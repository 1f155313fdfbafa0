// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Text: objects")
struct ObjectTextTests {
  private func text(_ model: Model, className: String? = nil, limit: Statistics.Limit = .all) -> String {
    var text = ""
    Statistics(model.history).printStatistics(className: className, limit: limit, to: &text)
    return text
  }

  private func node(_ name: String, _ bytes: Int, _ children: [SizeNode] = []) -> SizeNode {
    SizeNode(name: name, typeName: "T", bytes: bytes, flatBytes: 0, children: children)
  }

  private func model(_ object: TrackedObject, _ found: [(bytes: Int, tree: [SizeNode])?], end: Int64? = nil) -> Model {
    Model(
      snapshots: found.indices.map { Snapshot(timestamp: .milliseconds(59_999 * ($0 + 1))) },
      entries: [.init(object: object, end: end, found: found)])
  }

  @Test("a dead object's block: name, trace, records with their referents, death")
  func dead() {
    let object = TrackedObject(
      name: "App.Company", className: "App.Company", representation: "App.Company", birth: .zero, death: .seconds(3700),
      trace: StackTrace(frames: [
        .init(
          address: 0x1000, function: "Company.init(name:)", file: "/src/App/Company.swift", line: 12, isInlined: true),
        .init(address: 0x1000, function: "main", file: "/src/App/main.swift", line: 3),
        .init(address: 0x7F00_0000_1000, image: "/lib/libc.so.6", imageOffset: 0x2724A),
        .init(address: 0x2000),
      ]))
    let tree = [
      node("small", 100), node("tiny", 1), node("staff", 2000, [node("[0]", 500), node("[1]", 1500)]),
      node("rooms", 2000), node("nothing", 0),
    ]
    #expect(
      text(model(object, [(4864, tree), (344, [])], end: 3_700_000_000_000)) == """
        App.Company                      ( free )   App.Company
            Company.init(name:) at /src/App/Company.swift:12 (inlined)
            main at /src/App/main.swift:3
            0x7f0000001000 in /lib/libc.so.6+0x2724a
            0x00002000
          00:00:59.99                       4.75 KB
            staff                                             1.95 KB      41% [1]
              [1]                                             1.46 KB      30% [2]
              [0]                                           500     B      10% [2]
            rooms                                             1.95 KB      41% [1]
            small                                           100     B       2% [1]
          00:01:59.99                     344     B
          01:01:40.00                    finalize

        """)
  }

  @Test("a living object shows its address, one that left the tracker says so")
  func living() {
    var object = TrackedObject(
      name: "App.Company", className: "App.Company", representation: "App.Company", address: 0x1F, birth: .zero)
    #expect(
      text(model(object, [(48, [])])) == """
        App.Company                      0x0000001f App.Company
          00:00:59.99                      48     B

        """)
    object.address = 0
    #expect(text(model(object, [], end: 5)) == "App.Company                      ( left )   App.Company\n")
  }

  @Test("names are cut at the left, representations at the right, and the line ends at column 79")
  func long() {
    let name = "Application.Networking.Connections.ConnectionPool"
    var object = TrackedObject(
      name: name, className: name, representation: name + ".Subclass", birth: .zero, death: .zero)
    #expect(
      text(model(object, [], end: 0)) == """
        ...ng.Connections.ConnectionPool ( free )   Application.Networking.Connectio...
          00:00:00.00                    finalize

        """)
    object.death = nil
    object.address = 0x7F12_3456_7890
    let line = text(model(object, []))
    #expect(
      line == """
        ...ng.Connections.ConnectionPool 0x7f1234567890 Application.Networking.Conne...

        """)
    #expect(line.count == 79 + 1)
  }

  @Test("referents below a thousandth are one line together, and none if that is below it too")
  func folded() {
    let object = TrackedObject(name: "A", className: "A", representation: "A", address: 1, birth: .zero)
    let elements = (0..<2000).map { node("[\($0)]", 4) }
    let tree = [node("cache", 8000, elements), node("one", 9), node("ten", 10)]
    #expect(
      text(model(object, [(10_000, tree)])).split(separator: "\n").dropFirst(2) == [
        "    cache                                             7.81 KB      80% [1]",
        "      (2000 smaller)                                  7.81 KB      80% [2]",
        "    ten                                              10     B       0% [1]",
      ])
  }

  @Test("no tree is too deep, and no name in it too long or too odd")
  func deep() {
    let object = TrackedObject(name: "A", className: "A", representation: "A", address: 1, birth: .zero)
    var tree = [node("end\n" + String(repeating: "long", count: 30), 1000)]
    for level in 0..<1000 { tree = [node("next\(level)", 1000, tree)] }
    let lines = text(model(object, [(1000, tree)])).split(separator: "\n")
    #expect(lines.count == 2 + 1001)
    #expect(lines.allSatisfy { $0.count <= 79 })
    #expect(lines.last == "                              end\\nlonglonglong... 1000     B     100% [1001]")
  }

  @Test("a size of zero or a referent larger than its object does no harm")
  func odd() {
    let object = TrackedObject(name: "A", className: "A", representation: "A", address: 1, birth: .zero)
    let lines = text(model(object, [(0, [node("a", 5)]), (1, [node("b", .max), node("c", .min)])])).split(
      separator: "\n")
    #expect(
      lines.dropFirst() == [
        "  00:00:59.99                       0     B",
        "    a                                                 5     B       0% [1]",
        "  00:01:59.99                       1     B",
        "    b                                                 8.00 EB     100% [1]",
      ])
  }

  @Test("a call's function and place share the line, and what is long is cut")
  func frames() {
    let function = "closure #1 in closure #2 in Application.Networking.ConnectionPool.connect(to:)"
    let file = "/home/somebody/projects/application/Sources/Networking/ConnectionPool.swift"
    let frames: [StackTrace.Frame] = [
      .init(address: 1, function: function, file: file, line: 112, isInlined: true),
      .init(address: 1, function: "short()", file: file, line: 7), .init(address: 1, function: function),
      .init(address: 1, function: function, file: "a.swift", line: 0),
      .init(address: 1, function: "two\nlines", file: "x\ty.swift", line: 1),
    ]
    let object = TrackedObject(
      name: "A", className: "A", representation: "A", address: 1, birth: .zero, trace: StackTrace(frames: frames))
    let lines = text(model(object, [])).split(separator: "\n").dropFirst().map(String.init)
    #expect(lines.allSatisfy { $0.count <= 79 })
    #expect(lines[0] == "    closure #1 in closure ... at ...tworking/ConnectionPool.swift:112 (inlined)")
    #expect(lines[1].hasPrefix("    short() at ...") && lines[1].hasSuffix("/ConnectionPool.swift:7"))
    #expect(lines[2] == "    closure #1 in closure #2 in Application.Networking.ConnectionPool.connec...")
    #expect(lines[3].hasSuffix("... at a.swift"))
    #expect(lines[4] == "    two\\nlines at x\\ty.swift:1")
  }

  @Test(
    "objects come in the current order, filtered and limited; lines have no spaces at their end",
    arguments: 0..<UInt64(5))
  func order(seed: UInt64) {
    let statistics = Statistics(Model.random(seed: seed).history).sorted(by: .size).reversed()
    var whole = ""
    statistics.printStatistics(to: &whole)
    var blocks = ""
    for object in statistics.objects {
      let found = object.records.map { record -> (bytes: Int, tree: [SizeNode])? in (record.bytes, record.referents) }
      let snapshots = object.records.map { Snapshot(timestamp: $0.timestamp) }
      var alone = object
      alone.records = []
      let end = object.death.map { Int64($0 / .nanoseconds(1)) }
      blocks += text(Model(snapshots: snapshots, entries: [.init(object: alone, end: end, found: found)]))
    }
    #expect(whole == blocks)
    #expect(whole.split(separator: "\n").allSatisfy { $0.last != " " && $0.count <= 79 })
    var first = ""
    statistics.printStatistics(limit: 1, to: &first)
    #expect(
      !first.isEmpty && whole.hasPrefix(first) && first.split(separator: "\n").count(where: { $0.first != " " }) == 1)
    var filtered = ""
    statistics.printStatistics(className: "nobody", to: &filtered)
    #expect(filtered.isEmpty)
  }

  @Test("output comes line by line, never as one text")
  func streaming() {
    struct Lines: TextOutputStream {
      var count = 0
      var longest = 0
      mutating func write(_ text: String) {
        count += 1
        longest = max(longest, text.utf8.count)
      }
    }
    let statistics = Statistics(Model.random(seed: 3, objects: 500).history)
    var text = ""
    statistics.printStatistics(to: &text)
    var lines = Lines()
    statistics.printStatistics(to: &lines)
    #expect(lines.count == text.split(separator: "\n").count)
    #expect(lines.longest <= 80)
  }

  @Test("what goes to standard output is what goes to a stream")
  func standardOutput() async throws {
    let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
      let statistics = Statistics(Model.random(seed: 4, objects: 2000).history)
      statistics.printSummary()
      statistics.printStatistics(className: "App", limit: 0.9)
    }
    let statistics = Statistics(Model.random(seed: 4, objects: 2000).history)
    var expected = ""
    statistics.printSummary(to: &expected)
    statistics.printStatistics(className: "App", limit: 0.9, to: &expected)
    #expect(String(decoding: result.standardOutputContent, as: UTF8.self).contains(expected))
    #expect(expected.utf8.count > 1 << 15)
  }
}
