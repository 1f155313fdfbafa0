// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

// Types of this file's own: other tests make objects in the same process at the same time.

private final class Session {
  var onEnd: (() -> Void)?
  var history: [Note] = []
  init(notes: Int) { for number in 0..<notes { history.append(Note(number)) } }
}
private final class Note {
  let number: Int
  init(_ number: Int) { self.number = number }
}
private final class Store {
  var sessions: [String: Session] = [:]
}
/// A root with a name: whatever a stack still has in it, this goes first.
// unsafe: one test writes it, in a suite that runs one test at a time.
private nonisolated(unsafe) var sharedStore: Store?

private final class Parent {
  var children: [Child] = []
}
private final class Child {
  let parent: Parent
  init(of parent: Parent) { self.parent = parent }
}
private final class Watched {
  var other: Watched?
}
private final class Lone {
  var words = (0, 0, 0)
}

private let modes: [SnapshotMode] = [.frozen, .inPlace]

/// Groups of which a type is a part.
private func groups(of type: Any.Type, in leaks: [LeakGroup]) -> [LeakGroup] {
  leaks.filter { $0.typeNames.contains(typeName(of: type)) }
}

@Suite("The heap graph", .serialized)
struct HeapGraphTests {
  @Test("counts every object of a class, whoever holds it", arguments: modes)
  func counts(mode: SnapshotMode) throws {
    let lones = (0..<1_234).map { _ in Lone() }
    let graph = try HeapGraph.capture(mode: mode)
    let record = try #require(graph.classes.first { $0.typeName == typeName(of: Lone.self) })
    #expect(record.count == 1_234)
    // What the allocator says of each of them.
    #expect(record.bytes == (try HeapSizer().sizes(of: lones).reduce(0) { $0 + $1.bytes }))
    withExtendedLifetime(lones) {}
  }

  @Test("finds the way to an object by its names", arguments: modes)
  func paths(mode: SnapshotMode) throws {
    let store = Store()
    store.sessions["user37"] = Session(notes: 30)
    store.sessions["user38"] = Session(notes: 3)
    sharedStore = store
    defer { sharedStore = nil }
    let graph = try HeapGraph.capture(mode: mode)  // nothing but its array holds the note
    let path = try #require(graph.path(to: store.sessions["user37"]!.history[28]))
    let labels = path.steps.map(\.label)
    #expect(labels.suffix(4) == [".sessions", "[\"user37\"]", ".history", "[28]"], "\(path)")
    #expect(path.root?.hasPrefix("global ") == true)
    #expect(path.end.typeName == typeName(of: Note.self))
  }

  @Test("tells what an object keeps alive, as the arena that it was made in does", arguments: modes)
  func retained(mode: SnapshotMode) throws {
    let arena = try Arena()
    let session = try arena.make { Session(notes: 500) }
    let graph = try HeapGraph.capture(mode: mode)
    #expect(graph.retainedBytes(by: session) == (try arena.bytes()))
    withExtendedLifetime(session) {}
  }

  @Test("proves cycles that nothing holds, and no others")
  func leaks() throws {
    for _ in 0..<7 {
      let parent = Parent()
      for _ in 0..<3 { parent.children.append(Child(of: parent)) }
    }
    let held = Parent()
    held.children.append(Child(of: held))
    let leaks = groups(of: Parent.self, in: try HeapGraph.proveLeaks())
    #expect(leaks.count == 1)
    let group = try #require(leaks.first)
    #expect(group.grade == .proved)
    #expect(group.groupCount == 7)
    #expect(group.objectCount == 7 * 5)  // the parent, its children, and their array
    #expect(!group.addresses.contains(UInt(bitPattern: Unmanaged.passUnretained(held).toOpaque())))
    #expect(group.typeNames.contains(typeName(of: Child.self)))
    withExtendedLifetime(held) {}
  }

  @Test("names a cycle through a closure")
  func closures() throws {
    for _ in 0..<4 {
      let session = Session(notes: 2)
      session.onEnd = { session.history.removeAll() }
    }
    let group = try #require(groups(of: Session.self, in: try HeapGraph.proveLeaks()).first)
    #expect(group.grade == .proved)
    #expect(group.groupCount == 4)
    #expect(group.cycle.steps.contains { $0.label.contains(".onEnd") })
  }

  @Test("says of a cycle that a weak reference still sees it")
  func weaklySeen() throws {
    weak var seen: Watched?
    do {
      let first = Watched()
      let second = Watched()
      first.other = second
      second.other = first
      seen = first
    }
    let leaks = groups(of: Watched.self, in: try HeapGraph.proveLeaks())
    #expect(leaks.map(\.grade) == [.visible])
    seen?.other = nil
    #expect(groups(of: Watched.self, in: try HeapGraph.proveLeaks()).isEmpty)
  }

  @Test("can be written and read again")
  func encoding() throws {
    let lones = (0..<10).map { _ in Lone() }
    let graph = try HeapGraph.capture()
    let again = try HeapImage(decoding: graph.image.encoded())
    #expect(again.objectCount == graph.objectCount)
    #expect(again.edgeCount == graph.image.edgeCount)
    withExtendedLifetime(lones) {}
  }

  @Test("refuses to be counts alone")
  func refusal() {
    #expect(throws: SizerError.self) { try HeapGraph.capture(mode: .counts) }
  }
}
