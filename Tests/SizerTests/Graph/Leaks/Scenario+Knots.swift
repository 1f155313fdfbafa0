// SPDX-License-Identifier: Apache-2.0

private final class Node {
  var next: Node?
  var previous: Node?
  var owner: Specimen?
}

private final class Branch {
  var children: [Branch] = []
  let parent: Branch?
  var owner: Specimen?
  init(under parent: Branch?) {
    self.parent = parent
    parent?.children.append(self)
  }
}

/// A child that does not own its parent.
private final class Leaf {
  unowned let parent: Branch
  init(under parent: Branch) { self.parent = parent }
}

private final class Member: Hashable {
  let owner: Specimen
  init(of owner: Specimen) { self.owner = owner }
  static func == (one: Member, other: Member) -> Bool { one === other }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

private protocol Delegate: AnyObject {}

private final class Controller: Delegate {
  let view: Specimen
  init(of view: Specimen) { self.view = view }
}

private final class WeakController: Delegate {
  weak var view: Specimen?
  init(of view: Specimen) { self.view = view }
}

private struct WeakBox { weak var value: Specimen? }

private final class Observer {
  unowned let seen: Specimen
  init(of seen: Specimen) { self.seen = seen }
}

extension Scenario {
  /// Objects that hold one another by stored properties and collections.
  static let knots: [Scenario] = [
    Scenario("two objects", .proved) {
      let second = Specimen()
      ($0.other, second.other) = (second, $0)
    },
    Scenario("one that holds itself", .proved) { $0.other = $0 },
    Scenario("a ring of a thousand", .proved) {
      var last = $0
      for _ in 0..<999 {
        let next = Specimen()
        last.other = next
        last = next
      }
      last.other = $0
    },
    Scenario("a list that is linked in both directions", .proved) {
      let first = Node()
      var last = first
      for _ in 0..<50 {
        let next = Node()
        (last.next, next.previous) = (next, last)
        last = next
      }
      ($0.any, last.owner) = (first, $0)
    },
    Scenario("a parent and its children, which hold it", .proved) {
      let parent = Branch(under: nil)
      for _ in 0..<5 { _ = Branch(under: parent) }
      (parent.owner, $0.any) = ($0, parent)
    },
    Scenario("children that do not own their parent", .gone) {
      let parent = Branch(under: nil)
      $0.any = (parent, (0..<5).map { _ in Leaf(under: parent) })
    },
    Scenario("a dictionary whose value holds its owner", .proved) { $0.any = ["self": $0, "none": Specimen()] },
    Scenario("a dictionary of arrays", .proved) { $0.any = [1: [Specimen()], 2: [Specimen(), $0]] },
    Scenario("a set whose member holds its owner", .proved) { $0.any = Set([Member(of: $0)]) },
    Scenario("arrays of arrays", .proved) { $0.any = [[[$0]], []] },
    Scenario("a slice of an array", .proved) { $0.any = [Specimen(), $0, Specimen()][1...] },
    Scenario("a contiguous array", .proved) { $0.any = ContiguousArray([$0]) },
    Scenario("a delegate that holds who it works for", .proved) { $0.any = Controller(of: $0) as any Delegate },
    Scenario("a delegate that does not", .gone) { $0.any = WeakController(of: $0) as any Delegate },
    Scenario("a weak reference among them", .proved) {
      let second = Specimen()
      ($0.other, second.other, second.weakly) = (second, $0, $0)
    },
    Scenario("one that was seen weakly, and is no more", .proved) {
      let second = Specimen()
      var box: WeakBox? = WeakBox(value: $0)
      withExtendedLifetime(box) {}
      box = nil
      ($0.other, second.other) = (second, $0)
    },
    Scenario("one that a global sees weakly", .visible) {
      $0.other = $0
      leakShelf.append(WeakBox(value: $0))
    },
    Scenario("one that a global's object refers to without owning it", .visible) {
      $0.other = $0
      leakShelf.append(Observer(of: $0))
    },
    Scenario("one whose neighbour in the knot a global sees weakly", .visible) {
      let second = Specimen()
      ($0.other, second.other) = (second, $0)
      leakShelf.append(WeakBox(value: second))
    },
    Scenario("one that another leak sees weakly", .proved) {
      let other = Specimen()
      (other.other, other.weakly) = (other, $0)
      $0.other = $0
    },
    Scenario("one that hangs below a knot", .proved) {
      let knot = Specimen()
      (knot.other, knot.any) = (knot, $0)
    },
    Scenario("what a knot and a global hold", .alive) {
      let knot = Specimen()
      (knot.other, knot.any) = (knot, $0)
      leakShelf.append($0)
    },
    Scenario("two knots that share what hangs below", .proved) {
      for knot in [Specimen(), Specimen()] { (knot.other, knot.any) = (knot, $0) }
    },
    Scenario("a knot that a knot holds", .proved) {
      let outer = Specimen()
      (outer.other, outer.any, $0.other) = (outer, $0, $0)
    },
    Scenario("a knot that a global holds", .alive) {
      $0.other = $0
      leakShelf.append($0)
    },
    Scenario("a knot deep below a global", .alive) {
      let second = Specimen()
      ($0.other, second.other) = (second, $0)
      leakShelf.append(["first": [second]])
    },
    Scenario("one that is counted a thousand times", .proved) { $0.any = [Specimen](repeating: $0, count: 1000) },
    Scenario("a row that is nobody's", .gone) { $0.other = Specimen() },
    Scenario("a knot that was untied", .gone) {
      let second = Specimen()
      ($0.other, second.other) = (second, $0)
      second.other = nil
    },
    Scenario("one that is dead, and that somebody still refers to without owning it", .gone) {
      leakShelf.append(Observer(of: $0))
    },
  ]
}
