// SPDX-License-Identifier: Apache-2.0
import Atomics
import Sizer
import Synchronization
import Testing

// What a tree goes through that is no stored property: mutexes, atomics, closures and boxes.

private struct CartState {
  var cart = [text(40), text(41)]
  var onExpiry: (@Sendable (Int) -> Void)?
}

private final class Guarded: Sendable {
  let user = text(60)
  let state = Mutex(CartState())
  func set(_ closure: @escaping @Sendable (Int) -> Void) { state.withLock { $0.onExpiry = closure } }
}

private final class Listed {
  let errors = Mutex<[any Error]>([])
  let name = Mutex<String>(text(70))
  let result = Mutex<Result<String, any Error>?>(.success(text(80)))
}

private final class Shared: AtomicReference, Sendable {
  let title = text(90)
}

private final class Counting {
  let shared = ManagedAtomic<Shared?>(Shared())
  let count = ManagedAtomic<Int>(3)
  let once = AtomicLazyReference<Shared>()
}

private final class Handler {
  var handle: (() -> Void)?
}

private indirect enum Chain {
  case link(String, Chain)
  case end
}

private final class Chained {
  var chain: Chain
  init(_ chain: Chain) { self.chain = chain }
}

/// Follows names from a tree's top.
private func node(_ tree: SizeNode, _ path: String...) throws -> SizeNode {
  try path.reduce(tree) { node, name in
    try #require(node.children.first { $0.name == name }, "\(name) in \(node.children.map(\.name))")
  }
}

/// The tree, of which each level's total must be what the arena lost when the value was made.
private func exactTree(depth: Int = 12, _ make: () throws -> AnyObject) throws -> (tree: SizeNode, object: AnyObject) {
  _ = try make()  // metadata are made once
  let arena = try Arena()
  let object = try arena.make(make)
  let bytes = try arena.bytes()
  for depth in 0...depth {
    #expect(try HeapSizer().tree(of: object, depth: depth).bytes == bytes, "depth \(depth)")
  }
  return (try HeapSizer().tree(of: object, depth: depth), object)
}

@Suite("HeapSizer.tree goes on")
struct TreeThroughTests {
  @Test("through a mutex to what it guards, and into a closure by its function and its captures")
  func mutex() throws {
    let (tree, object) = try exactTree {
      let guarded = Guarded()
      let log = [text(50)]
      guarded.set { number in print(guarded.user, number, log) }
      return guarded
    }
    let cart = try node(tree, "state", "value", "cart")
    #expect(cart.children.map(\.name) == ["[0]", "[1]"])
    let closure = try node(tree, "state", "value", "onExpiry")
    #expect(closure.typeName.hasPrefix("closure #1 "), "\(closure.typeName)")
    #expect(closure.typeName.contains("TreeThroughTests.mutex()"), "\(closure.typeName)")
    #expect(closure.children.map(\.name) == ["capture 1", "capture 2"])
    #expect(closure.children.map(\.typeName) == [typeName(of: Guarded.self), "Swift.Array<Swift.String>"])
    #expect(closure.children[0].bytes == 0)  // it leads back
    #expect(try node(closure, "capture 2", "[0]").bytes > 0)
    (object as? Guarded)?.state.withLock { $0.onExpiry = nil }
  }

  @Test("through mutexes of arrays, strings and results")
  func mutexes() throws {
    let (tree, object) = try exactTree { Listed() }
    #expect(try node(tree, "name", "value").bytes > 0)
    #expect(try node(tree, "result", "value", "success").bytes > 0)
    withExtendedLifetime(object) {}
  }

  @Test("through atomics to what they refer to")
  func atomics() throws {
    let (tree, object) = try exactTree {
      let counting = Counting()
      _ = counting.once.storeIfNil(Shared())
      return counting
    }
    func leaf(_ node: SizeNode) -> SizeNode? {
      node.typeName == typeName(of: Shared.self) ? node : node.children.lazy.compactMap(leaf).first
    }
    let shared = try #require(leaf(try node(tree, "shared")))
    #expect(try node(shared, "title").bytes > 0)
    #expect(try node(tree, "once").typeName == typeName(of: Shared.self))
    #expect(try node(tree, "once", "title").bytes > 0)
    withExtendedLifetime(object) {}
  }

  @Test("through a captured variable's box")
  func boxes() throws {
    let (tree, object) = try exactTree {
      var notes = [text(33)]
      var name = text(34)
      let handler = Handler()
      handler.handle = {
        notes.append(notes[0])
        name += notes[0]
      }
      return handler
    }
    let closure = try node(tree, "handle")
    #expect(closure.children.map(\.typeName) == ["Swift.Array<Swift.String>", "Swift.String"])
    #expect(try node(closure, "capture 1", "capture 1", "[0]").bytes > 0)
    #expect(try node(closure, "capture 2", "capture 1").bytes > 0)
    withExtendedLifetime(object) {}
  }

  @Test("through an indirect case's box")
  func indirectly() throws {
    let (tree, object) = try exactTree { Chained(.link(text(20), .link(text(21), .end))) }
    let link = try node(tree, "chain", "link", "capture 1")
    #expect(link.children.map(\.name) == ["[0]", "[1]"])
    withExtendedLifetime(object) {}
  }

  @Test("alike in a frozen image")
  func frozen() throws {
    let guarded = Guarded()
    let log = [text(50)]
    let other = text(51)
    guarded.set { number in print(number, log, other) }
    let tracker = ClassTracker()
    try tracker.track(guarded, resolutionLevel: 8)
    try tracker.createSnapshot(mode: .frozen)
    let record = try #require(tracker.statistics.objects.first?.records.first)
    let closure = try node(
      SizeNode(name: "", typeName: "", bytes: 0, flatBytes: 0, children: record.referents), "state", "value", "onExpiry"
    )
    #expect(closure.typeName.hasPrefix("closure #1 "), "\(closure.typeName)")
    #expect(try node(closure, "capture 1", "[0]").bytes > 0)
    tracker.close()
  }
}
