// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

@Suite("Recordings that are refused")
struct RecordingErrorsTests {
  private let folder: TemporaryFolder
  private let tracker = ClassTracker()
  private let leaf = made { Leaf() }
  private var path: String { folder.path("p") }

  init() throws {
    folder = try TemporaryFolder()
    try tracker.track(leaf, name: "leaf")
  }

  /// How `record(to:)` fails there.
  private func code(_ path: String) -> ProfileError.Code? {
    ProfileError.code(path, "ClassTracker.record(to:tags:)") { try tracker.record(to: path) }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test("a path that is taken, missing, a folder, forbidden or no path; then a good one works")
  func paths() throws {
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(code(path) == .alreadyExists)
    #expect(try bytes(path) == Data("mine".utf8))
    #expect(code(folder.path) == .alreadyExists)
    #expect(code(folder.path("none/p")) == .notFound)
    #expect(code(folder.path("p/p")) == .notFound)
    #expect(code("") == .notFound)
    #expect(code(folder.path("a\0b")) == .cannotOpen)
    chmod(folder.path, 0o555)
    try withoutPrivileges { #expect(code(folder.path("q")) == .cannotOpen) }
    chmod(folder.path, 0o700)
    #expect(folder.files == ["p"])
    // None of them was begun.
    try tracker.createSnapshot("one")
    try tracker.stopRecording()
    try tracker.record(to: folder.path("good"))
    try tracker.createSnapshot("two")
    try tracker.stopRecording()
    #expect(try Statistics(contentsOf: folder.path("good")).snapshots.map(\.label) == ["two"])
    #expect(folder.files == ["good", "p"])
    keepAlive(leaf)
  }

  @Test("a second one is busy and leaves no file; the first goes on")
  func second() throws {
    try tracker.record(to: path)
    try tracker.createSnapshot("one")
    let error = #expect(throws: ProfileError.self) { try tracker.record(to: folder.path("q")) }
    #expect(error?.code == .busy && error?.operation == "ClassTracker.record(to:tags:)")
    #expect(throws: ProfileError.self) { try tracker.record(to: path) }
    #expect(!folder.files.contains("q"))
    try tracker.createSnapshot("two")
    try tracker.stopRecording()
    #expect(try Statistics(contentsOf: path).snapshots.map(\.label) == ["one", "two"])
    keepAlive(leaf)
  }

  @Test("a closed tracker's, and no file is made")
  func closed() throws {
    tracker.close()
    let error = #expect(throws: ProfileError.self) { try tracker.record(to: path) }
    #expect(error?.code == .closed && error?.operation == "ClassTracker.record(to:tags:)")
    #expect(folder.files == [])
    try tracker.stopRecording()
    keepAlive(leaf)
  }

  @Test("stopping when none is under way does nothing, twice over")
  func stoppingNone() throws {
    try tracker.stopRecording()
    try tracker.createSnapshot("one")
    try tracker.record(to: path)
    try tracker.createSnapshot("two")
    try tracker.stopRecording()
    let file = try bytes(path)
    try tracker.stopRecording()
    try tracker.createSnapshot("three")
    #expect(try bytes(path) == file)
    #expect(tracker.statistics.snapshots.map(\.label) == ["one", "two", "three"])
    keepAlive(leaf)
  }

  @Test("a written profile does not replace a running recording, with a snapshot or without; afterwards it does")
  func written() throws {
    func write(_ statistics: Statistics) -> ProfileError.Code? {
      ProfileError.code(path, "Statistics.write(to:)") { try statistics.write(to: path) }
    }
    try tracker.record(to: path)
    let before = tracker.statistics
    #expect(write(before) == .alreadyExists)
    try tracker.createSnapshot("one")
    #expect(write(before) == .alreadyExists)
    #expect(folder.files.contains("p") && !folder.files.contains { $0.hasSuffix(".tmp") })
    try tracker.stopRecording()
    #expect(try Statistics(contentsOf: path).snapshots.map(\.label) == ["one"])
    try before.write(to: path)
    #expect(try Statistics(contentsOf: path).snapshots.isEmpty)
    #expect(folder.files == ["p"])
    keepAlive(leaf)
  }

  @Test("labels and names of more than 100,000 bytes, and nothing changes")
  func longTexts() throws {
    // Two bytes each: it is not characters that count.
    let (long, longest) = (String(repeating: "é", count: 50_001), String(repeating: "é", count: 50_000))
    try tracker.record(to: path)
    try tracker.createSnapshot("one")
    let before = try bytes(path + "-wal")
    for refused in [
      { _ = try tracker.createSnapshot(long) }, { try tracker.track(Leaf(), name: long) },
      { try tracker.track(class: Leaf.self, name: long) },
    ] as [() throws -> Void] {
      let error = #expect(throws: SizerError.self) { try refused() }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("100002 bytes") == true && error?.message.contains("100,000") == true)
    }
    #expect(try bytes(path + "-wal") == before)
    #expect(tracker.statistics.snapshots.count == 1 && tracker.statistics.objectCount == 1)
    // The longest that are allowed are recorded.
    let other = made { Leaf() }
    try tracker.track(other, name: longest)
    try tracker.createSnapshot(longest)
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: path)
    #expect(file.snapshots.map(\.label) == ["one", longest] && file.objects.map(\.name) == ["leaf", longest])
    keepAlive((leaf, other))
  }
}
