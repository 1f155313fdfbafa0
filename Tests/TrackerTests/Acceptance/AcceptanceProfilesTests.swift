// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

@Suite("Acceptance: profiles")
struct AcceptanceProfilesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A tracker that has seen something of everything.
  private func lived() throws -> (tracker: ClassTracker, objects: [AnyObject]) {
    final class Owner {
      let name: String
      var leaf: Leaf? = Leaf()
      init(_ length: Int) { name = text(length) }
    }
    let tracker = ClassTracker()
    try tracker.track(class: Owner.self, name: "session owner", resolutionLevel: 2, trace: true)
    var owners = [40, 200, 10, 90].map { length in made { Owner(length) } }
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "Session's leaf")
    try tracker.createSnapshot("first\t<1>", mode: .inPlace)
    owners[1].leaf = nil
    owners.remove(at: 2)
    owners.append(made { Owner(30) })
    try tracker.createSnapshot("", mode: .inPlace)
    tracker.detachAllClasses()
    return (tracker, owners + [leaf])
  }

  @Test("what is printed of a written and loaded profile is what the live tracker prints, byte for byte")
  func writtenAndLoaded() throws {
    let (tracker, objects) = try lived()
    let live = tracker.statistics
    try live.write(to: folder.path("p"))
    try expectEqual(folder.path("p"), live)
    // Filtering and sorting before does not change what is written, nor loading what can be filtered.
    #expect(live.objects(className: "owner", limit: 2).count == 2)
    try live.sorted(by: .size).reversed().write(to: folder.path("q"))
    #expect(try bytes("q") == bytes("p"))
    let loaded = try Statistics(contentsOf: folder.path("q"))
    _ = lines { loaded.printStatistics(className: "leaf", limit: 1, to: &$0) }
    #expect(loaded.objects.map(\.birth) == live.objects.map(\.birth))
    // In the order of birth, as far as the counters of processors agree: virtual ones were seen to differ by 8 µs.
    let births = loaded.objects.map(\.birth)
    #expect(zip(births, births.dropFirst()).allSatisfy { $1 > $0 - .microseconds(100) })
    // There is something to see: an object that died, one that shrank, referents, the creating line.
    let printed = lines { loaded.printStatistics(to: &$0) }
    #expect(
      printed.contains { $0.hasSuffix(" finalize") }
        && printed.contains { $0.contains("AcceptanceProfilesTests.swift:") })
    #expect(printed.contains { $0.contains("leaf") } && printed.count > 20)
    keepAlive(objects)
  }

  @Test("a profile that was loaded by its path is written again, and is the same; so is one that was recorded")
  func loadedAndWrittenAgain() throws {
    let (tracker, objects) = try lived()
    try tracker.record(to: folder.path("recorded"))
    try tracker.createSnapshot("third", mode: .inPlace)
    try tracker.stopRecording()
    try tracker.statistics.write(to: folder.path("first"))
    tracker.close()
    for name in ["first", "recorded"] {
      let loaded = try Statistics(contentsOf: folder.path(name))
      try loaded.write(to: folder.path("again"))
      try expectEqual(folder.path("again"), loaded)
      try Statistics(contentsOf: folder.path("again")).write(to: folder.path("a third time"))
      #expect(try bytes("a third time") == bytes("again"))
      // Onto itself, too.
      try loaded.write(to: folder.path(name))
      #expect(try bytes(name) == bytes("again"))
    }
    keepAlive(objects)
  }

  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) }
}
