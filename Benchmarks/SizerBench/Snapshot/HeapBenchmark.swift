// SPDX-License-Identifier: Apache-2.0

import CFloor
import Foundation
import Sizer
import TrackingLoop

/// Snapshots of one heap: beside bare forks in turns while the process is idle, then while a thread is busy.
struct HeapBenchmark {
  var mebibytes: Int
  var mode: SnapshotMode
  var rounds: Int
  /// For how long the worker is watched before and after.
  var watch: Duration

  func run() throws -> HeapFigures {
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: Session.self)
    try tracker.track(class: Pair.self)
    let heap = LiveHeap(mebibytes: mebibytes)
    return try withExtendedLifetime(heap) {
      let idle = try takeTurns(tracker)
      let resident = try KernelFigures.residentBytes()
      let huge = try KernelFigures.hugeBytes()
      let busy = try watchWorker(tracker, heap)
      return HeapFigures(
        mebibytes: mebibytes, mode: mode.rawValue, residentMiB: resident >> 20, hugeMiB: huge >> 20,
        hugeAfterMiB: try KernelFigures.hugeBytes() >> 20, idle: idle,
        worker: busy)
    }
  }

  private func takeTurns(_ tracker: ClassTracker) throws -> TurnFigures {
    var snapshots: [Span] = []
    var forks: [Span] = []
    for round in -2..<rounds {  // two to warm up: types are learnt, and the kernel has page tables at hand
      // Every other round the other way about, as what comes first finds other caches.
      let first = round.isMultiple(of: 2)
      if first { forks.append(try bareFork()) }
      snapshots.append(try snapshot(tracker))
      if !first { forks.append(try bareFork()) }
    }
    return TurnFigures(snapshots: Array(snapshots.dropFirst(2)), forks: Array(forks.dropFirst(2)))
  }

  private func watchWorker(_ tracker: ClassTracker, _ heap: LiveHeap) throws -> WorkerFigures {
    let worker = Worker(on: heap)
    let warm: Duration = .milliseconds(100)
    sleep(warm)
    let start = monotonicNanoseconds
    sleep(watch)
    var spans: [Span] = []
    for _ in 0..<rounds {
      spans.append(try snapshot(tracker))
      sleep(.milliseconds(20))  // pages that were copied are no longer shared then
    }
    let end = monotonicNanoseconds
    sleep(watch)
    return WorkerFigures(worker.stop(), from: start, snapshots: spans, end: end, watch: watch)
  }

  private func snapshot(_ tracker: ClassTracker) throws -> Span {
    let children = csizer_floor_children_time()
    let start = monotonicNanoseconds
    let snapshot = try tracker.createSnapshot(mode: mode)
    let end = monotonicNanoseconds
    let active = snapshot.classes.values.reduce(0) { $0 + $1.active }
    // Each session has a pair, and the worker may hold one more.
    let expected = 2 * LiveHeap.sessionCount
    guard (expected...expected + 1).contains(active), snapshot.skippedCount == 0, snapshot.unresolvedCount == 0,
      snapshot.mode == mode
    else { throw BenchError("the snapshot (\(snapshot.mode)) found \(snapshot.classes); \(expected) objects live") }
    return Span(
      start: start, end: end, pause: Int64(snapshot.pause / .nanoseconds(1)),
      child: csizer_floor_children_time() - children)
  }

  private func bareFork() throws -> Span {
    var time = csizer_floor_fork_time()
    let start = monotonicNanoseconds
    let status = csizer_floor_fork(&time)
    guard status == 0 else { throw BenchError("the system refused a fork: \(String(cString: strerror(status)))") }
    return Span(start: start, end: start + time.total, pause: time.pause)
  }

  private func sleep(_ time: Duration) { Thread.sleep(forTimeInterval: time / .seconds(1)) }
}

/// From when to when something took place, and for how long others waited; in nanoseconds.
struct Span {
  var start: Int64
  var end: Int64
  var pause: Int64
  /// Processor time of the child.
  var child: Int64 = 0

  var total: Int64 { end - start }
}
