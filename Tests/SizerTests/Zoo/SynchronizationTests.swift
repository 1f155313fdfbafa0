// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

private struct State {
  var names: [String] = array(text(), text())
  var leaf: Leaf? = Leaf()
}

/// Fields whose types can't be copied: Swift 6.3 leaves them out of the metadata, so the engine has to find them
/// elsewhere.
private final class Service: Sendable {
  let hits = Atomic<Int>(number(3))
  let state = Mutex(State())
  let last = Atomic<Bool>(false)
  let names = Mutex<[String: String]>([text(): text(50)])
  let small = Mutex<UInt8>(1)
}
private final class GenericService<Value: Sendable>: Sendable {
  let value: Mutex<Value?>
  let end = Leaf()
  init(_ value: sending Value) { self.value = Mutex(value) }
}

@Suite("Synchronization")
struct SynchronizationTests {
  @Test("a mutex is part of what holds it")
  func mutex() throws {
    try expectExact(objects: 1) { Mutex(Leaf()) }
    try expectExact(objects: 3) { Mutex(array(text(), text())) }
    try expectExact(objects: 0) { Mutex(number(3)) }
    try expectExact(objects: 2) { Held(Mutex(Leaf())) }
    try expectExact(objects: 2) { Held(Mutex((UInt8(1), text()))) }
    try expectExact(objects: 1) { Held(Mutex<UInt8>(1)) }
  }

  @Test("mutexes in the fields of a class")
  func fields() throws {
    try expectExact(objects: 8) { Service() }
    try expectExact(objects: 3) { GenericService(text()) }
    try expectExact(objects: 3) { GenericService(Leaf()) }
  }

  @Test("a locked mutex is read all the same")
  func locked() throws {
    let service = Service()
    let size = try service.state.withLock { _ in try HeapSizer().size(of: service) }
    #expect(size.objectCount == 8)
  }

  @Test("atomics own nothing, a lazy reference owns its object")
  func atomics() throws {
    try expectExact(objects: 0) { Atomic(number(3)) }
    try expectExact(objects: 1) { Held(Atomic(number(3))) }
    try expectExact(objects: 1) { Held(Atomic<UInt8>(3)) }
    try expectExact(objects: 1) { Held(AtomicLazyReference<Leaf>()) }
    try expectExact(objects: 2) {
      let lazily = Held(AtomicLazyReference<Leaf>())
      _ = lazily.value.storeIfNil(Leaf())
      return lazily
    }
  }
}
