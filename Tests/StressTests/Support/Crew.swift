// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Threads that do the same thing over and over until they are told to stop.
final class Crew: Sendable {
  private let isOver = Atomic<Bool>(false)
  private let ready = Atomic<Int>(0)
  private let threads: Mutex<[pthread_t]> = Mutex([])

  /// `prepare` makes what one thread works with; then its `work` is called with a number that counts up.
  init<Place>(
    of size: Int, prepare: @escaping @Sendable (Int) -> Place, work: @escaping @Sendable (inout Place, Int) -> Void
  ) {
    for number in 0..<size {
      start { [self] in
        var place = prepare(number)
        ready.add(1, ordering: .sequentiallyConsistent)
        var step = 0
        while !isOver.load(ordering: .relaxed) {
          work(&place, step)
          step += 1
        }
      }
    }
    while ready.load(ordering: .sequentiallyConsistent) < size { usleep(1000) }
  }

  convenience init(of size: Int, work: @escaping @Sendable (Int) -> Void) {
    self.init(of: size, prepare: { _ in () }, work: { _, step in work(step) })
  }

  private func start(_ body: @escaping @Sendable () -> Void) {
    final class Body: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Body(body)).toOpaque()
    let error = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context)
    precondition(error == 0, "no thread for a test")
    threads.withLock { $0.append(thread) }
  }

  /// Returns when all have stopped.
  func stop() {
    isOver.store(true, ordering: .relaxed)
    let ended = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { pthread_join(thread, nil) }
  }
}
