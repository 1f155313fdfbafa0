// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("a profile that another process is recording")
struct RecordingTests {
  private static func delta(_ number: Int) -> History.Delta {
    var delta = History.Delta(
      base: .init(snapshots: number, names: min(number, 1), objects: number),
      snapshot: Samples.snapshot(
        "step \(number)", Int64(number + 1) * 1_000_000_000, 64 * (number + 1),
        ["App.Node": (number + 1, 64 * (number + 1))]))
    if number == 0 { delta.names = ["App.Node"] }
    delta.objects = [
      .init(name: 0, className: 0, currentClass: 0, address: UInt64(number + 1) << 12, birth: Int64(number + 1))
    ]
    delta.sizes = [.init(object: UInt32(number), snapshot: UInt32(number), bytes: 64)]
    return delta
  }

  @Test("every command sees what was complete when it began, and leaves the recording alone")
  func underWay() throws {
    let folder = try Folder()
    let path = "\(folder.path)/running.sizer"
    let recorder = try ProfileRecorder(path: path)
    for number in 0..<3 {
      try recorder.append(Self.delta(number))
      // Nothing but the log has it yet.
      #expect(try contents(of: path + "-wal").utf8.count > 4_096)
      let summary = try sizer("summary", path)
      #expect(
        summary.status == 0 && summary.output.contains("step \(number)")
          && !summary.output.contains("step \(number + 1)"))
      let stats = try sizer("stats", path)
      #expect(stats.status == 0 && stats.output.split(separator: "\n").count { $0.contains("App.Node") } >= number + 1)
      let json = try folder.file(try sizer("json", path).output, "out.json")
      #expect(
        try python("import json, sys; p = json.load(sys.stdin); print(len(p['snapshots']), len(p['objects']))", json)
          == ["\(number + 1) \(number + 1)"])
      #expect(
        try sizer("csv", "--table", "sizes", path).output.hasSuffix(
          "\(number),App.Node,\(number),\(number + 1).000000000,64\n"))
      #expect(
        try sizer("sql", "--csv", path, "select count(*) from living").output.hasSuffix(
          "\n\((number + 1) * (number + 2) / 2)\n"))
      let report = "\(folder.path)/\(number).html"
      #expect(try sizer("html", path, "-o", report).status == 0)
      let page = try contents(of: report)
      #expect(page.contains("\"label\":\"step \(number)\"") && !page.contains("step \(number + 1)"))
    }
    #expect(try sizer("diff", path).status == 0)
    try recorder.finish()
    #expect(try Statistics(contentsOf: path).snapshots.map(\.label) == ["step 0", "step 1", "step 2"])
  }
}
