// SPDX-License-Identifier: Apache-2.0
import Atomics
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

@Suite("swift-atomics")
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

  @Test("an atomic of a pointer or an unmanaged reference owns nothing")
  func unmanaged() throws {
    let leaf = Leaf()
    try expectExact(objects: 1) { ManagedAtomic(Unmanaged.passUnretained(leaf)) }
    try expectExact(objects: 1) {
      ManagedAtomic<UnsafeRawPointer?>(UnsafeRawPointer(Unmanaged.passUnretained(leaf).toOpaque()))
    }
    keepAlive(leaf)
  }

  @Test("atomics in memory of their own")
  func unsafe() throws {
    try expectExact(objects: 1, rawBlocks: 1) { Cell(number(3)) }
    try expectExact(objects: 3, rawBlocks: 1) { Cell(Reference()) }
    try expectExact(objects: 1, rawBlocks: 1) { LazyCell() }
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
