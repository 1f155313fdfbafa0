// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization

// unsafe: one thread writes it.
nonisolated(unsafe) var store: Trunk?
// unsafe: one thread writes it. What goes through here has to be made: the optimiser leaves out what nobody sees.
nonisolated(unsafe) var dropped: Leaf?

final class Leaf: Sendable {
  /// A header, a number and a text are 40 bytes; a text's header, capacity, count, 40 units and their end 73. jemalloc
  /// has blocks of 48 and of 80.
  static let bytes = 48 + 80

  let number: Int
  let text: String

  init(_ number: Int) {
    self.number = number
    text = String(repeating: "v", count: 40)
  }
}

class Plant {
  var leaves: [Leaf]
  init(leaves: Int) { self.leaves = (0..<leaves).map(Leaf.init) }
}

final class Trunk: Plant {
  weak var neighbour: Trunk?
  unowned var soil: AnyObject = ground
  var anything: Any = [1, 2, 3]
}

private let ground = Ground()

private final class Ground: Sendable {}

final class Pair {
  var other: Pair?
  var onEnd: (() -> Void)?
}

struct Handle: ~Copyable {
  let leaf = Leaf(1)
  deinit {}
}

final class Owner {
  let handle = Handle()
  let lock = Mutex<[Int]>([1, 2, 3])
  lazy var late: [String] = [String(repeating: "l", count: 30)]
}

indirect enum List {
  case end
  case item(Leaf, List)
}

enum Choice {
  case text(String), leaves([Leaf]), both(String, Leaf), none
}

struct Failure: Error { let leaf: Leaf }

final class Box<each Element> {
  let elements: (repeat each Element)
  init(_ elements: repeat each Element) { self.elements = (repeat each elements) }
}

actor Counter {
  var counts: [String: Int] = [:]
  init(_ count: Int) { for number in 0..<count { counts["a name of some length, \(number)"] = number } }
}

/// Values that are laid out in all ways that compilers know.
func sizes() throws -> [(String, HeapSize)] {
  let sizer = HeapSizer()
  let leaf = Leaf(7)
  var strings = [String: [Leaf]]()
  for number in 0..<100 { strings["key \(number), which is no small text"] = [Leaf(number)] }
  var list = List.end
  for number in 0..<50 { list = .item(Leaf(number), list) }
  let failure: any Error = Failure(leaf: leaf)
  let closure: () -> Leaf = { [leaf, strings] in strings.first?.value.first ?? leaf }
  let trunk = Trunk(leaves: 20)
  trunk.neighbour = trunk
  return [
    ("an array of numbers", try sizer.size(of: [Int](0..<1_000))),
    ("a dictionary", try sizer.size(of: strings)),
    ("a set", try sizer.size(of: Set(strings.keys))),
    ("a list", try sizer.size(of: list)),
    ("choices", try sizer.size(of: [Choice.text("\(strings.count) and a tail"), .both("", leaf), .leaves([leaf])])),
    ("an error", try sizer.size(of: failure)),
    ("existentials", try sizer.size(of: [1, "two", leaf, (1, 2, 3, 4), [leaf]] as [Any])),
    ("a closure", try sizer.size(of: Holder(closure))),
    ("a subclass", try sizer.size(of: trunk)),
    ("what can't be copied", try sizer.size(of: Owner())),
    ("a pack", try sizer.size(of: Box(1, "a text of more than fifteen", leaf, [leaf]))),
    ("an actor", try sizer.size(of: Counter(100))),
    ("an optional", try sizer.size(of: Optional(leaf))),
    ("a part of a text", try sizer.size(of: leaf.text.dropFirst(3))),
    ("a key path", try sizer.size(of: \Trunk.leaves[3].text)),
    ("an inline array", try sizer.size(of: InlineArray<3, Leaf> { Leaf($0) })),
  ]
}

/// Closures are passed as they are in a struct, not in a context that the call makes.
private struct Holder {
  let closure: () -> Leaf
  init(_ closure: @escaping () -> Leaf) { self.closure = closure }
}
