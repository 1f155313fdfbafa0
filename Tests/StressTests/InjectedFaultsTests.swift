// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

extension Stress {
  /// Each fault is an error or another try; the host goes on, and what is recorded is right.
  @Suite struct InjectedFaultsTests {
    /// Runs `body` with a quiet set beside threads that change everything.
    private func withBusyHost(_ body: (ClassTracker, QuietSet) throws -> Void) throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.track(class: Cell.self, name: "cell")
        let crew = Crew(of: 4, prepare: { _ in CellRow() }, work: { $0.work($1) })
        defer { crew.stop() }
        try body(tracker, quiet)
      }
    }

    /// Expects that the next snapshot throws such an error, that nothing was recorded, and that the one after it is
    /// right.
    private func expectRefusal(
      _ code: SizerError.Code, saying words: String, _ tracker: ClassTracker, _ quiet: QuietSet
    ) throws {
      let before = tracker.statistics.snapshots.count
      do throws(SizerError) {
        try tracker.createSnapshot(mode: .frozen)
        Issue.record("no error")
      } catch {
        #expect(error.code == code)
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.operation == "ClassTracker.createSnapshot(_:mode:fragmentation:heap:)")
      }
      #expect(tracker.statistics.snapshots.count == before)
      quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
    }

    @Test("a child that somebody kills is an error or another try, never a wrong size")
    func killed() throws {
      try withBusyHost { tracker, quiet in
        let many = try QuietSet(tracker, name: "many", count: 50_000)  // a child has something to do
        let kills = Atomic<Int>(0)
        let isOver = Flag()
        let hunter = Crew(of: 1) { step in
          // Some children are left alone, all others are caught wherever they are.
          if step % 50 == 0 { usleep(50_000) }
          guard !isOver.isSet else { return }
          for child in ProcessState.frozenChildren() {
            usleep(UInt32(step &* 7919 % 3000))
            if kill(child, SIGKILL) == 0 { kills.add(1, ordering: .relaxed) }
          }
        }
        defer { hunter.stop() }
        var failures = 0
        var recorded = 0
        func takeOne() throws {
          do throws(SizerError) {
            let snapshot = try tracker.createSnapshot(mode: .frozen)
            quiet.expect(in: snapshot)
            many.expect(in: snapshot)
            recorded += 1
          } catch {
            guard error.code == .systemRefused, error.message.contains("ended by somebody") else { throw error }
            failures += 1
          }
        }
        var count = try Stress.repeating(share: 0.1) { try takeOne() }
        // Both tries of one snapshot have to be caught, and children are quick.
        while failures == 0, count < 20_000 {
          try takeOne()
          count += 1
        }
        isOver.set()
        hunter.stop()
        #expect(recorded + failures == count)
        #expect(tracker.statistics.snapshots.count == recorded)
        #expect(kills.load(ordering: .relaxed) > 0)
        #expect(failures > 0)
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
      }
    }

    @Test("a child that dies once is replaced, one that dies twice is an error")
    func death() throws {
      try withBusyHost { tracker, quiet in
        Engine.failFrozen(.death, times: 1)
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        Engine.failFrozen(.death, times: 2)
        try expectRefusal(.systemRefused, saying: "ended by somebody", tracker, quiet)
      }
    }

    @Test("a child that makes no progress is ended and replaced; twice is an error")
    func hang() throws {
      let patience = Engine.patience.exchange(50_000_000, ordering: .relaxed)
      defer { Engine.patience.store(patience, ordering: .relaxed) }
      // With nothing else to do: the machine may give a busy host's child no time for so short a patience.
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        Engine.failFrozen(.hang, times: 2)
        do throws(SizerError) {
          try tracker.createSnapshot(mode: .frozen)
          Issue.record("no error")
        } catch {
          #expect(error.code == .systemRefused)
          #expect(error.message.contains("stuck"))
        }
        #expect(tracker.statistics.snapshots.isEmpty)
        Engine.failFrozen(.hang, times: 1)
        Engine.patience.store(1_000_000_000, ordering: .relaxed)
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
      }
    }

    @Test("a child that somebody stops is ended and replaced")
    func stopped() throws {
      let patience = Engine.patience.exchange(500_000_000, ordering: .relaxed)
      defer { Engine.patience.store(patience, ordering: .relaxed) }
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        Engine.failFrozen(.hang, times: 1)
        let stops = Atomic<Int>(0)
        let hunter = Crew(of: 1) { _ in
          for child in ProcessState.frozenChildren() where kill(child, SIGSTOP) == 0 {
            stops.add(1, ordering: .relaxed)
          }
          usleep(50_000)
        }
        defer {
          hunter.stop()
          #expect(stops.load(ordering: .relaxed) > 0)
        }
        Stress.repeating(share: 0.01) {
          do throws(SizerError) {
            quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
          } catch {
            #expect(error.code == .systemRefused)
          }
        }
      }
    }

    @Test("a refused fork and refused memory are errors, and nothing is recorded")
    func wrongDeltas() throws {
      try withBusyHost { tracker, quiet in
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        try Stress.repeating(share: 0.02) {
          Engine.failFrozen(.fork, times: 1)
          try expectRefusal(.systemRefused, saying: "fork", tracker, quiet)
          Engine.failFrozen(.memory, times: 1)
          try expectRefusal(.outOfMemory, saying: "refused memory", tracker, quiet)
        }
      }
    }

    @Test("the pause is that of all images that a snapshot needed")
    func pauses() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        // A type that nobody has met: the first image shows it, another one its size.
        let object = Specimen(Unmet(inner: Unmet(inner: [1, 2, 3]), other: Quiet(words: 1)))
        try tracker.track(object)
        Engine.failFrozen(.slow, times: 2)
        #expect(try tracker.createSnapshot(mode: .frozen).pause >= .milliseconds(200))
        Engine.failFrozen(.slow, times: 1)
        #expect(try tracker.createSnapshot(mode: .frozen).pause >= .milliseconds(100))
        withExtendedLifetime(object) {}
      }
    }

    @Test("where sizing an object faults, that object is skipped and all others are as ever")
    func crash() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let objects = (0..<100).map { Quiet(words: 1 + $0) }
        for (number, object) in objects.enumerated() { try tracker.track(object, name: "\(number % 2)") }
        // Where a type is met for the first time one image more is taken, which would have the fault for its own.
        let other = ClassTracker()
        let met = Quiet(words: 1)
        try other.track(met)
        try withExtendedLifetime(met) { _ = try other.createSnapshot(mode: .frozen) }
        other.close()
        Engine.failFrozen(.crash, times: 1)
        let crashed = try tracker.createSnapshot(mode: .frozen)
        #expect(crashed.skippedCount == 50)
        #expect(crashed.classes["1"] == ClassRecord(active: 50, bytes: 0, share: 0))
        let whole = try tracker.createSnapshot(mode: .frozen)
        #expect(whole.skippedCount == 0)
        #expect(whole.classes["0"]?.bytes == crashed.classes["0"]?.bytes)
        // What is skipped keeps the size that it had.
        Engine.failFrozen(.crash, times: 1)
        let again = try tracker.createSnapshot(mode: .frozen)
        #expect(again.skippedCount == 50)
        #expect(again.classes == whole.classes)
        withExtendedLifetime(objects) {}
      }
    }
  }
}

private struct Unmet<Inner> {
  var inner: Inner
  var other: Quiet?
}
