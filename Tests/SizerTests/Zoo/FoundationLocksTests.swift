// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Sizer
import Testing

private final class Guarded {
  let lock = NSLock()
  let again = NSRecursiveLock()
  var value = text()
}

@Suite("Foundation's locks and queues")
struct FoundationLocksTests {
  @Test("a lock owns its mutex")
  func locks() throws {
    try expectExact(objects: 1, rawBlocks: 1) { NSLock() }
    try expectExact(objects: 1, rawBlocks: 1) { NSRecursiveLock() }
    try expectExact(objects: 1, rawBlocks: 2) { NSCondition() }
    try expectExact(objects: 2, rawBlocks: 2) { NSConditionLock(condition: number(3)) }
  }

  @Test("a named lock, a locked lock, locks in a class")
  func inUse() throws {
    try expectExact(objects: 2, rawBlocks: 1) {
      let lock = NSLock()
      lock.name = text()
      return lock
    }
    let lock = NSLock()
    let size = try lock.withLock { try HeapSizer().size(of: lock) }
    #expect(size == (try HeapSizer().size(of: lock)))
    try expectExact(objects: 4, rawBlocks: 2) { Guarded() }
  }

  @Test("operations and their queues")
  func operations() throws {
    try expectExact(objects: 4, rawBlocks: 4) { BlockOperation {} }
    try expectExactAndSome { OperationQueue() }
  }

  @Test("files, pipes, threads, processes that were not started")
  func processes() throws {
    try expectExact(objects: 2, rawBlocks: 1) { FileHandle(fileDescriptor: 0, closeOnDealloc: false) }
    try expectExact(objects: 5, rawBlocks: 2) { Pipe() }
    try expectExact(objects: 2) { Thread {} }
    try expectExact(objects: 8, rawBlocks: 2) { Held((Thread {}, Pipe())) }
  }

  @Test("libdispatch's own objects are counted, what hangs below them is not known")
  func dispatch() throws {
    let queue = try HeapSizer().size(of: DispatchQueue(label: text()))
    #expect(queue.unresolvedCount > 0)
    #expect(queue.bytes >= 24)
    let semaphore = try HeapSizer().size(of: DispatchSemaphore(value: number(1)))
    #expect(semaphore.unresolvedCount > 0)
    #expect(semaphore.bytes >= 24)
  }
}
