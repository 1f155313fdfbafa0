// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Takes a snapshot at every interval, on a thread of its own, until it is told to stop, the tracker is cleared,
  /// closed or freed, or the process ends. Started again, it only changes the interval and what it records of the heap.
  ///
  ///     try tracker.startPeriodicSnapshots(every: .seconds(10), heap: .classes)
  ///
  /// The first one is taken after one interval. Their labels are `periodic 1, 00:00:01.00` and so on: the number, and
  /// the time since the tracker was made. A snapshot that fails is recorded with its `Snapshot.error` and
  /// without sizes, and the next one is taken all the same. With nothing tracked only the process's memory is recorded,
  /// and what `heap` asks for.
  ///
  /// - Parameters:
  ///   - interval: from one to the next; those that come late are left out.
  ///   - heap: also tell what lives by class, tracked or not, as
  ///     ``createSnapshot(_:mode:fragmentation:heap:)`` has it. The whole heap is walked each time, by a child on a
  ///     processor of its own (half a second per GiB): after one that took long as many are left out as make it a tenth
  ///     of the time at most.
  /// - Throws: `invalidArgument` for an interval that is not above zero; `closed`; `outOfMemory` when the system
  ///   refuses a thread.
  public func startPeriodicSnapshots(
    every interval: Duration = .seconds(1), heap: SnapshotHeap = .none
  ) throws(SizerError) {
    try startPeriodicSnapshots(every: interval, heap: heap) { _ in }
  }

  /// The same; `onError` gets what a snapshot throws, on the thread that takes them. Started again, it goes on telling
  /// whom it told first.
  package func startPeriodicSnapshots(
    every interval: Duration, heap: SnapshotHeap, onError: @escaping @Sendable (SizerError) -> Void
  ) throws(SizerError) {
    let operation = "ClassTracker.startPeriodicSnapshots(every:heap:)"
    guard interval > .zero else {
      throw SizerError(
        .invalidArgument, operation, "the interval is \(interval)", advice: "use one above zero")
    }
    try state.withLock { (state) throws(SizerError) in try state.checkOpen(operation) }
    periodicHeap.withLock { $0 = heap }
    let hasStarted = periodic.start(every: interval, resting: heap == .none ? 0 : 9) { [weak self] number in
      guard let self else { return false }
      return takeOne("periodic", number, onError) { (label) throws(SizerError) in
        try self.createSample(label, heap: self.periodicHeap.withLock { $0 })
      }
    }
    guard hasStarted else {
      throw SizerError(
        .outOfMemory, operation, "the system refused a thread for periodic snapshots",
        advice: "end some threads, or raise their limit (RLIMIT_NPROC)")
    }
  }

  /// Takes no periodic snapshots any more. Returns at once; one that is under way is still recorded. Nothing happens
  /// when none are taken.
  public func stopPeriodicSnapshots() {
    periodic.stop()
  }

  /// One of a series: takes it under its label; false when there is to be none any more.
  private func takeOne(
    _ kind: String, _ number: Int, _ onError: (SizerError) -> Void = { _ in },
    _ take: (String) throws(SizerError) -> Void
  ) -> Bool {
    let time = state.withLock { Ticks.now.duration(since: $0.epoch) }
    let label = "\(kind) \(number), \(timeText(time))"
    do {
      try take(label)
    } catch {
      guard error.code != .closed else { return false }
      onError(error)
      // What was taken and not written is written with the next one.
      if error.code != .notWritten { recordFailure(error, label: label) }
    }
    return true
  }

  /// Records an image of the heap (``recordHeap(_:mode:)``) at every interval, on a thread of its own, until it is told
  /// to stop, or the tracker is cleared, closed or freed. After one that took long as many are left out as make it a
  /// tenth of the time at most. Their labels are `heap 1, 00:01:00.00` and so on. One that fails is recorded as a
  /// snapshot with its `Snapshot.error`.
  ///
  /// - Throws: `closed`; `outOfMemory` when the system refuses a thread.
  package func startPeriodicHeaps(every interval: Duration) throws(SizerError) {
    let operation = "ClassTracker.startPeriodicHeaps(every:)"
    try state.withLock { (state) throws(SizerError) in try state.checkOpen(operation) }
    let hasStarted = periodicImages.start(every: interval, resting: 9) { [weak self] number in
      guard let self else { return false }
      return takeOne("heap", number) { (label) throws(SizerError) in try self.recordHeap(label) }
    }
    guard hasStarted else {
      throw SizerError(
        .outOfMemory, operation, "the system refused a thread for periodic images of the heap",
        advice: "end some threads, or raise their limit (RLIMIT_NPROC)")
    }
  }

  /// Takes no more of them. Returns at once; one that is under way is still recorded.
  package func stopPeriodicHeaps() {
    periodicImages.stop()
  }

  func recordFailure(_ error: SizerError, label: String) {
    // Others' snapshots come before or after, by their times too.
    snapshotting.withLock { _ in
      state.withLock { state in
        state.recordEmpty(
          Snapshot(
            label: label,
            timestamp: Ticks.now.duration(since: state.epoch),
            process: (try? Engine.processMemory(operation: error.operation)) ?? ProcessMemory(),
            error: error.description))
      }
      // A file that does not take it gets it with the next one.
      try? writeSnapshots(operation: error.operation)
    }
  }
}
