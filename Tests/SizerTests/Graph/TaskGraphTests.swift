// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import TestSupport
import Testing

// Types of this file's own: other tests make objects in the same process at the same time.

private let mebibyte = 1 << 20

/// What a frame holds: a block of a mebibyte, and perhaps itself.
private final class TaskWindow: @unchecked Sendable {
  let bytes = [UInt8](repeating: 1, count: mebibyte - 32)
  var itself: TaskWindow?
}
/// The same for one test alone, so that its way is that test's.
private final class LocalWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class LetWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class GroupWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class StreamWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class KeyedWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class SleepingWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }
private final class EndedWindow: Sendable { let bytes = [UInt8](repeating: 1, count: mebibyte - 32) }

/// Where tasks wait until the test lets them go.
private final class TaskGate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [UnsafeContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  @inline(never)
  func wait() async {
    await withUnsafeContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Until so many wait here; that they wait for good takes them some instructions more.
  func hold(_ count: Int) async throws {
    while state.withLock({ $0.waiting.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
    try await Task.sleep(for: .milliseconds(20))
  }
}

/// Runs each job at once, on the thread that asks: so all of a task is made where the oracle looks.
private final class TaskAtOnce: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
  }
}

@inline(never)
private func holdWindow(_ window: consuming some AnyObject & Sendable, at gate: TaskGate) async {
  await gate.wait()
  withExtendedLifetime(window) {}
}

@inline(never)
private func parkWithPayload(_ gate: TaskGate) async {
  let payload = [UInt8](repeating: 7, count: 4_000)
  await gate.wait()
  withExtendedLifetime(payload) {}
}

/// Waits for a task in a frame of its own, so that the result is left in no other.
@inline(never)
private func waitForEnd(of task: Task<some Sendable, Never>) async { _ = await task.value }

private func records(_ maker: String, in graph: HeapGraph) -> [TaskRecord] {
  graph.tasks.filter { $0.creator?.contains("TaskGraphTests.\(maker)(") == true }
}

/// The only record of what a test's function made.
private func record(_ maker: String, in graph: HeapGraph) throws -> TaskRecord {
  let found = records(maker, in: graph)
  #expect(found.count == 1, "\(graph.tasks.map { ($0.creator ?? "?", $0.frames) })")
  return try #require(found.first)
}

/// Whether each object of a type, of which there are so many, is held by a frame of a task that this test's function
/// made. Others may have its address in an old word, too, which nobody can tell from one in use.
private func areHeld(_ type: Any.Type, count: Int, by maker: String, in graph: HeapGraph) -> Bool {
  let image = graph.image
  let tasks = Set(
    image.tasks.filter { $0.creator.map { image.labels[$0].text.contains("TaskGraphTests.\(maker)(") } ?? false }
      .compactMap(\.object))
  let held = Set(tasks.flatMap { image.edges(from: $0) }.filter { $0.kind == .uncertain }.map(\.target))
  let objects = (0..<image.objectCount).filter { image[$0].type.name == typeName(of: type) }
  return objects.count == count && objects.allSatisfy(held.contains)
}

@Suite("Tasks in the heap graph", .serialized)
struct TaskGraphTests {
  @Test("ten thousand tasks that wait account for what the allocator gave them")
  func manyTasks() throws {
    let (count, gate, executor) = (10_000, TaskGate(), TaskAtOnce())
    func make(_ count: Int, at gate: TaskGate) {
      for _ in 0..<count { Task.detached(executorPreference: executor) { await parkWithPayload(gate) } }
    }
    let once = TaskGate()
    make(1, at: once)  // what is made lazily
    once.open()
    let arena = try Arena()
    try arena.inside { make(count, at: gate) }
    let grown = try arena.bytes()
    let graph = try HeapGraph.capture(mode: .frozen)
    let found = try record("manyTasks", in: graph)
    #expect(found.count == count)
    #expect(found.state == "suspended")
    #expect(found.frames.contains { $0.hasPrefix("parkWithPayload") }, "\(found.frames)")
    #expect(grown > count * 4_000)
    #expect(Double(found.retainedBytes) >= 0.95 * Double(grown), "\(found.retainedBytes) of \(grown)")
    #expect(found.retainedBytes <= grown)
    #expect(found.bytes >= count * 512 && found.bytes < found.retainedBytes)
    gate.open()
    withExtendedLifetime(arena) {}
  }

  @Test("what a suspended function holds is its task's, and the way to it says so")
  func local() async throws {
    let gate = TaskGate()
    let task = Task.detached { await holdWindow(made { LocalWindow() }, at: gate) }
    try await gate.hold(1)
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(areHeld(LocalWindow.self, count: 1, by: "local", in: graph))
    let path = try #require(graph.path(toFirst: typeName(of: LocalWindow.self)))
    #expect(path.root?.hasPrefix("task ") == true && path.steps.first?.label == "frame", "\(path)")
    let found = try record("local", in: graph)
    #expect(found.state == "suspended")
    #expect(found.function.contains("TaskGate.wait()"), "\(found.function)")
    #expect(found.frames.contains { $0.contains("holdWindow") }, "\(found.frames)")
    // As the engine sizes it from the handle: an estimate, with its size.
    let size = try HeapSizer().size(of: task)
    #expect(size.estimatedBytes >= mebibyte)
    #expect(size.bytes >= size.estimatedBytes)
    gate.open()
    await task.value
  }

  @Test("what an async let holds is the waiting task's; the child has a record of its own")
  func asyncLet() async throws {
    let gate = TaskGate()
    let task = Task.detached {
      async let first: Void = holdWindow(made { LetWindow() }, at: gate)
      async let second: Void = holdWindow(made { LetWindow() }, at: gate)
      _ = await (first, second)
    }
    try await gate.hold(2)
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(areHeld(LetWindow.self, count: 2, by: "asyncLet", in: graph))
    #expect(graph.path(toFirst: typeName(of: LetWindow.self))?.root?.hasPrefix("task ") == true)
    let found = records("asyncLet", in: graph)
    #expect(found.reduce(0) { $0 + $1.count } == 3, "\(found)")
    #expect(try HeapSizer().size(of: task).estimatedBytes >= 2 * mebibyte)
    gate.open()
    await task.value
  }

  @Test("a group's children are found, and counted for who waits for them")
  func group() async throws {
    let gate = TaskGate()
    let task = Task.detached {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { await holdWindow(made { GroupWindow() }, at: gate) } }
        await group.waitForAll()
      }
    }
    try await gate.hold(4)
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(areHeld(GroupWindow.self, count: 4, by: "group", in: graph))
    #expect(graph.path(toFirst: typeName(of: GroupWindow.self))?.root?.hasPrefix("task ") == true)
    let found = records("group", in: graph)
    #expect(found.reduce(0) { $0 + $1.count } == 5, "\(found)")
    #expect(try HeapSizer().size(of: task).estimatedBytes >= 4 * mebibyte)
    gate.open()
    await task.value
  }

  @Test("who waits for a stream")
  func stream() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let gate = TaskGate()
    let task = Task.detached {
      let window = made { StreamWindow() }
      await withUnsafeContinuation { $0.resume() }
      gate.open()
      for await _ in stream {}
      withExtendedLifetime(window) {}
    }
    await gate.wait()
    try await Task.sleep(for: .milliseconds(50))
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(areHeld(StreamWindow.self, count: 1, by: "stream", in: graph))
    #expect(try HeapSizer().size(of: continuation).estimatedBytes >= mebibyte)
    continuation.finish()
    await task.value
  }

  private final class Keeper: @unchecked Sendable {
    var waiting: [String: CheckedContinuation<Void, Never>] = [:]
  }

  @Test("a continuation in a dictionary leads to its task")
  func continuation() async throws {
    let (keeper, gate) = (Keeper(), TaskGate())
    let task = Task.detached {
      let window = made { KeyedWindow() }
      await withCheckedContinuation {
        keeper.waiting["user37"] = $0
        gate.open()
      }
      withExtendedLifetime(window) {}
    }
    await gate.wait()
    try await Task.sleep(for: .milliseconds(50))
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(areHeld(KeyedWindow.self, count: 1, by: "continuation", in: graph))
    #expect(try HeapSizer().size(of: keeper).estimatedBytes >= mebibyte)
    keeper.waiting.removeValue(forKey: "user37")?.resume()
    await task.value
  }

  @Test("a task that sleeps and that nothing refers to is found")
  func sleeping() async throws {
    let gate = TaskGate()
    let cancel = {
      let task = Task.detached {
        let window = made { SleepingWindow() }
        gate.open()
        try? await Task.sleep(for: .seconds(10_000))
        withExtendedLifetime(window) {}
      }
      return { task.cancel() }
    }()
    await gate.wait()
    try await Task.sleep(for: .milliseconds(50))
    let graph = try HeapGraph.capture(mode: .frozen)
    let found = try record("sleeping", in: graph)
    #expect(found.state == "suspended")
    #expect(areHeld(SleepingWindow.self, count: 1, by: "sleeping", in: graph))
    cancel()
  }

  @Test("a task that has ended is an object as others, and lives as long as its handle")
  func ended() async throws {
    let task = Task.detached { made { EndedWindow() } }
    await waitForEnd(of: task)
    // Its closure is gone, and who made it with it.
    let found = try HeapGraph.capture(mode: .frozen).tasks.filter { $0.state == "complete" }
    #expect(!found.isEmpty && found.allSatisfy { $0.frames.isEmpty }, "\(found)")
    #expect(try HeapSizer().size(of: task).estimatedBytes >= mebibyte)
    withExtendedLifetime(task) {}
  }

  @Test("what a frame holds is no leak, and is one when the frame is gone")
  func leaks() async throws {
    let gate = TaskGate()
    let task = Task.detached {
      let window = made { TaskWindow() }
      window.itself = window
      await holdWindow(window, at: gate)
    }
    try await gate.hold(1)
    func windows(_ leaks: [LeakGroup]) -> [LeakGroup] {
      leaks.filter { $0.typeNames.contains(typeName(of: TaskWindow.self)) }
    }
    #expect(windows(try HeapGraph.proveLeaks()).isEmpty)
    gate.open()
    await task.value
    let leaks = windows(try HeapGraph.proveLeaks())
    #expect(leaks.map(\.grade) == [.proved])
  }
}
