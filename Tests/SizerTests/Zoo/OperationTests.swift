// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private final class Load: Operation, @unchecked Sendable {
  var payload: [UInt8]
  init(_ count: Int) { payload = bytes(count) }
  override func main() {}
}

/// Operations that wait until they are cancelled: at the end.
private final class Pending {
  let queue: OperationQueue
  init(_ operations: [Operation]) { queue = suspendedQueue(operations) }
  deinit {
    queue.cancelAllOperations()
    queue.isSuspended = false
    queue.waitUntilAllOperationsAreFinished()
  }
}

private func suspendedQueue(_ operations: [Operation]) -> OperationQueue {
  let queue = OperationQueue()
  queue.isSuspended = true
  for operation in operations { queue.addOperation(operation) }
  return queue
}

@Suite("Operations")
struct OperationTests {
  @Test("an operation by itself")
  func alone() throws {
    try expectExactAndSome { Load(100_000) }
    try expectExactAndSome {
      let leaf = Leaf()
      return BlockOperation { keepAlive(leaf) }
    }
  }

  @Test("operations that depend on each other")
  func dependent() throws {
    try expectExactDespiteChance {
      let last = Load(1_000)
      let first = Load(2_000)
      last.addDependency(first)
      return last
    }
  }

  @Test("a queue owns the operations that wait in it")
  func waiting() throws {
    let size = try expectExactAndSome { Pending((0..<10).map { _ in Load(100_000) }) }
    #expect(size.bytes > 1_000_000)
    try expectExactAndSome { Pending([]) }
  }

  @Test("a queue that has done its work owns no operation")
  func done() throws {
    let pending = Pending((0..<10).map { _ in Load(100_000) })
    let full = try HeapSizer().size(of: pending)
    pending.queue.isSuspended = false
    pending.queue.waitUntilAllOperationsAreFinished()
    let size = try HeapSizer().size(of: pending)
    #expect(full.bytes - size.bytes >= 1_000_000)
  }

  @Test("operations of several priorities count once, whichever list they are in")
  func priorities() throws {
    let operations = (0..<5).map { Load(10_000 + $0) }
    for (operation, priority) in zip(
      operations, [.veryLow, .low, .normal, .high, .veryHigh] as [Operation.QueuePriority])
    {
      operation.queuePriority = priority
    }
    let pending = Pending(operations)
    let sizes = try HeapSizer().sizes(of: [operations[3], pending.queue])
    // Each operation holds its queue, and with it all that waits there.
    #expect(sizes[0].bytes > 50_000)
    #expect(sizes[1].bytes == 0)
  }
}
