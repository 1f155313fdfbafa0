// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Threads that do the same at the same time. They are made for each run: the stack below their work is short and
/// always the same.
enum Team {
  /// What a thread does: it prepares itself, and calls `ready` with what is to be timed. The result stands for all that
  /// was computed, so that the optimiser drops nothing.
  typealias Work = @Sendable (_ ready: (() -> Int) -> Int) -> Int

  /// Runs `work` on so many threads and answers the nanoseconds of processor time that the timed parts took together.
  /// Processor time, because neighbours on a busy machine don't count in it; nor does sleeping for a lock.
  static func run(threads: Int, work: @escaping Work) -> Int {
    let run = TeamRun(threads: threads, work: work)
    let handles = (0..<threads).map { _ in start(run) }
    for handle in handles { pthread_join(handle, nil) }
    return run.nanoseconds
  }

  private static func start(_ run: TeamRun) -> pthread_t {
    var handle = pthread_t()
    let status = pthread_create(
      &handle, nil,
      { context in
        Unmanaged<TeamRun>.fromOpaque(context!).takeRetainedValue().member()
        return nil
      }, Unmanaged.passRetained(run).toOpaque())
    guard status == 0 else {  // those that were started wait for it
      complain("the system refused a thread: \(String(cString: strerror(status)))")
      exit(71)
    }
    return handle
  }
}

private final class TeamRun: Sendable {
  private let waiting: Atomic<Int>
  private let sum = Atomic<Int>(0)
  private let time = Atomic<Int>(0)
  private let work: Team.Work

  init(threads: Int, work: @escaping Team.Work) {
    waiting = Atomic(threads)
    self.work = work
  }

  var nanoseconds: Int { time.load(ordering: .relaxed) }

  @inline(never)
  func member() {
    let result = work { timed in
      waiting.subtract(1, ordering: .acquiringAndReleasing)
      while waiting.load(ordering: .acquiring) > 0 { sched_yield() }
      let start = processorTime
      let result = timed()
      time.add(processorTime - start, ordering: .relaxed)
      return result
    }
    sum.wrappingAdd(result, ordering: .relaxed)  // of numbers that mean nothing
  }
}

/// Says something on standard error.
public func complain(_ text: String) {
  let line = text + "\n"
  line.withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
}

/// Nanoseconds of processor time that the calling thread has taken.
public var processorTime: Int {
  var now = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
  return now.tv_sec * 1_000_000_000 + now.tv_nsec
}
