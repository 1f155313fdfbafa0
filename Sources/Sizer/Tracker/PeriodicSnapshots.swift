// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Calls a function at regular times on a thread of its own, until it is stopped or the function says so.
///
/// The times are multiples of the interval after the start, whatever the function takes; those that were missed are left out. Starting again
/// while it runs changes the interval only.
final class PeriodicSnapshots: Sendable {
  private struct State {
    /// Which of the threads that were ever started is the present one; 0: none. An old one sees that it is not meant any more.
    var current = 0
    var lastStarted = 0
    var interval: Duration = .zero
    var next: ContinuousClock.Instant = .now
  }
  private let state = Mutex(State())
  private let wake = WakeUp()

  /// Whether a thread runs.
  var isRunning: Bool { state.withLock { $0.current != 0 } }

  /// Starts, or changes the interval. `body` answers whether to go on. False when the system refuses a thread.
  func start(every interval: Duration, _ body: @escaping @Sendable () -> Bool) -> Bool {
    let run: Int? = state.withLock { state in
      state.interval = interval
      state.next = .now + interval
      guard state.current == 0 else { return nil }
      state.lastStarted += 1
      state.current = state.lastStarted
      return state.current
    }
    wake.signal()
    guard let run else { return true }
    if startThread(named: "sizer-snapshots", { self.loop(run, body) }) { return true }
    end(run)
    return false
  }

  /// Returns at once; a call of the function that is under way is still finished.
  func stop() {
    state.withLock { $0.current = 0 }
    wake.signal()
  }

  private func end(_ run: Int) {
    state.withLock { state in
      if state.current == run { state.current = 0 }
    }
  }

  private func loop(_ run: Int, _ body: () -> Bool) {
    while let next = state.withLock({ $0.current == run ? $0.next : nil }) {
      let rest = next - .now
      if rest > .zero {
        wake.wait(atMost: rest)
        continue
      }
      guard body() else { return end(run) }
      state.withLock { state in
        guard state.next == next else { return }  // it was started again meanwhile
        let missed = max(0, Int((ContinuousClock.now - next) / state.interval))
        state.next = next + state.interval * (missed + 1)
      }
    }
  }
}

/// A condition that one thread waits for with a time limit by the monotonic clock.
private final class WakeUp: @unchecked Sendable {
  // @unchecked: pthread's own objects are made for several threads; their addresses are stable since they are allocated.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)

  init() {
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    condition.initialize(to: pthread_cond_t())
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
    count.initialize(to: 0)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
    count.deallocate()
  }

  /// Ends the wait under way, or the next one.
  func signal() {
    pthread_mutex_lock(mutex)
    count.pointee += 1
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns when the time is over or somebody has signalled since the last wait ended.
  func wait(atMost duration: Duration) {
    var limit = timespec()
    clock_gettime(CLOCK_MONOTONIC, &limit)
    let (seconds, attoseconds) = min(duration, .seconds(1_000_000_000)).components
    let nanoseconds = limit.tv_nsec + Int(attoseconds / 1_000_000_000)
    limit.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
    limit.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    while count.pointee == 0, pthread_cond_timedwait(condition, mutex, &limit) == 0 {}
    count.pointee = 0
    pthread_mutex_unlock(mutex)
  }
}

/// A detached thread with all signals blocked: the program's handlers run on its own threads.
private func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
  final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  var blocked = sigset_t()
  var before = sigset_t()
  sigfillset(&blocked)
  pthread_sigmask(SIG_SETMASK, &blocked, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  let context = Unmanaged.passRetained(Body(body))
  var thread = pthread_t()
  let status = pthread_create(
    &thread, nil,
    { context in
      Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
      return nil
    }, context.toOpaque())
  guard status == 0 else {
    context.release()
    return false
  }
  pthread_setname_np(thread, name)
  pthread_detach(thread)
  return true
}
