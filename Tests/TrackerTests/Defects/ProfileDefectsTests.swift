// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import Sizer
import SizerReports
import TestSupport
import Testing

/// As `TrackingDefectsTests`, of what is kept and reported.
@Suite("Known defects of trackers: profiles and reports")
struct ProfileDefectsTests {
  private let folder: TemporaryFolder
  /// What would run, lead elsewhere or break the page, a table, a path or a statement if anybody took it for more than
  /// text.
  private let names = [
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "a/b", "../../etc/passwd", "a_b", "A/B",
    "'; DROP TABLE objects; --", "cos\nsystem\n(S'true'\ntR.", "=HYPERLINK(\"x\")", "\u{202e}\"&amp;",
  ]

  init() throws { folder = try TemporaryFolder() }

  /// Two leaves under each name, in a snapshot; one of each is dead in the second, where a third is born.
  private func lived(_ tracker: ClassTracker) throws -> [Leaf] {
    var leaves: [Leaf] = []
    for name in names {
      for _ in 0..<2 {
        leaves.append(made { Leaf() })
        try tracker.track(leaves.last!, name: name)
      }
    }
    try tracker.createSnapshot("<b>before</b>")
    leaves = leaves.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    leaves.append(made { Leaf() })
    try tracker.track(leaves.last!, name: names[0])
    try tracker.createSnapshot("after")
    return leaves
  }

  @Test("12: a report shows all names as text, each its own, on one page of bounded size")
  func report() throws {
    let tracker = ClassTracker()
    let leaves = try lived(tracker)
    try HTMLReport(tracker.statistics, title: names[0]).write(to: folder.path("page.html"))
    let page = try String(contentsOfFile: folder.path("page.html"), encoding: .utf8)
    #expect(folder.files == ["page.html"])
    // The page's own scripts and nobody else's; what the names would open is nowhere.
    let own = try HTMLReport(ClassTracker().statistics).written(to: folder.path("empty.html"))
    #expect(page.components(separatedBy: "<script").count == own.components(separatedBy: "<script").count)
    #expect(page.components(separatedBy: "</script").count == own.components(separatedBy: "</script").count)
    for markup in ["<img", "<b>before", "onerror=alert(1)>"] { #expect(!page.contains(markup)) }
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("../../etc/passwd") && page.contains("a_b") && page.contains("a/b") && page.contains("A/B"))
    // 20,000 instances are below 5 MB.
    let many = (0..<20_000).map { _ in made { Leaf() } }
    for leaf in many { try tracker.track(leaf, name: "many") }
    try tracker.createSnapshot()
    #expect(try HTMLReport(tracker.statistics).written(to: folder.path("many.html")).utf8.count < 5_000_000)
    keepAlive((leaves, many))
  }

  @Test("16: a profile is data: code in it comes back as text; a damaged one is refused or read, and only read")
  func strangers() throws {
    let tracker = ClassTracker()
    try tracker.record(to: folder.path("p"))
    let leaves = try lived(tracker)
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: folder.path("p"))
    #expect(file.objects.map(\.name) == names.flatMap { [$0, $0] } + [names[0]])
    #expect(file.trackedClasses == names.sorted())
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path("p"))))
    var dice = SeededGenerator(seed: 16)
    var refused = 0
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...8, using: &dice) {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      if Bool.random(using: &dice) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &dice)) }
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path("damaged")))
      do throws(ProfileError) {
        let read = try Statistics(contentsOf: folder.path("damaged"))
        keepAlive(read.objects)
      } catch {
        refused += 1
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("damaged"))) == Data(bytes))
    }
    #expect(refused > 200)
    #expect(folder.files == ["damaged", "p"])
    keepAlive(leaves)
  }

  @Test("17: snapshots are compared, and all is there as JSON and as CSV")
  func comparedAndExported() throws {
    let tracker = ClassTracker()
    let leaves = try lived(tracker)
    let statistics = tracker.statistics
    let diff = try ProfileDiff(statistics, 0, statistics, 1)
    #expect(diff.from.trackedBytes == 32 * 20 && diff.to.trackedBytes == 32 * 11)
    #expect(Set(diff.classes.map(\.name)) == Set(names))
    #expect(diff.classes.allSatisfy { $0.gone == 1 && $0.born == ($0.name == names[0] ? 1 : 0) })
    #expect(diff.changes.filter { $0.kind == .died }.reduce(0) { $0 + $1.figures.fromCount } == 10)

    var json = ""
    JSONExport(statistics).write(to: &json)
    let root = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let objects = try #require(root["objects"] as? [[String: Any]])
    #expect(objects.compactMap { $0["name"] as? String } == statistics.objects.map(\.name))
    #expect(objects.count { $0["death"] is NSNull } == 11)
    let snapshots = try #require(root["snapshots"] as? [[String: Any]])
    #expect(snapshots.compactMap { $0["trackedBytes"] as? Int } == [640, 352])

    var table = ""
    CSVExport(statistics, table: .sizes).write(to: &table)
    let rows = table.split(separator: "\n", omittingEmptySubsequences: true).filter { $0.hasSuffix(",32") }
    #expect(rows.count == 20 + 11)
    keepAlive(leaves)
  }
}

extension HTMLReport {
  /// The text of the page at a path.
  fileprivate func written(to path: String) throws -> String {
    try write(to: path)
    return try String(contentsOfFile: path, encoding: .utf8)
  }
}
