// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

/// What becomes of a tracker when its recording's files are taken away: it says so at once, and has everything.
@Suite("A recording whose files are lost")
struct LostFilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What is done to the file at a path.
  enum Loss: CaseIterable, Sendable {
    case removed, renamed, logRemoved, logCut, cut

    func act(_ path: String) {
      switch self {
      case .removed: unlink(path)
      case .renamed: rename(path, path + ".old")
      case .logRemoved: unlink(path + "-wal")
      case .logCut: truncate(path + "-wal", 0)
      case .cut: truncate(path, 4_096)
      }
    }

    var code: ProfileError.Code { self == .logCut || self == .cut ? .corrupted : .notFound }
  }

  @Test(
    "each snapshot throws, statistics are whole, and a new recording works when it is asked for",
    arguments: Loss.allCases)
  func lost(loss: Loss) throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "leaf")
    try tracker.record(to: folder.path("p"))
    try tracker.createSnapshot("written", mode: .inPlace)
    loss.act(folder.path("p"))
    for label in ["one", "two"] {
      let error = #expect(throws: SizerError.self) { try tracker.createSnapshot(label, mode: .inPlace) }
      #expect(
        error?.code == .notWritten && error?.message.contains("start a new one") == true, "\(String(describing: error))"
      )
    }
    let other = made { Leaf() }
    try tracker.track(other, name: "leaf")
    let error = #expect(throws: ProfileError.self) { try tracker.stopRecording() }
    #expect(error?.code == loss.code && error?.message.contains(folder.path("p")) == true)
    #expect(tracker.statistics.snapshots.map(\.label) == ["written", "one", "two"])
    try tracker.statistics.write(to: folder.path("whole"))
    try expectEqual(folder.path("whole"), tracker.statistics)
    try tracker.record(to: folder.path("new"))
    try tracker.createSnapshot("three", mode: .inPlace)
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: folder.path("new"))
    #expect(file.snapshots.map(\.label) == ["three"] && file.objectCount == 2)
    #expect(file.objects.allSatisfy { $0.records.map(\.bytes) == [32] })
    keepAlive((leaf, other))
  }

  @Test("an end without another snapshot throws, too, and closing and clearing hurt nobody", arguments: Loss.allCases)
  func ended(loss: Loss) throws {
    for end in ["stop", "clear", "close"] {
      let path = folder.path(end)
      let tracker = ClassTracker()
      let leaf = made { Leaf() }
      try tracker.track(leaf, name: "leaf")
      try tracker.record(to: path)
      try tracker.createSnapshot("written", mode: .inPlace)
      loss.act(path)
      // Somebody else's, in its place.
      if loss == .removed { try Data("mine".utf8).write(to: URL(fileURLWithPath: path)) }
      switch end {
      case "stop": #expect(#expect(throws: ProfileError.self) { try tracker.stopRecording() }?.code == loss.code)
      case "clear": tracker.clear()
      default: tracker.close()
      }
      if loss == .removed { #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("mine".utf8)) }
      keepAlive(leaf)
    }
  }
}
