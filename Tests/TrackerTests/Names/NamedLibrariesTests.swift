// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOEmbedded
import Sizer
import Synchronization
import Testing

private struct Grain { let value = number(1) }

private final class Worker: Sendable {
  static let born = Atomic<Int>(0)
  let names = [text(), text()]
  init() { Self.born.add(1, ordering: .relaxed) }
}

/// Classes that nobody here has the source of, and everything. In processes of their own: they are everybody's.
@Suite("Classes of libraries that are tracked by their names")
struct NamedLibrariesTests {
  @Test("channels, pipelines and contexts of NIO, of which the last can't be named in Swift")
  func channels() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      try tracker.track(classesNamed: "NIOEmbedded.EmbeddedChannel")
      try tracker.track(classesNamed: "NIOCore.Channel*")
      var channels = (0..<number(3)).map { _ in made { EmbeddedChannel() } }
      let classes = try tracker.createSnapshot(mode: .inPlace).classes.mapValues(\.active)
      #expect(classes["NIOEmbedded.EmbeddedChannel"] == 3)
      #expect(classes["NIOCore.ChannelPipeline"] == 3)
      #expect(classes["NIOCore.ChannelHandlerContext"] == 6)  // those at the two ends
      for channel in channels { _ = try channel.finish() }
      channels = []
      #expect(try tracker.createSnapshot(mode: .inPlace).classes.values.allSatisfy { $0.active == 0 })
    }
  }

  @Test("a generic class of a library by its name without arguments")
  func futures() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      let loop = EmbeddedEventLoop()
      try tracker.track(classesNamed: "NIOCore.EventLoopFuture")
      let numbers = (0..<number(4)).map { _ in loop.makePromise(of: Int.self) }
      let texts = (0..<number(2)).map { _ in loop.makePromise(of: String.self) }
      let classes = try tracker.createSnapshot(mode: .inPlace).classes.mapValues(\.active)
      #expect(classes["NIOCore.EventLoopFuture<Swift.Int>"] == 4)
      #expect(classes["NIOCore.EventLoopFuture<Swift.String>"] == 2)
      numbers.forEach { $0.succeed(1) }
      texts.forEach { $0.succeed("") }
    }
  }

  @Test("Foundation's, and the standard library's storage")
  func storage() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      try tracker.track(classesNamed: "Foundation.NSMutable*")
      try tracker.track(classesNamed: "Swift._ContiguousArrayStorage")
      let sets = (0..<number(5)).map { _ in made { NSMutableSet() } }
      let grains = (0..<number(7)).map { _ in made { [Grain(), Grain()] } }
      for mode in [SnapshotMode.inPlace, .frozen, .counts] {
        let classes = try tracker.createSnapshot(mode: mode).classes.mapValues(\.active)
        #expect(classes["Foundation.NSMutableSet"] == 5)
        #expect(classes["Swift._ContiguousArrayStorage<TrackerTests.Grain>"] == 7)
      }
      keepAlive((sets, grains))
    }
  }

  @Test("everything there is, while threads make objects and snapshots of all kinds are taken and written")
  func everything() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let tracker = ClassTracker()
      try tracker.record(to: folder.path("p"))
      try tracker.track(classesNamed: "*")
      try tracker.startPeriodicSnapshots(every: .milliseconds(20))
      let kept = Mutex<[Worker]>([])
      try onThreads(4) { thread in
        for round in 0..<400 {
          let workers = (0..<3).map { _ in made { Worker() } }
          if round % 20 == 0 { kept.withLock { $0 += workers } }
          if thread == 0, round % 100 == 0 { _ = try? tracker.createSnapshot(mode: round == 0 ? .frozen : .counts) }
        }
      }
      tracker.stopPeriodicSnapshots()
      let snapshot = try tracker.createSnapshot(mode: .frozen)
      #expect(snapshot.classes["TrackerTests.Worker"]?.active == 240)
      #expect(!snapshot.classes.keys.contains { $0.hasPrefix("Sizer.") || $0.hasPrefix("SizerProfile.") })
      let statistics = tracker.statistics
      let workers = statistics.objects.filter { $0.name == "TrackerTests.Worker" }
      #expect(workers.count == 4_800 && Worker.born.load(ordering: .relaxed) == 4_800)
      #expect(workers.count { $0.death == nil } == 240)
      tracker.detachAll()
      try tracker.stopRecording()
      let file = try Statistics(contentsOf: folder.path("p"))
      #expect(file.objects.count { $0.name == "TrackerTests.Worker" } == 4_800)
      withExtendedLifetime(kept) {}
    }
  }
}
