// SPDX-License-Identifier: Apache-2.0
import Atomics
import Glibc
import Sizer
import Testing

private final class Reference: AtomicReference, Sendable {
  let value: String
  init() { value = text(80) }
}

private final class Node: Sendable {
  let next = ManagedAtomic<Reference?>(nil)
  let count = ManagedAtomic<Int>(0)
}

private enum Stage: UInt8, AtomicValue { case first, second }

/// What C gives out, as an atomic's value.
private struct Handle: RawRepresentable, AtomicValue, AtomicOptionalWrappable {
  let rawValue: UnsafeMutableRawPointer
}

/// Two lists without locks.
private final class Links {
  let first = ManagedAtomic<UnsafeMutablePointer<Int>?>(.allocate(capacity: number(60)))
  let second = ManagedAtomic(UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: number(900), alignment: 8)))
}

/// Its child knows it by an unmanaged reference.
private final class Parent {
  let child = ManagedAtomic<Unmanaged<Parent>?>(nil)
  init() { child.store(.passUnretained(self), ordering: .relaxed) }
}

/// Frees by hand what `create` made.
private final class Cell<Value: AtomicValue> where Value.AtomicRepresentation.Value == Value {
  let value: UnsafeAtomic<Value>
  init(_ value: consuming Value) { self.value = .create(value) }
  deinit { value.destroy() }
}

private final class LazyCell {
  let value = UnsafeAtomicLazyReference<Leaf>.create()
  deinit { value.destroy() }
}

@Suite("swift-atomics", .serialized)
struct AtomicTests {
  @Test("an atomic owns what it refers to")
  func managed() throws {
    try expectExact(objects: 3) { ManagedAtomic(Reference()) }
    try expectExact(objects: 1) { ManagedAtomic(number(3)) }
    try expectExact(objects: 1) { ManagedAtomic(Stage.second) }
    try expectExact(objects: 1) { ManagedAtomic(DoubleWord(first: 1, second: 2)) }
    try expectExact(objects: 1) { ManagedAtomic<Reference?>(nil) }
    try expectExact(objects: 5) {
      let node = Node()
      node.next.store(Reference(), ordering: .relaxed)
      return node
    }
  }

  @Test("a lazy reference, before and after")
  func lazily() throws {
    try expectExact(objects: 1) { ManagedAtomicLazyReference<Leaf>() }
    try expectExact(objects: 2) {
      let reference = ManagedAtomicLazyReference<Leaf>()
      _ = reference.storeIfNilThenLoad(Leaf())
      return reference
    }
  }

  /// Unresolved, and the arena's bytes but for the atomic's own, which are certain, are an estimate.
  private func expectEstimate<Value>(
    certain: Int = 32, unresolved: Int = 1, sourceLocation: SourceLocation = #_sourceLocation, _ make: () -> Value
  ) throws {
    let size = try expectExact(unresolved: unresolved, sourceLocation: sourceLocation, make)
    #expect(size.bytes - size.estimatedBytes == certain, sourceLocation: sourceLocation)
    #expect(size.estimatedBytes > 0, sourceLocation: sourceLocation)
  }

  @Test("a pointer in an atomic may own its block, which is an estimate")
  func pointers() throws {
    func block() -> UnsafeMutableRawPointer { .allocate(byteCount: number(500), alignment: 16) }
    func numbers() -> UnsafeMutablePointer<Int> { block().bindMemory(to: Int.self, capacity: 1) }
    try expectEstimate { ManagedAtomic(block()) }
    try expectEstimate { ManagedAtomic<UnsafeMutableRawPointer?>(block()) }
    try expectEstimate { ManagedAtomic(UnsafeRawPointer(block())) }
    try expectEstimate { ManagedAtomic<UnsafeRawPointer?>(UnsafeRawPointer(block())) }
    try expectEstimate { ManagedAtomic(numbers()) }
    try expectEstimate { ManagedAtomic<UnsafeMutablePointer<Int>?>(numbers()) }
    try expectEstimate { ManagedAtomic(UnsafePointer(numbers())) }
    try expectEstimate { ManagedAtomic<UnsafePointer<Int>?>(UnsafePointer(numbers())) }
    try expectEstimate { ManagedAtomic(Handle(rawValue: block())) }
    try expectEstimate { ManagedAtomic<Handle?>(Handle(rawValue: block())) }
    try expectEstimate(certain: 96, unresolved: 2) { Links() }
  }

  @Test("an unmanaged reference in an atomic may keep its object, which is an estimate")
  func unmanaged() throws {
    try expectEstimate { ManagedAtomic(Unmanaged.passRetained(Leaf())) }
    try expectEstimate { ManagedAtomic<Unmanaged<Leaf>?>(.passRetained(Leaf())) }
  }

  @Test("a pointer in an atomic to a lock owns it; to nothing, to data and to what something else has, it owns nothing")
  func explained() throws {
    try expectExact(objects: 1, rawBlocks: 1) {
      ManagedAtomic(UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: number(1)))
    }
    try expectExact(objects: 1) { ManagedAtomic<UnsafeMutablePointer<pthread_mutex_t>?>(nil) }
    try expectExact(objects: 1) { ManagedAtomic<UnsafeMutableRawPointer?>(nil) }
    try expectExact(objects: 1) { ManagedAtomic<Unmanaged<Leaf>?>(nil) }
    let text: StaticString = "a text that stands in the program"
    try expectExact(objects: 1) { ManagedAtomic(text.utf8Start) }
    #expect(try expectExact { Parent() }.isExact)
  }

  @Test("atomics in memory of their own")
  func unsafe() throws {
    try expectExact(objects: 1, rawBlocks: 1) { Cell(number(3)) }
    try expectExact(objects: 3, rawBlocks: 1) { Cell(Reference()) }
    try expectExact(objects: 1, rawBlocks: 1) { LazyCell() }
    try expectExact(objects: 1, rawBlocks: 1) { Cell<UnsafeMutableRawPointer?>(nil) }
    func block() -> UnsafeMutableRawPointer { .allocate(byteCount: number(500), alignment: 16) }
    try expectEstimate(certain: 48) { Cell(block()) }
    try expectEstimate(certain: 48) { Cell<UnsafeMutableRawPointer?>(block()) }
    try expectEstimate(certain: 48) { Cell(Unmanaged.passRetained(Leaf())) }
    try expectExact(objects: 2, rawBlocks: 1) {
      let cell = LazyCell()
      _ = cell.value.storeIfNilThenLoad(Leaf())
      return cell
    }
  }

  @Test("an unsafe atomic inside of something else owns nothing")
  func embedded() throws {
    let storage = UnsafeMutablePointer<UnsafeAtomic<Int>.Storage>.allocate(capacity: 64)
    defer { storage.deallocate() }
    storage.initialize(repeating: .init(1), count: 64)
    try expectExact(objects: 1) { Held(UnsafeAtomic<Int>(at: storage + 3)) }
  }

  @Test("they can be tracked")
  func tracked() throws {
    let expected =
      try expectExact(objects: 1) { ManagedAtomic(number(3)) }.bytes
      + expectExact(objects: 3) { ManagedAtomic(Reference()) }.bytes
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: ManagedAtomic<Int>.self, name: "counters")
    try tracker.track(class: ManagedAtomic<Reference>.self)
    let counter = ManagedAtomic(number(3))
    let reference = ManagedAtomic(Reference())
    let snapshot = try tracker.createSnapshot("here", mode: .inPlace)
    #expect(snapshot.classes.values.map(\.active) == [1, 1])
    #expect(snapshot.trackedBytes == expected)
    keepAlive((counter, reference))
  }
}
