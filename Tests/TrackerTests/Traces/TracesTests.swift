// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

private class Traced {
  let value: Int
  init(_ value: Int) { self.value = number(value) }
}
private final class TracedBelow: Traced {
  let name: String
  override init(_ value: Int) {
    name = text()
    super.init(value)
  }
}

// What must be a call of its own, and give back what it made.
@inline(never)
private func createTraced() -> (object: Traced, line: Int) {
  let object = Traced(number(1)); let line = #line
  return (object, line)
}

@inline(never)
private func createBelow() -> (object: Traced, line: Int) {
  let object = TracedBelow(number(1)); let line = #line
  return (object, line)
}

@inline(never)
private func createThroughOthers() -> (object: Traced, line: Int) {
  let made = createTraced()
  // Without work that is left to do, the optimiser would jump there and leave no frame.
  keepAlive(made.object)
  return (made.object, made.line)
}

private let madeElsewhere = Mutex<Int>(0)

/// Where traces are kept of what is made on a stack that is not the test's.
@inline(never)
private func createAndForget() {
  let made = createTraced()
  madeElsewhere.withLock { $0 = made.line }
  keepAlive(made.object)
}

@inline(never)
private func throughQsort() {
  var numbers: [CInt] = [2, 1]
  qsort(&numbers, 2, MemoryLayout<CInt>.size) { _, _ in
    createAndForget()
    return 0
  }
}

private func inTask() async -> Int {
  await Task.yield()
  let made = createTraced()
  await Task.yield()
  keepAlive(made.object)
  return made.line
}

extension StackTrace {
  /// Without the initialisers of the class, which may come first.
  fileprivate var fromCreator: ArraySlice<Frame> {
    frames.drop { $0.function?.contains("init") == true && $0.function?.contains("Traced") == true }
  }
}

@Suite("Traces", .serialized)
struct TracesTests {
  /// The trace of the only object that is born while `body` runs.
  private func trace(_ body: () throws -> Void) throws -> StackTrace {
    let tracker = ClassTracker()
    try tracker.track(class: Traced.self, name: "Traced", trace: true)
    try body()
    tracker.detachAllClasses()
    let objects = tracker.objects("Traced")
    try #require(objects.count == 1)
    return try #require(objects[0].trace)
  }

  @Test("a trace begins at the creating line")
  func creatingLine() throws {
    var line = 0
    let trace = try trace { line = createTraced().line }
    let first = try #require(trace.fromCreator.first)
    #expect(first.function == "createTraced()" && first.file == #filePath && first.line == line)
  }

  @Test("so does that of a subclass whose initialiser calls super's")
  func subclass() throws {
    var line = 0
    let trace = try trace { line = createBelow().line }
    let first = try #require(trace.fromCreator.first)
    #expect(first.function == "createBelow()" && first.file == #filePath && first.line == line)
  }

  @Test("callers follow, up to the test")
  func callers() throws {
    var line = 0
    let trace = try trace { line = createThroughOthers().line }
    let frames = trace.fromCreator.filter { !$0.isInlined }
    #expect(frames.prefix(2).map(\.function) == ["createTraced()", "createThroughOthers()"])
    #expect(frames.first?.line == line)
    #expect(frames.contains { $0.function?.contains("callers()") == true && $0.file == #filePath })
  }

  @Test("in a thread")
  func threads() throws {
    let trace = try trace {
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { _ in
          createAndForget()
          return nil
        }, nil)
      try #require(status == 0)
      pthread_join(thread, nil)
    }
    let first = try #require(trace.fromCreator.first)
    #expect(first.function == "createTraced()" && first.line == madeElsewhere.withLock(\.self))
    #expect(trace.frames.allSatisfy { $0.image?.contains("libc.so") != true })
  }

  @Test("in a task")
  func tasks() async throws {
    let tracker = ClassTracker()
    try tracker.track(class: Traced.self, name: "Traced", trace: true)
    let line = await Task.detached { await inTask() }.value
    let trace = try #require(tracker.objects("Traced").first?.trace)
    let frames = trace.fromCreator
    #expect(frames.first?.function == "createTraced()" && frames.first?.line == line)
    #expect(frames.contains { $0.function?.contains("inTask()") == true })
  }

  @Test("in a callback of C, with the caller on the other side")
  func callbacks() throws {
    let trace = try trace { throughQsort() }
    #expect(trace.fromCreator.first?.function == "createTraced()")
    #expect(trace.fromCreator.first?.line == madeElsewhere.withLock(\.self))
    let callback = try #require(
      trace.frames.firstIndex { $0.function?.contains("closure #1 in throughQsort()") == true })
    let caller = try #require(trace.frames.lastIndex { $0.function == "throughQsort()" })
    #expect(callback < caller)
    #expect(trace.frames[callback...caller].contains { $0.image?.contains("libc.so") == true })
  }

  @Test("no frame is the tracker's or the allocation's")
  func noFramesOfOurs() throws {
    let trace = try trace { keepAlive(createTraced().object) }
    #expect(trace.frames.count > 2)
    for frame in trace.frames {
      let function = frame.function ?? ""
      #expect(!["csizer", "swift_alloc", "malloc", "unw_"].contains { function.contains($0) }, "\(function)")
    }
  }

  @Test("equal stacks are one trace; each object has that of its own birth")
  func shared() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Traced.self, name: "Traced", trace: true)
    var objects: [Traced] = []
    for index in 0..<100 { objects.append(index % 2 == 0 ? createTraced().object : createBelow().object) }
    let traces = tracker.objects("Traced").map { $0.trace!.fromCreator.first!.function! }
    #expect(traces == (0..<100).map { $0 % 2 == 0 ? "createTraced()" : "createBelow()" })
    keepAlive(objects)
  }

  @Test("objects that are tracked singly have none, nor classes that did not ask")
  func none() throws {
    let tracker = ClassTracker()
    let (traced, leaf) = (createTraced().object, made { Leaf() })
    try tracker.track(traced)
    try tracker.track(leaf)
    try tracker.track(class: Traced.self, name: "Traced")
    let other = createTraced().object
    #expect(tracker.statistics.objects.map(\.trace) == [nil, nil, nil])
    keepAlive((traced, leaf, other))
  }

  @Test("a trace stays when the object is dead, the tracker closed and the level changed")
  func stays() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Traced.self, name: "Traced", trace: true)
    do {
      let object = createTraced().object
      try tracker.change(object, resolutionLevel: 1)
      keepAlive(object)
    }
    tracker.close()
    #expect(tracker.objects("Traced")[0].death != nil)
    #expect(tracker.objects("Traced")[0].trace?.fromCreator.first?.function == "createTraced()")
  }

  @Test("an initialiser that is generic, and one that fails, have theirs")
  func oddInitialisers() throws {
    final class Local<Element> {
      let element: Element
      init?(_ element: Element, fails: Bool) {
        if fails { return nil }
        self.element = element
      }
    }
    let tracker = ClassTracker()
    try tracker.track(class: Local<Int>.self, name: "Local", trace: true)
    let objects = [made { Local(number(1), fails: true) }, made { Local(number(1), fails: false) }]
    let traces = tracker.objects("Local").map { $0.trace?.frames ?? [] }
    #expect(traces.count == 2)
    #expect(traces.allSatisfy { $0.contains { $0.function?.contains("oddInitialisers()") == true } })
    keepAlive(objects)
  }
}
