// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private enum Context {
  @TaskLocal static var leaf: Leaf?
}

@Suite("Concurrency")
struct ConcurrencyTests {
  @Test("a stream owns what waits in it")
  func streams() throws {
    try expectExactAndSome {
      AsyncStream<Leaf> { continuation in
        for index in 0..<number(10) { continuation.yield(Leaf(index)) }
      }
    }
    try expectExactAndSome {
      AsyncThrowingStream<String, any Error> { continuation in
        for index in 0..<number(10) { continuation.yield(text(20 + index)) }
        continuation.finish(throwing: CancellationError())
      }
    }
  }

  @Test("a stream, its continuation and what runs when it ends")
  func continuations() throws {
    try expectExactAndSome {
      let (stream, continuation) = AsyncStream.makeStream(of: Leaf.self, bufferingPolicy: .bufferingNewest(number(3)))
      let string = text()
      continuation.onTermination = { _ in keepAlive(string) }
      for index in 0..<number(10) { continuation.yield(Leaf(index)) }
      return (stream, continuation)
    }
    try expectExactAndSome {
      let leaf = Leaf()
      return AsyncStream<Int>(unfolding: { leaf.value })
    }
  }

  @Test("adapters of sequences")
  func adapters() throws {
    try expectExactAndSome {
      let leaf = Leaf()
      return AsyncStream<Int> { $0.yield(1) }.map { $0 + leaf.value }.filter { $0 > 1 }
    }
  }

  @Test("a task is counted, what lives in its frames only as far as it is found")
  func tasks() async throws {
    let leaf = Leaf()
    let task = Task {
      try? await Task.sleep(for: .seconds(1000))
      return leaf.value
    }
    let size = try HeapSizer().size(of: task)
    #expect(size.unresolvedCount > 0)
    #expect(size.bytes >= 304)
    #expect(size.objectCount >= 1)
    task.cancel()
    _ = await task.value
  }

  @Test("a task that has ended owns its result")
  func ended() async throws {
    let task = Task { array(text(1000), text(2000)) }
    _ = await task.value
    let size = try HeapSizer().size(of: task)
    #expect(size.unresolvedCount > 0)
    #expect(size.bytes >= 304 + 3000)
  }

  @Test("an object that holds a task is as unsure as the task")
  func holders() async throws {
    // Detached: it holds no task-local values, which are the tests' runner's.
    let task = Task.detached { try? await Task.sleep(for: .seconds(1000)) }
    let size = try HeapSizer().size(of: Held((task, text())))
    // A frame's words may be of calls that are over, and lead to whatever else is alive.
    #expect(size.unresolvedCount >= 1 && size.estimatedBytes > 0)
    #expect(size.objectCount >= 3)
    task.cancel()
    _ = await task.value
  }

  @Test("checked continuations")
  func checked() async throws {
    let size = await withCheckedContinuation { (continuation: CheckedContinuation<HeapSize?, Never>) in
      continuation.resume(returning: try? HeapSizer().size(of: continuation))
    }
    #expect(try #require(size).objectCount >= 1)
  }
}
