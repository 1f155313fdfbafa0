// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import TestSupport
import Testing

/// What needs no fleet; the rest is in Tests/Fleet/run.
@Suite("sizer fleet and sizer info")
struct FleetTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func profile(_ name: String, _ tags: [String: String]) throws -> String {
    var history = Samples.life
    history.tags = tags
    return try folder.profile(history, name)
  }

  @Test("a row for each profile, snapshot and class, as text")
  func literal() throws {
    let one = try profile(
      "a.sizer",
      [
        "service.name": "or,ders", "service.version": "1.10", "k8s.pod.name": "pod-1", "host.name": "node",
        "process.start_unix_nano": "1795860000000000001",
      ])
    let other = try profile(
      "b.sizer", ["process.executable.build_id.gnu": "0123456789abcdef", "process.start_unix_nano": "x"])
    let ended = try sizer("fleet", one, other)
    #expect(ended.status == 0)
    #expect(ended.errors == "sizer: 8 rows of 2 profiles\n")
    let rows = ended.output.split(separator: "\n").sorted()
    let expected = [
      "0,1.000000000,App.Cache,1,256,,false", "0,1.000000000,App.Worker,2,144,,false",
      "2,3.500000000,App.Cache,1,2048,,true", "2,3.500000000,App.Worker,3,160,,true",
    ].flatMap { row in
      [
        "\"or,ders\",1.10,pod-1,node,1795860000000000001,\(row),tracked,\(one)",
        ",0123456789ab,b.sizer,,,\(row),tracked,\(other)",
      ]
    }
    #expect(
      rows
        == (expected + [
          "service,version,pod,host,start,snapshot,time,class,active,bytes,retained,last,kind,file"
        ]).sorted().map { $0[...] })
    let all = try sizer("fleet", "--table", "living", folder.path)
    #expect(all.output.split(separator: "\n").count == 1)
  }

  @Test("folders are gone through in order, and what is no profile by its name is left alone")
  func folders() throws {
    for name in ["b", "a", "c"] {
      mkdir(folder.path(name), 0o755)
      _ = try profile("\(name)/p.sizer", ["k8s.pod.name": name])
      _ = try folder.file("text", "\(name)/notes.txt")
    }
    let ended = try sizer("fleet", folder.path)
    #expect(ended.status == 0)
    var pods: [Substring] = []
    for row in ended.output.split(separator: "\n").dropFirst() {
      let pod = row.split(separator: ",", omittingEmptySubsequences: false)[2]
      if pods.last != pod { pods.append(pod) }
    }
    #expect(pods == ["a", "b", "c"])
  }

  @Test("hostile texts are one cell each, for Python and for a terminal's sake")
  func hostileTexts() throws {
    var history = Samples.hostile
    history.tags = ["service.name": "<script>\n\"x\",", "k8s.pod.name": "\u{1B}[2J"]
    let ended = try sizer("fleet", try folder.profile(history))
    #expect(ended.status == 0)
    let read = try python(
      """
      import csv, io, sys
      rows = list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""), strict=True))[1:]
      assert {len(r) for r in rows} == {14} and {(r[0], r[2]) for r in rows} == {('<script>\\n"x",', "\\x1b[2J")}
      for r in rows: print(r[7].encode().hex())
      """, try folder.file(ended.output, "out.csv"))
    let expected = Samples.hostileTexts.map { text in
      text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    #expect(read.sorted() == expected.sorted())
  }

  @Test("info tells tags, and that there are none")
  func info() throws {
    let tagged = try sizer("info", try profile("a.sizer", ["service.name": "orders", "a": "\u{1B}[2J"]))
    #expect(tagged.status == 0)
    #expect(tagged.output.contains("3 snapshots"))
    #expect(tagged.output.contains("\nservice.name  orders\n"))
    #expect(tagged.output.contains("\na             \\u{1b}[2J\n"))
    #expect(!tagged.output.contains("\u{1B}"))
    #expect(try sizer("info", try profile("b.sizer", [:])).output.contains("no tags"))
  }
}
