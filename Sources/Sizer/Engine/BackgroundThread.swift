// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  /// Runs `body` on a thread of its own, with all signals blocked but one that the runtime stops threads with when the
  /// process crashes. False when the system refuses it.
  package static func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    final class Body: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let context = Unmanaged.passRetained(Body(body))
    let status = csizer_thread_start(
      name,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    if status != CSIZER_OK { context.release() }
    return status == CSIZER_OK
  }
}

/// One thread waits, others signal.
final class Wakeup: Sendable {
  // unsafe: the engine's wakeup is made for several threads; nil when the system refused it memory.
  nonisolated(unsafe) private let handle: OpaquePointer?

  init() {
    var made: OpaquePointer?
    handle = csizer_wakeup_create(&made) == CSIZER_OK ? made : nil
  }

  deinit {
    csizer_wakeup_destroy(handle)
  }

  /// False when nobody can wait for it.
  var isUsable: Bool { handle != nil }

  /// Ends the wait under way, or the next one.
  func signal() {
    if let handle { csizer_wakeup_signal(handle) }
  }

  /// Returns when the time is over, or the wakeup was signalled since the last wait ended.
  func wait(atMost duration: Duration) {
    let (seconds, attoseconds) = min(duration, .seconds(1_000_000_000)).components
    if let handle { csizer_wakeup_wait(handle, UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)) }
  }
}
