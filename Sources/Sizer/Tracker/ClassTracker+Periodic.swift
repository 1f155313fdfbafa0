// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Takes a snapshot at every interval, on a thread of its own, until it is told to stop, the tracker is cleared,
  /// closed or freed, or the process ends. Started again, it only changes the interval.
  ///
  /// The first one is taken after one interval. A snapshot that fails is recorded with its ``Snapshot/error`` and
  /// without sizes, and the next one is taken all the same. With nothing tracked only the process's memory is recorded.
  /// - Throws: `invalidArgument` for an interval that is not above zero; `closed`; `outOfMemory` when the system
  ///   refuses a thread.
  public func startPeriodicSnapshots(every interval: Duration = .seconds(1)) throws(SizerError) {
    let operation = "ClassTracker.startPeriodicSnapshots(every:)"
    guard interval > .zero else {
      throw SizerError(
        .invalidArgument, operation, "the interval is \(interval)", advice: "use one above zero")
    }
    try state.withLock { (state) throws(SizerError) in try state.checkOpen(operation) }
    let hasStarted = periodic.start(every: interval) { [weak self] in
      self?.takePeriodicSnapshot() ?? false
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

  private func takePeriodicSnapshot() -> Bool {
    do {
      try createSnapshot()
    } catch {
      guard error.code != .closed else { return false }
      // What was taken and not written is written with the next one.
      if error.code != .notWritten { recordFailure(error) }
    }
    return true
  }

  private func recordFailure(_ error: SizerError) {
    // Others' snapshots come before or after, by their times too.
    snapshotting.withLock { _ in
      state.withLock { state in
        state.recordEmpty(
          Snapshot(
            timestamp: Ticks.now.duration(since: state.epoch),
            process: (try? Engine.processMemory(operation: error.operation)) ?? ProcessMemory(),
            error: error.description))
      }
      // A file that does not take it gets it with the next one.
      try? writeSnapshots(operation: error.operation)
    }
  }
}
