// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

// Optimisers may clone and outline what they see; these stay calls.
@inline(never)
private func innermost() -> TakenStack {
  let stack = TakenStack(addresses: rawStack()); let line = #line
  return returning(stack, through: line)
}

@inline(never)
private func outermost() -> TakenStack {
  let stack = innermost(); let line = #line
  return returning(stack, through: line)
}

@inline(__always)
private func inlinedDeep() -> TakenStack {
  let stack = TakenStack(addresses: rawStack()); let line = #line
  return returning(stack, through: line)
}

@inline(__always)
private func inlinedMiddle() -> TakenStack {
  let stack = inlinedDeep(); let line = #line
  return returning(stack, through: line)
}

@inline(never)
private func inlinedInto() -> TakenStack {
  let stack = inlinedMiddle(); let line = #line
  return returning(stack, through: line)
}

private final class Maker {
  var stack = TakenStack()

  @inline(never)
  init(repeating count: Int) {
    stack = [count].map { _ in rawStack() }.map { TakenStack(addresses: $0) }[0]
  }
}

@inline(never)
private func throughQsort() {
  var numbers: [CInt] = [2, 1]
  qsort(&numbers, 2, MemoryLayout<CInt>.size) { _, _ in
    callbackStack.withLock { $0 = rawStack() }
    return 0
  }
}

@inline(never)
private func startRoutine(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  callbackStack.withLock { $0 = rawStack() }
  return nil
}

private func inTask() async -> [UInt] {
  await Task.yield()
  let stack = rawStack()
  await Task.yield()
  return stack
}

/// A stack's trace without the frames that only take it.
private func frames(of addresses: [UInt]) -> ArraySlice<StackTrace.Frame> {
  Symboliser().traces(of: [addresses])[0].frames.drop { $0.function == "rawStack()" }
}

@Suite("Symboliser", .serialized)
struct SymboliserTests {
  @Test("what symbols need is here")
  func available() {
    #expect(Symboliser.isAvailable)
  }

  @Test("functions that were called have their name, file and line, innermost first")
  func places() throws {
    let stack = outermost()
    let frames = frames(of: stack.addresses).prefix(2)
    #expect(frames.map(\.function) == ["innermost()", "outermost()"])
    #expect(frames.map(\.line) == stack.lines)
    #expect(frames.allSatisfy { $0.file == #filePath && $0.column > 0 && !$0.isInlined })
  }

  @Test("inlined functions are frames of their own, in order, each with its own line")
  func inlined() throws {
    let stack = inlinedInto()
    let frames = frames(of: stack.addresses).prefix(3)
    #expect(frames.map(\.function) == ["inlinedDeep()", "inlinedMiddle()", "inlinedInto()"])
    #expect(frames.map(\.line) == stack.lines)
    // Without the optimiser they are calls like any other.
    #if DEBUG
      let areInlined = false
    #else
      let areInlined = true
    #endif
    #expect(frames.map(\.isInlined) == [areInlined, areInlined, false])
    #expect(Set(frames.map(\.address)).count == (areInlined ? 1 : 3))
  }

  @Test("the code of the standard library between functions of the user's keeps its place")
  func closures() throws {
    // The optimiser may have specialised them, and says so before the name.
    let names = frames(of: Maker(repeating: 1).stack.addresses).prefix(3).compactMap(\.function)
    #expect(names.count == 3)
    #expect(names[0] == "closure #1 in Maker.init(repeating:)")
    #expect(names[1].contains("map"))
    #expect(names[2].hasSuffix("Maker.init(repeating:)"))
  }

  @Test("a callback of libc's qsort shows its caller on the other side of C")
  func qsortCallback() throws {
    throughQsort()
    let frames = frames(of: callbackStack.withLock(\.self))
    let callback = try #require(frames.firstIndex { $0.function?.hasPrefix("closure #1 in throughQsort()") ?? false })
    let caller = try #require(frames.lastIndex { $0.function == "throughQsort()" && !$0.isInlined })
    #expect(frames[callback..<caller].contains { $0.image?.contains("libc.so") ?? false })
  }

  @Test("a thread's trace ends with its start routine")
  func threads() throws {
    var thread = pthread_t()
    #expect(pthread_create(&thread, nil, { startRoutine($0) }, nil) == 0)
    pthread_join(thread, nil)
    let frames = frames(of: callbackStack.withLock(\.self))
    #expect(frames.contains { $0.function?.hasSuffix("startRoutine(_:)") == true && $0.file == #filePath })
    #expect(frames.last?.image == frames.first?.image)
    // Of which build the offsets are: the program's own, by what its frames say before they have names.
    let own = try #require(rawTraces(of: [rawStack()])[0].first { $0.frame.image == frames.first?.image }).buildID
    #expect(own.count >= 16 && frames.first?.buildID == own)
    #expect(frames.allSatisfy { !($0.image?.contains("libc.so") ?? false) })
  }

  @Test("a task's trace is the async function's, without the pool that runs it")
  func tasks() async throws {
    let frames = frames(of: await Task.detached { await inTask() }.value)
    #expect(frames.first?.function?.contains("inTask()") == true)
    #expect(frames.first?.file == #filePath)
    let pool = ["libdispatch.so", "libc.so.6", "libswift_Concurrency.so"]
    #expect(frames.allSatisfy { frame in !pool.contains { frame.image?.hasSuffix($0) ?? false } })
  }

  @Test("addresses that are nobody's code stay frames without names")
  func garbage() {
    let local = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    defer { local.deallocate() }
    let stack: [UInt] = [0, 1, 0xdead_beef, .max, 1 << 47, UInt(bitPattern: local)]
    let trace = Symboliser().traces(of: [stack])[0]
    #expect(trace == StackTrace(frames: stack.map { StackTrace.Frame(address: UInt64($0)) }))
  }

  @Test("every byte around a function can be asked")
  func everyByte() {
    let middle = rawStack()[0]
    let stacks = (0..<4_096).map { [middle &- 2_048 &+ $0] }
    let traces = Symboliser().traces(of: stacks)
    #expect(traces.count == stacks.count)
    #expect(
      zip(stacks, traces).allSatisfy { $1.frames.allSatisfy { [address = UInt64($0[0])] in $0.address == address } })
  }

  @Test("no stacks give no traces, an empty one gives an empty one")
  func empty() {
    #expect(Symboliser().traces(of: []) == [])
    #expect(Symboliser().traces(of: [[], []]) == [StackTrace(), StackTrace()])
  }

  @Test("thousands of stacks are what each is by itself, in order")
  func thousands() {
    let kinds = [outermost().addresses, inlinedInto().addresses, [], [7]]
    let single = kinds.map { Symboliser().traces(of: [$0])[0] }
    #expect(Set(single).count == kinds.count)
    let symboliser = Symboliser()
    let traces = symboliser.traces(of: (0..<8_000).map { kinds[$0 % kinds.count] })
    #expect(traces.count == 8_000)
    #expect(traces.enumerated().allSatisfy { $1 == single[$0 % kinds.count] })
    #expect(symboliser.traces(of: kinds) == single)
  }

  @Test("C++ names are demangled, C names stay")
  func names() {
    #expect(readableName("_ZN5boxes5crateEi") == "boxes::crate(int)")
    #expect(readableName("qsort_r") == "qsort_r")
    #expect(readableName("$s4Demo8EmployeeC4nameACSS_tcfc") == "Employee.init(name:)")
  }
}
