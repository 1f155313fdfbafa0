// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

// unsafe: planted by one thread.
private nonisolated(unsafe) var holder: Specimen?
private nonisolated(unsafe) var held: [Specimen] = []

private enum Statics {
  nonisolated(unsafe) static var specimen: Specimen?
  nonisolated(unsafe) static var byName: [String: Specimen] = [:]
  nonisolated(unsafe) static var unmanaged: UnsafeMutablePointer<UnsafeRawPointer?>?
  nonisolated(unsafe) static var forgotten: [UInt] = []
}

/// Threads that hold an object each until all is over.
enum LeakThreads {
  private static let isOver = Atomic<Bool>(false)
  private static let ready = Atomic<Int>(0)

  /// They may let go and end.
  static func end() { isOver.store(true, ordering: .relaxed) }

  fileprivate static let key = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Returns when `body` holds what it captured, in a thread of its own.
  fileprivate static func start(_ body: @escaping @Sendable () -> Void) {
    final class Body: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let before = ready.load(ordering: .sequentiallyConsistent)
    var thread = pthread_t()
    let error = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(Body(body)).toOpaque())
    precondition(error == 0, "no thread for a test")
    pthread_detach(thread)
    while ready.load(ordering: .sequentiallyConsistent) == before { usleep(1_000) }
  }

  fileprivate static func sleep() {
    ready.add(1, ordering: .sequentiallyConsistent)
    while !isOver.load(ordering: .relaxed) { usleep(10_000) }
  }

  fileprivate static func run() {
    ready.add(1, ordering: .sequentiallyConsistent)
    while !isOver.load(ordering: .relaxed) {}
  }
}

private func opaque(_ specimen: Specimen) -> UnsafeRawPointer {
  UnsafeRawPointer(Unmanaged.passRetained(specimen).toOpaque())
}

extension Scenario {
  /// Knots that something holds which is no object: all of them live.
  static let holders: [Scenario] = [
    Scenario("a global variable", .alive) {
      $0.other = $0
      holder = $0
    },
    Scenario("a global's array", .alive) {
      $0.other = $0
      held.append($0)
    },
    Scenario("a static variable", .alive) {
      $0.other = $0
      Statics.specimen = $0
    },
    Scenario("a static dictionary", .alive) {
      $0.other = $0
      Statics.byName["self"] = $0
    },
    Scenario("memory of C", .alive) {
      $0.other = $0
      let place = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(capacity: 4)
      place.initialize(repeating: nil, count: 4)
      place[2] = opaque($0)
      Statics.unmanaged = place
    },
    Scenario("a count that somebody forgot", .alive) {
      $0.other = $0
      Statics.forgotten.append(~UInt(bitPattern: opaque($0)))
    },
    Scenario("a thread's own value", .alive) {
      $0.other = $0
      pthread_setspecific(LeakThreads.key, opaque($0))
    },
    Scenario("the stack of a thread that sleeps", .alive) { specimen in
      specimen.other = specimen
      LeakThreads.start {
        LeakThreads.sleep()
        specimen.work()
      }
    },
    Scenario("the stack of a thread that runs", .alive) { specimen in
      specimen.other = specimen
      LeakThreads.start {
        LeakThreads.run()
        specimen.work()
      }
    },
  ]
}
