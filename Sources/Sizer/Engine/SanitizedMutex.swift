// SPDX-License-Identifier: Apache-2.0
#if SIZER_THREAD_SANITIZER
  import Synchronization

  /// The library's mutex, in a form in which ThreadSanitizer sees that who has the lock comes after who had it: the
  /// library itself is not instrumented. For that build only, where it takes the place of the library's in this module.
  struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let inner: Synchronization.Mutex<Value>
    private let order = Atomic<Int>(0)

    init(_ initial: consuming sending Value) {
      inner = Synchronization.Mutex(initial)
    }

    borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      try inner.withLock { (value: inout sending Value) throws(Failure) -> sending Result in
        order.wrappingAdd(1, ordering: .acquiringAndReleasing)
        defer { order.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        return try body(&value)
      }
    }

    borrowing func withLockIfAvailable<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result? {
      try inner.withLockIfAvailable { (value: inout sending Value) throws(Failure) -> sending Result in
        order.wrappingAdd(1, ordering: .acquiringAndReleasing)
        defer { order.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        return try body(&value)
      }
    }
  }
#endif
