// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOConcurrencyHelpers
import Sizer
import Testing

/// A lock behind a pointer, as libraries write them: the names are nobody's, the pointee's type is POSIX's.
private final class Guarded<Lock> {
  let here: UnsafeMutablePointer<Lock>
  let end = Leaf()
  init(_ prepare: (UnsafeMutablePointer<Lock>) -> Int32) {
    here = .allocate(capacity: number(1))
    precondition(prepare(here) == 0)
  }
  deinit { here.deallocate() }
}

private struct Gate {
  let mutex: UnsafeMutablePointer<pthread_mutex_t>
  var condition: UnsafeMutablePointer<pthread_cond_t>?
}

private final class Turnstile {
  let gate: Gate
  init(hasCondition: Bool) {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: number(1))
    pthread_mutex_init(mutex, nil)
    var gate = Gate(mutex: mutex)
    if hasCondition {
      gate.condition = .allocate(capacity: number(1))
      pthread_cond_init(gate.condition!, nil)
    }
    self.gate = gate
  }
  deinit {
    gate.mutex.deallocate()
    gate.condition?.deallocate()
  }
}

private final class Sharing {
  let lock: UnsafeMutablePointer<pthread_rwlock_t>
  init(_ lock: UnsafeMutablePointer<pthread_rwlock_t>) { self.lock = lock }
}

/// Points into a block that something else owns.
private final class Borrower {
  let owner: Block
  let lock: UnsafeMutablePointer<pthread_mutex_t>
  init(_ owner: Block) {
    self.owner = owner
    lock = (owner.start + 1_024).assumingMemoryBound(to: pthread_mutex_t.self)
  }
}

private final class Block {
  let start: UnsafeMutableRawPointer
  init() { start = .allocate(byteCount: number(4_096), alignment: 16) }
  deinit { start.deallocate() }
}

private func made() -> UnsafeMutablePointer<pthread_mutex_t>? {
  let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: number(1))
  pthread_mutex_init(lock, nil)
  return lock
}

nonisolated(unsafe) private var global = pthread_mutex_t()

private final class Static {
  let lock: UnsafeMutablePointer<pthread_mutex_t>
  init(_ lock: UnsafeMutablePointer<pthread_mutex_t>) { self.lock = lock }
}

@Suite("Locks behind pointers")
struct LockTests {
  @Test("each of POSIX's")
  func kinds() throws {
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<pthread_mutex_t> { pthread_mutex_init($0, nil) } }
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<pthread_rwlock_t> { pthread_rwlock_init($0, nil) } }
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<pthread_cond_t> { pthread_cond_init($0, nil) } }
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<pthread_attr_t> { pthread_attr_init($0) } }
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<pthread_mutexattr_t> { pthread_mutexattr_init($0) } }
    try expectExact(objects: 2, rawBlocks: 1) { Guarded<sem_t> { sem_init($0, 0, 0) } }
  }

  @Test("in structs, optional, in arrays")
  func places() throws {
    try expectExact(objects: 1, rawBlocks: 2) { Turnstile(hasCondition: true) }
    try expectExact(objects: 1, rawBlocks: 1) { Turnstile(hasCondition: false) }
    try expectExact(objects: 1, rawBlocks: 3) {
      array(made(), made(), made(), capacity: 8) as [UnsafeMutablePointer<pthread_mutex_t>?]
    }
  }

  @Test("a lock that two share counts once")
  func shared() throws {
    try expectExact(objects: 3, rawBlocks: 1) {
      let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: number(1))
      pthread_rwlock_init(lock, nil)
      return array(Sharing(lock), Sharing(lock))
    }
  }

  @Test("a lock inside a block is its block's, a static one nobody's")
  func inside() throws {
    try HeapSizer.registerOwningField("start", of: Block.self)
    try expectExact(objects: 2, rawBlocks: 1) { Borrower(Block()) }
    try expectExact(objects: 1) { Static(&global) }
  }

  @Test("those of libraries")
  func libraries() throws {
    try expectExact(objects: 1) { NIOLock() }
    try expectExactAndSome { ConditionLock(value: number(1)) }
    try expectExactAndSome { array(NSLock(), NSLock()) }
  }
}
