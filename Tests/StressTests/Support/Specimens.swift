// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization

/// Holds one value of some type.
final class Specimen {
  let value: Any
  init(_ value: Any) { self.value = value }
}

/// Values of every kind that Swift has, with sizes that only run time knows.
enum Specimens {
  struct Point<Number> { var x, y: Number }
  struct Failure: Error { var text: String; var codes: [Int] }
  enum Shape {
    case empty
    case one(String)
    case two([Int], Node)
    indirect case deep(Shape, Shape)
  }
  enum Flags { case a, b(Bool), c(UInt8, Node?) }
  final class Node {
    var next: Node?
    weak var back: Node?
    unowned var root: Node?
    var items: [String]
    init(_ items: [String]) { self.items = items }
  }
  class Base<Element> { var elements: [Element]; init(_ elements: [Element]) { self.elements = elements } }
  final class Derived: Base<String> { var table: [String: Node] = [:] }
  actor Counter { var counts: [String: Int]; init(_ counts: [String: Int]) { self.counts = counts } }
  final class Locked: Sendable { let state: Mutex<[Int]>; init(_ state: [Int]) { self.state = Mutex(state) } }
  final class Buffer: ManagedBuffer<Int, String> {
    deinit { withUnsafeMutablePointers { _ = $1.deinitialize(count: $0.pointee) } }
  }

  private static func texts(_ count: Int) -> [String] {
    (0..<count).map { String(repeating: "text ", count: $0 % 20 + 1) }
  }

  private static func ring(_ count: Int) -> Node {
    let root = Node(texts(3))
    var last = root
    for index in 1..<count {
      let node = Node(texts(index % 5))
      node.back = last
      node.root = root
      last.next = node
      last = node
    }
    return root
  }

  private static func buffer(_ count: Int) -> ManagedBuffer<Int, String> {
    // Without a word that the header counts, the words behind the last element would be an estimate, and change from
    // time to time.
    try? HeapSizer.registerTailCount(of: Buffer.self)
    let buffer = Buffer.create(minimumCapacity: count) { _ in count }
    buffer.withUnsafeMutablePointerToElements { elements in
      for index in 0..<count { (elements + index).initialize(to: String(repeating: "b", count: index + 20)) }
    }
    return buffer
  }

  /// `size` says how large things are, 1 at least.
  static func all(size: Int) -> [(name: String, value: Any)] {
    let node = ring(size + 1)
    let shared = Array(0..<size)
    var counter = size
    let derived = Derived(texts(size))
    derived.table = ["ring": node, "other": ring(2)]
    return [
      ("integer", size), ("string", String(repeating: "x", count: size + 16)), ("small string", "s"),
      ("substring", String(repeating: "y", count: size + 20).dropFirst(3)),
      ("breadcrumbs", indexed(String(repeating: "é", count: size + 100))),
      ("array", shared), ("array slice", shared.dropFirst()), ("strings", texts(size)),
      ("nested array", [texts(2), texts(size)]),
      ("any array", [1, "two", 3.0, node] as [Any]), ("contiguous", ContiguousArray(texts(size))),
      ("dictionary", Dictionary(uniqueKeysWithValues: (0..<size).map { ($0, "value \($0) is long enough") })),
      ("keyed by text", Dictionary(uniqueKeysWithValues: (0..<size).map { ("a key that is long \($0)", [$0]) })),
      ("set", Set(texts(size))), ("hashables", Set<AnyHashable>([1, "two", [3]])),
      ("struct", Point(x: texts(size), y: texts(1))),
      ("generic struct", Point(x: Point(x: node, y: node), y: Point(x: ring(2), y: node))),
      ("tuple", (size, texts(size), node)), ("optional", Optional(texts(size)) as Any),
      ("nil", Optional<String>.none as Any),
      ("empty case", Shape.empty), ("payload", Shape.one(String(repeating: "p", count: size + 16))),
      ("two payloads", Shape.two(shared, node)),
      ("indirect", Shape.deep(.deep(.one(String(repeating: "q", count: size + 16)), .empty), .two([size], ring(2)))),
      ("packed enum", [Flags.a, .b(true), .c(1, node), .c(2, nil)]),
      ("error", Failure(text: String(repeating: "e", count: size + 16), codes: shared) as any Error),
      ("result", Result<[String], any Error>.failure(Failure(text: "f", codes: shared))),
      ("sequence", texts(size).lazy.map { $0.count }), ("any sequence", AnySequence(texts(size))),
      ("existential", shared as any Collection<Int>), ("erased", AnyIterator(texts(size).makeIterator())),
      ("closure", { shared.count + node.items.count }), ("changing closure", { counter += 1 }),
      ("generic closure", capture(texts(size))), ("generic box", box(texts(size))),
      ("method", node.items.sorted as Any), ("key path", \Node.next?.items as Any),
      ("key path with index", \[String: Node]["ring"]), ("metatype", Node.self), ("graph", node), ("derived", derived),
      ("actor", Counter(["one": 1, "two": size])), ("mutex", Locked(shared)), ("buffer", buffer(size)),
      ("weak", WeakReference(node)), ("vector", [SIMD8<Float>](repeating: .zero, count: size)),
      ("wide", [Point<Int128>](repeating: Point(x: 1, y: 2), count: size)),
      ("stream", AsyncStream<Int> { $0.finish() }),
      ("continuations", AsyncStream<String>.makeStream()),
    ]
  }

  private struct WeakReference {
    weak var node: Node?
    init(_ node: Node) { self.node = node }
  }

  /// With breadcrumbs, which are made when offsets in UTF-16 are asked for.
  private static func indexed(_ text: String) -> String {
    _ = text.utf16.count
    return text
  }

  private static func capture<Value>(_ value: Value) -> () -> Value {
    { value }
  }

  private static func box<Value>(_ value: Value) -> () -> Void {
    var value = [value]
    return { value.append(value[0]) }
  }
}
