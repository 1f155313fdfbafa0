// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Inner: Hashable {
  var name: String
  var numbers: [Int]
}
private final class Object: Hashable {
  var inner = Inner(name: text(), numbers: [])
  var next: Object?
  static func == (one: Object, other: Object) -> Bool { one === other }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
private struct Root {
  var inner = Inner(name: "", numbers: [])
  var object = Object()
  var table: [String: Int] = [:]
  var computed: Int {
    get { 1 }
    set { inner.numbers = [newValue] }
  }
  subscript(name: String) -> Inner { inner }
  subscript(name: String, number: UInt8, object: Object) -> Int {
    get { 1 }
    set { computed = newValue }
  }
  subscript<Value: Hashable>(value value: Value) -> Int { value.hashValue }
}

// Not specialised: the key path carries the types it was made for.
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func generic<Value: Hashable>(_ value: Value) -> KeyPath<Root, Int> { \Root.[value: value] }

// Each literal has one place: where the optimiser copies it to a second one, it is made there again.
@inline(never) private func inInner() -> KeyPath<Root, String> { (\Root.inner).appending(path: \.name) }
@inline(never) private func inObject() -> KeyPath<Root, String> { (\Root.object).appending(path: \.inner.name) }
@inline(never) private func inNext() -> KeyPath<Root, String?> { (\Root.object.next).appending(path: \.?.inner.name) }
@inline(never)
private func inErased() -> PartialKeyPath<Root> {
  (\Root.inner as PartialKeyPath<Root>).appending(path: \Inner.name)!
}

// A key path literal without captured values is made once and for all of its users: to have one of its own, a test
// appends two or captures an index.
@Suite("Key paths")
struct KeyPathsTests {
  @Test("a path of stored properties is one block")
  func stored() throws {
    try expectExact(objects: 1) { inInner() }
    try expectExact(objects: 1) { inObject() }
    try expectExact(objects: 1) { inNext() }
    try expectExact(objects: 2) { array(inErased()) }
  }

  @Test("a literal belongs to those who hold it, if only through the cache")
  func literal() throws {
    let size = try HeapSizer().size(of: \Root.inner.name)
    #expect(size.objectCount == 1)
    #expect(size.unresolvedCount == 0)
  }

  @Test("captured indices are owned")
  func indices() throws {
    try expectExact(objects: 2) { \Root.[text()] }
    try expectExact(objects: 2) { \Root.[text()].numbers.count }
    try expectExact(objects: 4) { \Root.[text(), 3, Object()] }
    try expectExact(objects: 2) { \Root.table[text()] }
    try expectExact(objects: 1) { \Root.inner.numbers[number(3)] }
    try expectExact(objects: 3) { \Root.[value: Inner(name: text(), numbers: array(1))] }
    try expectExact(objects: 2) { \Root.[value: AnyHashable(text())] }
    try expectExact(objects: 2) { \Root.[value: Optional(text())] }
    try expectExact(objects: 3) { \Root.[value: array(text())] }
  }

  @Test("indices of a generic type")
  func generics() throws {
    try expectExact(objects: 2) { generic(text()) }
    try expectExact(objects: 3) { generic(Object()) }
    try expectExact(objects: 1) { generic(number(1)) }
  }

  @Test("appended paths keep a copy of the indices")
  func appended() throws {
    try expectExact(objects: 2) { (\Root.[text()]).appending(path: \.name) }
    try expectExactAndSome {
      let path = \Root.[text()]
      return (path, path.appending(path: \.numbers), path as AnyKeyPath)
    }
  }

  @Test("in closures and collections")
  func contained() throws {
    try expectExactAndSome {
      let (path, root) = (\Root.[text(), 1, Object()], Root())
      return Action { root[keyPath: path] }
    }
    try expectExact(objects: 5) { array(\Root.[text()] as AnyKeyPath, \Root.table[text()]) }
  }
}
