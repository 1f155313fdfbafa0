// SPDX-License-Identifier: Apache-2.0
import Glibc
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

private struct Handle: RawRepresentable, AtomicRepresentable, AtomicOptionalRepresentable {
  let rawValue: OpaquePointer
}

/// Not in the order of its fields.
private struct Tagged: AtomicRepresentable {
  typealias AtomicRepresentation = WordPair.AtomicRepresentation
  var tag: Int
  var pointer: UnsafeMutableRawPointer

  static func encodeAtomicRepresentation(_ value: consuming Tagged) -> AtomicRepresentation {
    WordPair.encodeAtomicRepresentation(
      WordPair(first: UInt(bitPattern: value.pointer), second: UInt(bitPattern: value.tag)))
  }

  static func decodeAtomicRepresentation(_ bits: consuming AtomicRepresentation) -> Tagged {
    let pair = WordPair.decodeAtomicRepresentation(bits)
    return Tagged(tag: Int(bitPattern: pair.second), pointer: UnsafeMutableRawPointer(bitPattern: pair.first)!)
  }
}

private struct Keeping: AtomicRepresentable {
  typealias AtomicRepresentation = UInt.AtomicRepresentation
  var leaf: Leaf

  static func encodeAtomicRepresentation(_ value: consuming Keeping) -> AtomicRepresentation {
    UInt.encodeAtomicRepresentation(UInt(bitPattern: Unmanaged.passRetained(value.leaf).toOpaque()))
  }

  static func decodeAtomicRepresentation(_ bits: consuming AtomicRepresentation) -> Keeping {
    let address = UnsafeRawPointer(bitPattern: UInt.decodeAtomicRepresentation(bits))!
    return Keeping(leaf: Unmanaged<Leaf>.fromOpaque(address).takeRetainedValue())
  }
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

  /// A pointer that an atomic holds is as any other: nobody says whether it owns.
  @Test("an atomic's pointer is an estimate, and what is known of its pointee counts")
  func atomicPointers() throws {
    func block() -> UnsafeMutableRawPointer { .allocate(byteCount: number(500), alignment: 16) }
    func numbers() -> UnsafePointer<Int> { UnsafePointer(block().bindMemory(to: Int.self, capacity: 1)) }
    let sizes = try [
      HeapSizer().size(of: made { Held(Atomic<UnsafeMutableRawPointer>(block())) }),
      HeapSizer().size(of: made { Held(Atomic<UnsafeMutableRawPointer?>(block())) }),
      HeapSizer().size(of: made { Held(Atomic<UnsafePointer<Int>?>(numbers())) }),
      HeapSizer().size(of: made { Held(Atomic<OpaquePointer?>(OpaquePointer(block()))) }),
    ]
    for size in sizes { #expect(size.unresolvedCount == 1 && size.estimatedBytes == 512, "\(size)") }
    let buffers = try [
      HeapSizer().size(
        of: made { Held(Atomic(UnsafeMutableRawBufferPointer(start: block(), count: 500))) }),
      HeapSizer().size(of: made { Held(Atomic(UnsafeBufferPointer(start: numbers(), count: 1))) }),
      HeapSizer().size(of: made { Held(Atomic(Handle(rawValue: OpaquePointer(block())))) }),
      HeapSizer().size(of: made { Held(Atomic<Handle?>(Handle(rawValue: OpaquePointer(block())))) }),
      HeapSizer().size(of: made { Held(Atomic(Tagged(tag: 7, pointer: block()))) }),
    ]
    for size in buffers { #expect(size.unresolvedCount == 1 && size.estimatedBytes == 512, "\(size)") }
    let leaf = try HeapSizer().size(of: made { Held(Atomic<Unmanaged<Leaf>?>(.passRetained(Leaf()))) })
    #expect(leaf.unresolvedCount == 1 && leaf.estimatedBytes == 32)
    try expectExact(objects: 1) { Held(Atomic<UnsafeMutableRawPointer?>(nil)) }
    try expectExact(objects: 1) { Held(Atomic<OpaquePointer?>(nil)) }
    try expectExact(objects: 1) { Held(Atomic<UnsafeMutablePointer<pthread_mutex_t>?>(nil)) }
  }

  /// Whoever writes such a type may keep a reference in a number.
  @Test("what a type of the program's own owns in an atomic is unresolved, and its object an estimate")
  func ownEncoding() throws {
    let size = try HeapSizer().size(of: made { Held(Atomic(Keeping(leaf: Leaf()))) })
    #expect(size.unresolvedCount == 1 && size.estimatedBytes == 32 && size.objectCount == 2, "\(size)")
    try expectExact(objects: 1) { Held(Atomic(Duration.seconds(3))) }
    try expectExact(objects: 1) { Held(Atomic(WordPair(first: 1, second: 2))) }
    try expectExact(objects: 1) { Held(Atomic(ObjectIdentifier(Leaf.self))) }
  }

  @Test("atomics of numbers own nothing, a lazy reference owns its object")
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
