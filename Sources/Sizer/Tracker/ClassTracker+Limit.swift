// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Synchronization

extension ClassTracker {
  /// Takes a last picture before the kernel ends the process: when the memory of a control group reaches a share of its
  /// limit, a snapshot is taken, on a thread of its own, and in the file of a recording when the limit comes.
  ///
  ///     try tracker.snapshotAt(memoryLimit: 0.9)
  ///
  /// It comes in two steps. The cheap form first, which needs hardly any memory: the counts of what is tracked by
  /// class, without walk or fork (mode `counts`). Then, if there is head room for a frozen image, a whole snapshot,
  /// with all that lives by class (`Snapshot.heap`). Their labels are `limit 1, 931.20 MB of 1.00 GB` and
  /// `limit 1, whole heap`. After that nothing is taken until `coolDown` has passed, and then again if the share is
  /// still reached, or when it is again.
  ///
  /// All groups that the process is in and that can be seen count, of versions 1 and 2, with `memory.high` as a limit,
  /// too. File pages that the kernel would drop do not count as used. The files are looked at 20 times a second, which
  /// takes some microseconds for each limit; limits that are set or changed later are seen within ten seconds. Where
  /// there is no limit nothing is ever taken: `ProcessMemory.cgroupLimit` of a snapshot tells whether there is one.
  ///
  /// Called again, it changes share and cool-down. It ends with `nil`, with ``clear()``, ``close()`` and the tracker.
  /// - Parameters:
  ///   - share: of the limit, above 0 and up to 1; nil to stop.
  ///   - coolDown: how long to wait at least until the next picture.
  /// - Throws: `invalidArgument` for a share that is none and a cool-down below zero; `closed`; `outOfMemory` when the
  ///   system refuses a thread. Nothing is changed then.
  public func snapshotAt(memoryLimit share: Double?, coolDown: Duration = .seconds(60)) throws(SizerError) {
    let operation = "ClassTracker.snapshotAt(memoryLimit:coolDown:)"
    guard let share else { return atLimit.stop() }
    guard share >= 0.000_001, share <= 1 else {
      throw SizerError(.invalidArgument, operation, "the share is \(share)", advice: "use one above 0, up to 1")
    }
    guard coolDown >= .zero else {
      throw SizerError(.invalidArgument, operation, "the cool-down is \(coolDown)", advice: "use zero or more")
    }
    let hasStarted = try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(operation)
      return atLimit.start(at: share, coolDown: coolDown) { [weak self] used, limit in
        self?.takePicture(used, limit) ?? false
      }
    }
    guard hasStarted else {
      throw SizerError(
        .outOfMemory, operation, "the system refused a thread to look at memory limits",
        advice: "end some threads, or raise their limit (RLIMIT_NPROC)")
    }
  }

  /// Whether to go on.
  private func takePicture(_ used: Int, _ limit: Int) -> Bool {
    let number = state.withLock { state in
      state.pictures += 1
      return state.pictures
    }
    func text(_ bytes: Int) -> String { sizeText(bytes).split(separator: " ").joined(separator: " ") }
    let label = "limit \(number), \(text(used)) of \(text(limit))"
    do {
      try createSnapshot(label, .counts, SnapshotWishes())
    } catch {
      guard error.code != .closed else { return false }
      // What was taken and not written is written with the next one.
      if error.code != .notWritten { recordFailure(error, label: label) }
    }
    do {
      try createSnapshot("limit \(number), whole heap", .frozen, SnapshotWishes(heap: .classes, isOnlyWithRoom: true))
    } catch {
      // Without room the cheap form is all that there is.
      return error.code != .closed
    }
    return true
  }
}
