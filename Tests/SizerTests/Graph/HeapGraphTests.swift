// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

// Types of this file's own: other tests make objects in the same process at the same time.

private final class GraphSession {
  var onEnd: (() -> Void)?
  var history: [GraphNote] = []
  init(notes: Int) { for number in 0..<notes { history.append(GraphNote(number)) } }
}
private final class GraphNote {
  let number: Int
  init(_ number: Int) { self.number = number }
}
private final class GraphStore {
  var sessions: [String: GraphSession] = [:]
}
/// A root with a name: whatever a stack still has in it, this goes first.
// unsafe: one test writes it, in a suite that runs one test at a time.
private nonisolated(unsafe) var sharedStore: GraphStore?

private final class GraphParent {
  var children: [GraphChild] = []
}
private final class GraphChild {
  let parent: GraphParent
  init(of parent: GraphParent) { self.parent = parent }
}
private final class GraphSeen {
  var other: GraphSeen?
}
private final class GraphTally {
  var words = (0, 0, 0)
}

/// Groups of which a type is a part.
private func groups(of type: Any.Type, in leaks: [LeakGroup]) -> [LeakGroup] {
  leaks.filter { $0.typeNames.contains(typeName(of: type)) }
}

@Suite("The heap graph", .serialized)
struct HeapGraphTests {
  @Test("counts every object of a class, whoever holds it")
  func counts() throws {
    let lones = (0..<1_234).map { _ in GraphTally() }
    let graph = try HeapGraph.capture(mode: .frozen)
    let record = try #require(graph.classes.first { $0.typeName == typeName(of: GraphTally.self) })
    #expect(record.count == 1_234)
    // What the allocator says of each of them.
    #expect(record.bytes == (try HeapSizer().sizes(of: lones).reduce(0) { $0 + $1.bytes }))
    withExtendedLifetime(lones) {}
  }

  @Test("finds the way to an object by its names")
  func paths() throws {
    let store = GraphStore()
    store.sessions["user37"] = GraphSession(notes: 30)
    store.sessions["user38"] = GraphSession(notes: 3)
    sharedStore = store
    defer { sharedStore = nil }
    let graph = try HeapGraph.capture(mode: .frozen)  // nothing but its array holds the note
    let path = try #require(graph.path(to: store.sessions["user37"]!.history[28]))
    let labels = path.steps.map(\.label)
    #expect(labels.suffix(4) == [".sessions", "[\"user37\"]", ".history", "[28]"], "\(path)")
    #expect(path.root?.hasPrefix("global ") == true)
    #expect(path.end.typeName == typeName(of: GraphNote.self))
  }

  @Test("tells what an object keeps alive, as the arena that it was made in does")
  func retained() throws {
    let arena = try Arena()
    let session = try arena.make { GraphSession(notes: 500) }
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(graph.retainedBytes(by: session) == (try arena.bytes()))
    withExtendedLifetime(session) {}
  }

  @Test("proves cycles that nothing holds, and no others")
  func leaks() throws {
    for _ in 0..<7 {
      let parent = GraphParent()
      for _ in 0..<3 { parent.children.append(GraphChild(of: parent)) }
    }
    let held = GraphParent()
    held.children.append(GraphChild(of: held))
    let leaks = groups(of: GraphParent.self, in: try HeapGraph.proveLeaks())
    #expect(leaks.count == 1)
    let group = try #require(leaks.first)
    #expect(group.grade == .proved)
    #expect(group.groupCount == 7)
    #expect(group.objectCount == 7 * 5)  // the parent, its children, and their array
    #expect(!group.addresses.contains(UInt(bitPattern: Unmanaged.passUnretained(held).toOpaque())))
    #expect(group.typeNames.contains(typeName(of: GraphChild.self)))
    withExtendedLifetime(held) {}
  }

  @Test("names a cycle through a closure")
  func closures() throws {
    for _ in 0..<4 {
      let session = GraphSession(notes: 2)
      session.onEnd = { session.history.removeAll() }
    }
    let group = try #require(groups(of: GraphSession.self, in: try HeapGraph.proveLeaks()).first)
    #expect(group.grade == .proved)
    #expect(group.groupCount == 4)
    #expect(group.cycle.steps.contains { $0.label.contains(".onEnd") })
  }

  @Test("says of a cycle that a weak reference still sees it")
  func weaklySeen() throws {
    weak var seen: GraphSeen?
    do {
      let first = GraphSeen()
      let second = GraphSeen()
      first.other = second
      second.other = first
      seen = first
    }
    let leaks = groups(of: GraphSeen.self, in: try HeapGraph.proveLeaks())
    #expect(leaks.map(\.grade) == [.visible])
    seen?.other = nil
    #expect(groups(of: GraphSeen.self, in: try HeapGraph.proveLeaks()).isEmpty)
  }

  @Test("can be written and read again")
  func encoding() throws {
    let lones = (0..<10).map { _ in GraphTally() }
    let graph = try HeapGraph.capture()
    let again = try HeapImage(decoding: graph.image.encoded())
    #expect(again.objectCount == graph.objectCount)
    #expect(again.edgeCount == graph.image.edgeCount)
    withExtendedLifetime(lones) {}
  }

  @Test("refuses to be counts alone, and to read what other threads may free")
  func refusal() throws {
    let counts = #expect(throws: SizerError.self) { try HeapGraph.capture(mode: .counts) }
    #expect(counts?.code == .invalidArgument)
    let inPlace = #expect(throws: SizerError.self) { try HeapGraph.capture(mode: .inPlace) }
    #expect(inPlace?.code == .invalidArgument && inPlace?.message.contains("other threads") == true)
  }
}
