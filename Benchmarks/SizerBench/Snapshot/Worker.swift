// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import SeededRandom
import Synchronization
import TrackingLoop

/// A busy thread that answers small requests, each of which allocates, writes to old memory and makes a tracked object,
/// and that notes when each began and how long it took.
final class Worker: Sendable {
  struct Request {
    var start: Int64
    var nanoseconds: Int64

    var end: Int64 { start + nanoseconds }
  }

  private let isStopped = Atomic<Bool>(false)
  private let hasEnded = DispatchSemaphore(value: 0)
  private let requests = Mutex<[Request]>([])
  private let heap: LiveHeap

  /// Starts it.
  init(on heap: LiveHeap) {
    self.heap = heap
    let thread = Thread { [self] in
      let done = work()
      requests.withLock { $0 = done }
      hasEnded.signal()
    }
    thread.name = "worker"
    thread.start()
  }

  /// Stops it, and answers all that it did, in order.
  func stop() -> [Request] {
    isStopped.store(true, ordering: .releasing)
    hasEnded.wait()
    return requests.withLock { $0 }
  }

  private func work() -> [Request] {
    var done: [Request] = []
    // An array that grows would be one slow request; pages that are not written to cost nothing.
    done.reserveCapacity(8_000_000)
    var generator = SeededGenerator(seed: 7)
    var sum = 0
    while !isStopped.load(ordering: .acquiring), done.count < done.capacity {
      let start = monotonicNanoseconds
      sum &+= request(&generator)
      done.append(Request(start: start, nanoseconds: monotonicNanoseconds - start))
    }
    withExtendedLifetime(sum) {}
    return done
  }

  /// Some ten microseconds.
  @inline(never)
  private func request(_ generator: inout SeededGenerator) -> Int {
    let visit = Pair(1)
    var fields: [String: [Int]] = [:]
    for number in 0..<16 { fields["the field number \(number)"] = [number, visit.first] }
    for _ in 0..<4 { heap.blocks.randomElement(using: &generator)?.touch() }
    return fields.values.reduce(0) { $0 &+ $1[0] } &+ visit.second
  }
}
