// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Takes a snapshot at every interval, on a thread of its own, until it is told to stop, the tracker is cleared, closed or freed, or the
  /// process ends. Started again, it only changes the interval.
  ///
  /// The first one is taken after one interval. A snapshot that fails is recorded with its ``Snapshot/error`` and without sizes, and the
  /// next one is taken all the same. With nothing tracked only the process's memory is recorded.
  /// - Throws: `invalidArgument` for an interval that is not above zero; `closed`; `outOfMemory` when the system refuses a thread.
  public func startPeriodicSnapshots(every interval: Duration = .seconds(1)) throws(SizerError) {
    let place = "ClassTracker.startPeriodicSnapshots(every:)"
    guard interval > .zero else {
      throw SizerError(
        code: .invalidArgument, message: "the interval is \(interval); it must be above zero", place: place)
    }
    try state.withLock { (state) throws(SizerError) in try state.checkOpen(place) }
    let hasStarted = periodic.start(every: interval) { [weak self] in
      self?.takePeriodicSnapshot() ?? false
    }
    guard hasStarted else {
      throw SizerError(code: .outOfMemory, message: "the system refused a thread for periodic snapshots", place: place)
    }
  }

  /// Takes no periodic snapshots any more. Returns at once; one that is under way is still recorded. Nothing happens when none
  /// are taken.
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
            process: (try? Engine.processMemory(place: error.place)) ?? ProcessMemory(), error: error.description))
      }
      // A file that does not take it gets it with the next one.
      try? writeSnapshots(place: error.place)
    }
  }
}
