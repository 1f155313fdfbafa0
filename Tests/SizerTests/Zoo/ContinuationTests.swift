// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Runs each job at once, on the thread that asks: so all of a task, its frames included, is made where the oracle
/// looks.
private final class AtOnce: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
  }
}

/// Keeps jobs for ever.
private final class Keeper: TaskExecutor, @unchecked Sendable {
  var jobs: [UnownedJob] = []
  func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }
}

/// A task that waits for a continuation, and nobody else knows it.
private final class Waiting: @unchecked Sendable {
  let executor = AtOnce()
  var unsafe: UnsafeContinuation<Void, Never>?
  var checked: CheckedContinuation<Void, any Error>?

  func park(depth: Int) async {
    let frame = (depth, depth + 1, depth + 2)
    if depth > 0 {
      await park(depth: depth - 1)
    } else {
      await withUnsafeContinuation { unsafe = $0 }
    }
    keepAlive(frame)
  }

  deinit {
    unsafe?.resume()
    checked?.resume()
  }
}

// The tasks are detached: others take task-local values along, and those of a test are most of the tests' runner.
@Suite("Continuations and jobs")
struct ContinuationTests {
  @Test("an unsafe continuation leads to its task, with all its frames", arguments: [0, 1, 10, 100])
  func unsafe(depth: Int) throws {
    try expectExact(unresolved: 1) {
      let waiting = Waiting()
      Task.detached(executorPreference: waiting.executor) { [unowned(unsafe) waiting] in
        await waiting.park(depth: depth)
      }
      return waiting
    }
  }

  @Test("a checked continuation, too")
  func checked() throws {
    try expectExact(unresolved: 1) {
      let waiting = Waiting()
      Task.detached(executorPreference: waiting.executor) { [unowned(unsafe) waiting] in
        try? await withCheckedThrowingContinuation { waiting.checked = $0 }
      }
      return waiting
    }
  }

  @Test("an async let's leads to the task that waits for it")
  func asyncLet() throws {
    try expectExact(unresolved: 1) {
      let waiting = Waiting()
      Task.detached(executorPreference: waiting.executor) { [unowned(unsafe) waiting] in
        async let parked: Void = waiting.park(depth: 20)
        await parked
      }
      return waiting
    }
  }

  @Test("what only a waiting task holds counts for who can resume it")
  func frames() throws {
    let size = try expectExact(unresolved: 1) {
      let waiting = Waiting()
      Task.detached(executorPreference: waiting.executor) { [unowned(unsafe) waiting] in
        let payload = bytes(100_000)
        await waiting.park(depth: 3)
        keepAlive(payload)
      }
      return waiting
    }
    #expect(size.bytes > 100_000)
  }

  @Test("a job that waits is its task's")
  func jobs() throws {
    try expectExact(unresolved: 3) {
      let keeper = Keeper()
      for _ in 0..<number(3) {
        let leaf = Leaf()
        Task.detached(executorPreference: keeper) { keepAlive(leaf) }
      }
      return keeper
    }
  }

  @Test("a stream that somebody waits for leads to who waits")
  func streams() throws {
    // The task, and a context of the library's own that its metadata does not describe.
    try expectExactBesideAnother(unresolved: 1...2) {
      let executor = AtOnce()
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      Task.detached(executorPreference: executor) { for await element in stream { keepAlive(element) } }
      return Held(continuation)
    }
  }

  @Test("a task's handle and its continuation name one task")
  func shared() async throws {
    let waiting = Waiting()
    let task = Task.detached(executorPreference: waiting.executor) { [unowned(unsafe) waiting] in
      await waiting.park(depth: 1)
    }
    let sizes = try HeapSizer().sizes(of: [Held(task), waiting])
    #expect(sizes[0].bytes > 300)
    #expect(sizes[1].bytes <= 64)
    waiting.unsafe?.resume()
    waiting.unsafe = nil
    await task.value
  }
}
