// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

private final class Node {
  let name: String
  var next: Node?
  @inline(never)
  init(_ value: Int) { name = text(number(value) + 40) }
}

/// Bytes of stack that a call has touched, as the pattern tells that was there before.
private func stackUsed(of bytes: Int, by body: @escaping @Sendable () -> Void) -> Int {
  final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let pattern: UInt8 = 0xA7
  let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  // The system may refuse threads with so little: 128 KiB are the least on arm64. All but the upper end nobody may
  // touch, nor a page below: what needs more ends the process here.
  let whole = max(bytes, Int(sysconf(Int32(_SC_THREAD_STACK_MIN))) + page - 1) / page * page
  let memory = mmap(nil, page + whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
  precondition(memory != MAP_FAILED && mprotect(memory, page + whole - bytes, PROT_NONE) == 0)
  let stack = memory + page + whole - bytes
  memset(stack, Int32(pattern), bytes)
  let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
  pthread_attr_init(attributes)
  precondition(pthread_attr_setstack(attributes, memory + page, whole) == 0)
  var thread: pthread_t = 0
  let status = pthread_create(
    &thread, attributes,
    { context in
      Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
      return nil
    }, Unmanaged.passRetained(Body(body)).toOpaque())
  precondition(status == 0, "no thread")
  pthread_join(thread, nil)
  pthread_attr_destroy(attributes)
  attributes.deallocate()
  let untouched = UnsafeRawBufferPointer(start: stack, count: bytes).prefix { $0 == pattern }.count
  munmap(memory, page + whole)
  return bytes - untouched
}

/// Everything that a tracker and a sizer offer, one call after the other.
private struct Calls {
  let tracker: ClassTracker
  let path: String
  var objects: [Node] = []

  struct Step: Sendable {
    var name: String
    var run: @Sendable (inout Calls) throws -> Void
    init(_ name: String, _ run: @escaping @Sendable (inout Calls) throws -> Void) {
      (self.name, self.run) = (name, run)
    }
  }

  static let tracking: [Step] = [
    Step("track(class:)") { calls in try calls.tracker.track(class: Node.self, resolutionLevel: 2, trace: true) },
    Step("a birth") { calls in for number in 0..<20 { calls.objects.append(Node(number)) } },
    Step("track(object)") { calls in try calls.tracker.track(calls.objects[0], name: "first", resolutionLevel: 1) },
    Step("change") { calls in try calls.tracker.change(calls.objects[1], resolutionLevel: 1) },
    Step("record") { calls in try calls.tracker.record(to: calls.path) },
    Step("in place") { calls in try calls.tracker.createSnapshot("in place", mode: .inPlace) },
    Step("frozen") { calls in try calls.tracker.createSnapshot("frozen", mode: .frozen) },
    Step("automatic") { calls in try calls.tracker.createSnapshot() },
    Step("statistics") { calls in _ = calls.tracker.statistics },
    Step("stopRecording") { calls in try calls.tracker.stopRecording() },
    Step("startPeriodicSnapshots") { calls in try calls.tracker.startPeriodicSnapshots(every: .seconds(3_600)) },
    Step("stopPeriodicSnapshots") { calls in calls.tracker.stopPeriodicSnapshots() },
  ]
  static let ending: [Step] = [
    Step("detach") { calls in try calls.tracker.detach(class: Node.self) },
    Step("detachAllClasses") { calls in calls.tracker.detachAllClasses() },
    Step("a death") { calls in calls.objects.removeLast() },
    Step("detachAll") { calls in calls.tracker.detachAll() },
    Step("clear") { calls in calls.tracker.clear() },
    Step("close") { calls in calls.tracker.close() },
  ]
  static let sizing: [Step] = [
    Step("size") { calls in _ = try HeapSizer().size(of: calls.objects) },
    Step("sizes") { calls in _ = try HeapSizer().sizes(of: calls.objects) },
    Step("tree") { calls in _ = try HeapSizer().tree(of: calls.objects[0], depth: 4) },
    Step("histogram") { calls in _ = try HeapSizer().histogram(of: calls.objects) },
    Step("capabilities") { _ in _ = HeapSizer.capabilities },
    Step("registerOwningField") { _ in try? HeapSizer.registerOwningField("no", of: Node.self) },
  ]
  static let steps = tracking + sizing + ending
}

@Suite("Threads with small stacks", .serialized)
struct SmallStacksTests {
  // On arm64 no thread has less than 128 KiB (glibc's PTHREAD_STACK_MIN), and the first call stack that libunwind takes
  // in a process wants 15 KiB, where it is content with 6 on x86-64.
  #if arch(arm64)
    private static let (sizes, most) = ([128, 64], 48)
  #else
    private static let (sizes, most) = ([64, 32], 24)
  #endif

  /// Each call on a thread of its own; answers what each has taken of its stack.
  private func run(onStacksOf bytes: Int) throws -> [(String, Int)] {
    let folder = try TemporaryFolder()
    let calls = Mutex(Calls(tracker: ClassTracker(), path: folder.path("small.sizer")))
    let failure = Mutex<String?>(nil)
    var used: [(String, Int)] = []
    for step in Calls.steps {
      let taken = stackUsed(of: bytes) {
        do { try calls.withLock { try step.run(&$0) } } catch { failure.withLock { $0 = "\(error)" } }
      }
      used.append((step.name, taken))
      #expect(failure.withLock { $0 } == nil, "\(step.name)")
    }
    return used
  }

  @Test("every call works on a small stack, a quarter of which is left", arguments: sizes)
  func calls(kibibytes: Int) throws {
    let used = try run(onStacksOf: kibibytes << 10)
    #expect(used.count == Calls.steps.count)
    // Thread-local variables of the libraries included, which lie on top of a thread's stack.
    for (name, bytes) in used { #expect(bytes <= Self.most << 10, "\(name)") }
  }

  @Test("making a tracker and dropping it, with a recording under way and traces that were never looked up")
  func droppedTracker() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("dropped.sizer")
    let failure = Mutex<String?>(nil)
    let kept = Mutex<[Node]>([])
    _ = stackUsed(of: 32 << 10) {
      do {
        let tracker = ClassTracker()
        try tracker.track(class: Node.self, trace: true)
        try tracker.record(to: path)
        kept.withLock { $0 = [Node(1), Node(2)] }
        try tracker.createSnapshot("only")
      } catch { failure.withLock { $0 = "\(error)" } }
    }
    #expect(failure.withLock { $0 } == nil)
    let profile = try Statistics(contentsOf: path)
    #expect(profile.snapshots.map(\.label) == ["only"])
    #expect(profile.objects.count == 2)
    for object in profile.objects {
      #expect(object.trace?.frames.contains { $0.function?.contains("SmallStacks") == true } == true)
    }
  }
}
