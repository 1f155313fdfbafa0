// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
import Sizer
import Synchronization
import Testing

// Each object has a type of its own: the others of this process are nobody's here.

private final class HeldByRunner { var number = 1 }
private final class HeldByCaller { var number = 2 }
/// Of a size of its own: memory that has not been cleared may refer to what lay at its address before.
private final class HeldByMemory { var bytes = InlineArray<2_400, UInt8>(repeating: 3) }
private final class HeldByQueue {
  let other = QueuedBelow()
  let bytes = InlineArray<2_900, UInt8>(repeating: 4)  // as above
}
private final class QueuedBelow {}
/// A block of the allocator's that fills pages.
private final class BehindBuffer {
  var other: BehindBuffer?
  let bytes = InlineArray<4_000, UInt8>(repeating: 5)
}
/// As C's FILE and C++'s vector have them. nonisolated(unsafe): one test writes them, in a process of its own.
nonisolated(unsafe) private var bounds: (start: UInt, end: UInt) = (0, 0)
private final class HeldByNobodyKnown { var number = 4 }

/// Keeps the object where it is: what is not used any more may go early, and what nobody else sees need not be on the
/// heap.
@inline(never) @_optimize(none) private func use(_ object: AnyObject) -> Int { ObjectIdentifier(object).hashValue }

private final class Runner: Sendable {
  let isThere = Atomic(false)
  let mayEnd = Atomic(false)
}

/// A thread that calls itself by a name.
private func start(named name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }
  var thread = pthread_t()
  // unsafe: the thread takes over the reference that is passed along here.
  pthread_create(
    &thread, nil,
    { body in
      Unmanaged<Body>.fromOpaque(body!).takeRetainedValue().run()
      return nil
    },
    Unmanaged.passRetained(
      Body {
        // What prctl(PR_SET_NAME) does.
        let file = fopen("/proc/thread-self/comm", "w")!
        fputs(name, file)
        fclose(file)
        body()
      }
    ).toOpaque())
  return thread
}

/// Only ``HeldByMemory``, and where the word is that holds it.
@inline(never) private func fill(_ memory: UnsafeMutablePointer<AnyObject>) { memory.initialize(to: HeldByMemory()) }

@Suite("Roots of the heap graph", .serialized)
struct HeapRootTests {
  @Test("a thread that runs holds what is on its stack, by the thread's name")
  func running() async {
    // In a process of its own: what others have freed may still have the address that this object gets.
    await #expect(processExitsWith: .success) {
      let runner = Runner()
      let thread = start(named: "busy-thread") {
        let object = HeldByRunner()
        runner.isThere.store(true, ordering: .releasing)
        while !runner.mayEnd.load(ordering: .acquiring) {}
        _ = use(object)
      }
      defer { pthread_join(thread, nil) }
      defer { runner.mayEnd.store(true, ordering: .releasing) }
      while !runner.isThere.load(ordering: .acquiring) { sched_yield() }
      let graph = try HeapGraph.capture(mode: .frozen)
      let roots = try HeapRootTests().roots(of: HeldByRunner.self, in: graph)
      // In optimised code the reference may be in a register and nowhere else: then it is said that nobody knows.
      let path = try #require(graph.path(toFirst: typeName(of: HeldByRunner.self)))
      if roots.isEmpty {
        #expect(path.root == "unknown holder (1 reference that the heap does not explain)")
      } else {
        #expect(path.root == "thread busy-thread")
      }
    }
  }

  /// A buffer right behind which an object lies that leaks.
  @inline(never) private static func makeNeighbours() -> (buffer: UInt, object: UInt)? {
    var ends: [UInt: UInt] = [:]
    for _ in 0..<200 {
      let buffer = UInt(bitPattern: malloc(4096))
      ends[buffer + 4096] = buffer
      let object = BehindBuffer()
      let address = UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())
      guard let start = ends[address] else { continue }
      object.other = object
      return (start, address)
    }
    return nil
  }

  @Test("the end of a buffer, which a variable has beside its start, shows nobody the leak that lies behind it")
  func endOfBuffer() async {
    await #expect(processExitsWith: .success) {
      let found = try #require(HeapRootTests.makeNeighbours())
      bounds = (0, found.object)
      let seen = try HeapRootTests().leaks(of: BehindBuffer.self)
      #expect(seen.map(\.grade) == [.visible] && seen.first?.observers.count == 1)
      bounds.start = found.buffer
      let unseen = try HeapRootTests().leaks(of: BehindBuffer.self)
      #expect(unseen.map(\.grade) == [.suspected] && unseen.first?.observers == [])
    }
  }

  private func leaks(of type: Any.Type) throws -> [LeakGroup] {
    try HeapGraph.capture(mode: .frozen).leaks.filter { $0.typeNames == [typeName(of: type)] }
  }

  @Test("the calling thread holds what is on its stack")
  func calling() async {
    await #expect(processExitsWith: .success) {  // as above
      let thread = start(named: "caller") {
        var objects: [HeldByCaller] = []
        withUnsafeTemporaryAllocation(of: HeldByCaller.self, capacity: 1) { room in
          room.initializeElement(at: 0, to: HeldByCaller())
          let graph = try? HeapGraph.capture(mode: .frozen)
          let path = graph?.path(toFirst: typeName(of: HeldByCaller.self))
          #expect(path?.root == "thread caller")
          objects.append(room.moveElement(from: 0))
        }
        _ = use(objects[0])
      }
      pthread_join(thread, nil)
    }
  }

  /// Memory with the address in it that was freed: what the allocator does not write over stays there. Some blocks are
  /// kept, so that the allocator keeps their slabs.
  @inline(never) private static func leave(_ object: AnyObject, in count: Int) {
    let blocks = (0..<count).map { _ in UnsafeMutablePointer<UInt>.allocate(capacity: 12) }
    for block in blocks {
      block.initialize(repeating: 0, count: 12)
    }
    for (number, block) in blocks.enumerated() where !number.isMultiple(of: 8) {
      block[5] = UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())
      block.deallocate()
    }
  }

  /// Holds an object in its frame, and leaves old words elsewhere. Optimised, it would hold it in a register, and those
  /// of a thread that sleeps are the kernel's.
  @inline(never) @_optimize(none) private static func hold<Held: AnyObject>(_ object: Held, during body: () -> Void) {
    var held: Held? = object
    withUnsafeMutablePointer(to: &held) { place in
      leave(object, in: 50)
      body()
      _ = use(place.pointee!)
    }
  }

  @Test("old words in memory that was freed are not told before the stack of a thread that sleeps, or that asks")
  func stackBeforeMemory() async {
    await #expect(processExitsWith: .success) {  // as above
      let runner = Runner()
      let sleeping = start(named: "sleeper") {
        HeapRootTests.hold(HeldByRunner()) {
          runner.isThere.store(true, ordering: .releasing)
          while !runner.mayEnd.load(ordering: .acquiring) { usleep(200_000) }
        }
      }
      while !runner.isThere.load(ordering: .acquiring) { usleep(1000) }
      usleep(20_000)
      let asking = start(named: "caller") {
        HeapRootTests.hold(HeldByCaller()) {
          let graph = try? HeapGraph.capture(mode: .frozen)
          for (type, name) in [(HeldByCaller.self as Any.Type, "caller"), (HeldByRunner.self, "sleeper")] {
            let roots = graph.flatMap { try? HeapRootTests().roots(of: type, in: $0) } ?? []
            // Without them the test would show nothing.
            #expect(roots.contains { $0.kind == .cMemory })
            let path = graph?.path(toFirst: typeName(of: type))
            #expect(path?.root == "thread \(name)" && path?.start.isCertain == true, "\(String(describing: path))")
          }
        }
      }
      pthread_join(asking, nil)
      runner.mayEnd.store(true, ordering: .releasing)
      pthread_join(sleeping, nil)
    }
  }

  @Test("memory that no object has holds what it refers to, by its address and its size")
  func memory() async {
    // In a process of its own: what others have left on their stacks may be the address that this object gets.
    await #expect(processExitsWith: .success) {
      let memory = UnsafeMutablePointer<AnyObject>.allocate(capacity: 12)
      memset(memory, 0, 96)  // or the block could have the header of an object that was freed
      let place = UInt(bitPattern: memory + 5)
      // What a thread that has ended left on its stack is no stack's any more.
      let filling = start(named: "filler") { fill(UnsafeMutablePointer(bitPattern: place)!) }
      pthread_join(filling, nil)
      let graph = try HeapGraph.capture(mode: .frozen)
      let root = graph.path(toFirst: typeName(of: HeldByMemory.self))?.root
      #expect(root == "C memory, 0x\(String(place, radix: 16)) in a block of 96 bytes")
      (memory + 5).deinitialize(count: 1)
      memset(memory, 0, 96)  // or another test's object could get the address that would be left in it
      memory.deallocate()
    }
  }

  @Test("what waits in a queue of libdispatch's is held by C memory")
  func queued() throws {
    let queue = DispatchQueue(label: "waiting", attributes: .initiallyInactive)
    defer {  // one that is freed while it is inactive ends the process
      queue.activate()
      queue.sync {}
    }
    let enqueuing = start(named: "enqueuer") { HeapRootTests().enqueue(on: queue) }  // as above
    pthread_join(enqueuing, nil)
    let graph = try HeapGraph.capture(mode: .frozen)
    let path = try #require(graph.path(toFirst: typeName(of: QueuedBelow.self)))
    #expect(path.root?.hasPrefix("C memory, 0x") == true, "\(path)")
    #expect(path.steps.last?.label == ".other")
  }

  @inline(never) fileprivate func enqueue(on queue: DispatchQueue) {
    // unsafe: nobody else has it.
    nonisolated(unsafe) let held = HeldByQueue()
    queue.async { _ = use(held) }
  }

  @Test("a reference that is nowhere to be seen is counted, and told as what it is")
  func nowhere() async {
    await #expect(processExitsWith: .success) {  // as above
      // unsafe: the reference is taken back below. All bits of the address are turned, so that it is nowhere.
      let hidden = HeapRootTests().hide()
      let graph = try HeapGraph.capture(mode: .frozen)
      let object = try #require(graph.image.object(at: UInt64(~hidden)))
      let certain = graph.image.roots.filter { $0.object == object && $0.kind != .stack && $0.kind != .stackInUse }
      #expect(certain.isEmpty)
      let path = try #require(graph.path(toFirst: typeName(of: HeldByNobodyKnown.self)))
      let isOldWord = graph.image.roots.contains { $0.object == object }  // what an old call left on a stack
      #expect(isOldWord || path.root == "unknown holder (2 references that the heap does not explain)")
      let held = Unmanaged<HeldByNobodyKnown>.fromOpaque(UnsafeRawPointer(bitPattern: ~hidden)!)
      held.release()
      held.release()
    }
  }

  @inline(never) fileprivate func hide() -> UInt {
    let held = Unmanaged.passRetained(HeldByNobodyKnown())
    _ = held.retain()
    return ~UInt(bitPattern: held.toOpaque())
  }

  fileprivate func roots(of type: Any.Type, in graph: HeapGraph) throws -> [HeapRoot] {
    let number = try #require(
      (0..<graph.image.objectCount).first { graph.image[$0].type.name == typeName(of: type) })
    return graph.image.roots.filter { $0.object == number }
  }
}
