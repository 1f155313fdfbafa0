// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

extension Stress {
  @Suite struct BusyThreadsTests {
    private static let crew = 8

    /// Expects what so many rows guarantee, whatever their threads were at.
    private static func expectBounds(_ snapshot: Snapshot, rows: Int) throws {
      let cells = try #require(snapshot.classes["cell"])
      #expect((rows * CellRow.fewest...rows * (CellRow.most + 1)).contains(cells.active))
      // One of each thread may be half made, and one half changed.
      #expect(snapshot.skippedCount <= 2 * rows)
      #expect(cells.bytes >= (cells.active - snapshot.skippedCount) * Cell.fewestBytes)
      #expect(cells.bytes <= cells.active * Cell.mostBytes)
      #expect(snapshot.trackedBytes == snapshot.classes.values.reduce(0) { $0 + $1.bytes })
      #expect(snapshot.mode == .frozen)
      #expect(snapshot.pause > .zero)
    }

    @Test("eight threads change everything while snapshots are taken without a break")
    func threads() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.track(class: Cell.self, name: "cell")
        let crew = Crew(of: Self.crew, prepare: { _ in CellRow() }, work: { $0.work($1) })
        defer { crew.stop() }
        let count = try Stress.repeating(share: 0.25) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          quiet.expect(in: snapshot)
          try Self.expectBounds(snapshot, rows: Self.crew)
        }
        #expect(tracker.statistics.snapshots.count == count)
      }
    }

    @Test("eight threads change everything while snapshots name what it is made of")
    func named() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.track(class: Cell.self, name: "cell", resolutionLevel: 3)
        let crew = Crew(of: Self.crew, prepare: { _ in CellRow() }, work: { $0.work($1) })
        defer { crew.stop() }
        try Stress.repeating(share: 0.1) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          quiet.expect(in: snapshot)
          try Self.expectBounds(snapshot, rows: Self.crew)
        }
        let statistics = tracker.statistics
        let fields: Set = ["next", "words", "table", "text", "payload", "existential", "closure"]
        var named = 0
        for object in statistics.objects.lazy where object.name == "cell" {
          for record in object.records where !record.referents.isEmpty {
            named += 1
            // Without what is too small, which becomes one.
            #expect(record.referents.allSatisfy { fields.contains($0.name) || $0.name.hasSuffix(" more)") })
            #expect(record.referents.reduce(0) { $0 + $1.bytes } <= record.bytes)
          }
        }
        #expect(named >= Self.crew * CellRow.fewest)
      }
    }

    @Test("tasks and actors change everything while snapshots are taken without a break")
    func tasks() async throws {
      let tracker = ClassTracker()
      let quiet = try QuietSet(tracker)
      try tracker.track(class: Cell.self, name: "cell")
      let isOver = Flag()
      let office = Office()
      let workers = (0..<Self.crew).map { number in
        Task.detached {
          var row = CellRow()
          await office.arrive()
          var step = number
          while !isOver.isSet {
            row.work(step)
            await office.note(step, text: "step \(step)")
            async let later = step + 1
            step = await later
          }
        }
      }
      while await office.arrived < Self.crew { try await Task.sleep(for: .milliseconds(1)) }
      let end = ContinuousClock.now + Stress.time(share: 0.1)
      repeat {
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        quiet.expect(in: snapshot)
        try Self.expectBounds(snapshot, rows: Self.crew)
        await Task.yield()
      } while ContinuousClock.now < end
      isOver.set()
      for worker in workers { await worker.value }
    }
  }
}

/// An actor that many ask.
private actor Office {
  private(set) var arrived = 0
  private var notes: [Int: String] = [:]
  func arrive() { arrived += 1 }
  func note(_ step: Int, text: String) {
    notes[step % 100] = text
  }
}

final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
