// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Synchronization

extension ClassTracker {
  /// Takes an image of everything that lives, tracked or not, and right after it a snapshot; both are in the file of
  /// the recording when this returns, in one transaction, with tables of classes, leaks, tasks and roots that SQL can
  /// ask. `sizer heap`, `leaks`, `why` and their like read the image from there, and the HTML report shows it.
  ///
  ///     try tracker.record(to: "server.sizer")
  ///     try tracker.recordHeap("after load")  // sizer why server.sizer Session
  ///
  /// Two images prove leaks, if each thread has gone on between them; of several the growth is told. An image takes
  /// some 13 bytes for each object in the file, and 300 ns to make its tables, while the calling thread waits. Where
  /// classes are tracked with traces, it also tells where what is leaked was born; its names are looked up at once.
  ///
  /// An image that the file does not take (a full disk) is not kept: the snapshot is written with the next one, without
  /// it.
  /// - Parameters:
  ///   - label: what the snapshot is called.
  ///   - mode: how the heap is looked at, as in ``HeapGraph/capture(mode:edges:)``.
  /// - Returns: the image.
  /// - Throws: `notWritten` when nothing is recorded (``record(to:tags:)``) or the file does not take it; what
  ///   ``HeapGraph/capture(mode:edges:)`` and ``createSnapshot(_:mode:fragmentation:heap:)`` throw. Nothing is
  ///   recorded then.
  @discardableResult
  public func recordHeap(_ label: String = "", mode: SnapshotMode = .automatic) throws(SizerError) -> HeapGraph {
    let operation = "ClassTracker.recordHeap(_:mode:)"
    let lifetimes = try lifetimes.get()
    try checkLength(of: label, "label", operation: operation)
    try state.withLock { (state) throws(SizerError) in try state.checkOpen(operation) }
    guard recording.withLock({ $0 != nil }) else {
      let error = Self.noRecording(operation)
      throw SizerError(
        code: .notWritten, operation: operation, message: error.message, cause: .profile(error))
    }
    let graph = try HeapGraph.capture(mode: mode)
    let request = SnapshotRequest(
      label: label, wishes: SnapshotWishes(), lifetimes: lifetimes, operation: operation,
      heap: RecordedHeap(graph.imageWithBirths))
    return try Engine.onOwnStack(operation) { () throws(SizerError) in
      _ = try create(request, mode)
      return graph
    }
  }
}
