// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
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

private final class GraphNames {
  // unsafe: one test writes it, in a suite that runs one test at a time.
  nonisolated(unsafe) static var last: GraphNames?
  let later: () async -> Void
  init(_ later: @escaping () async -> Void) { self.later = later }
}
private final class GraphLink {
  enum State {
    case connected(GraphNote)
    case waiting(Int, GraphNote)
    case failed(GraphNote)
    case idle
  }
  let before = 1
  var state: State?
}
private final class GraphCaptures {
  let call: (Int) -> Int
  init(_ call: @escaping (Int) -> Int) { self.call = call }
}
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
private final class GraphTraced {
  var other: GraphTraced?
}
@inline(never) private func makeTracedCycles(_ count: Int) {
  for _ in 0..<count {
    let first = GraphTraced()
    let second = GraphTraced()
    first.other = second
    second.other = first
  }
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
    #expect(path.root == "global SizerTests.sharedStore")
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
    plantApart {
      for _ in 0..<7 {
        let parent = GraphParent()
        for _ in 0..<3 { parent.children.append(GraphChild(of: parent)) }
      }
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
    plantApart {
      for _ in 0..<4 {
        let session = GraphSession(notes: 2)
        let note = GraphNote(3)
        session.onEnd = { session.history.append(note) }
      }
    }
    let group = try #require(groups(of: GraphSession.self, in: try HeapGraph.proveLeaks()).first)
    #expect(group.grade == .proved)
    #expect(group.groupCount == 4)
    #expect(group.cycle.steps.contains { $0.label.contains(".onEnd") })
    let function = "(closure #1 in closure #1 in HeapGraphTests.closures())"
    #expect(group.cycle.description.contains(function), "\(group.cycle)")
  }

  @Test("names closures that wait by their function, too, and variables that are no file's own")
  func names() throws {
    let note = GraphNote(1)
    GraphNames.last = GraphNames { [number = 7] in
      await Task.yield()
      print(note, number)
    }
    defer { GraphNames.last = nil }
    let path = try #require(try HeapGraph.capture(mode: .frozen).path(to: note))
    #expect(path.root == "global SizerTests.GraphNames.last", "\(path)")
    #expect(path.steps.map(\.label) == [".later", "capture 1"], "\(path)")
    #expect(path.steps.first?.typeName == "closure #1 in HeapGraphTests.names()", "\(path)")
  }

  @Test("names the case that a payload is of")
  func cases() throws {
    let link = GraphLink()
    func label(of note: GraphNote, _ state: GraphLink.State?) throws -> String? {
      link.state = state
      let graph = try HeapGraph.capture(mode: .frozen)
      let object = try #require(
        graph.image.object(at: UInt64(UInt(bitPattern: Unmanaged.passUnretained(link).toOpaque()))))
      return graph.image.edges(from: object).first { graph.image[$0.target].type.name == typeName(of: GraphNote.self) }
        .map { graph.image.label(of: $0) }
    }
    let note = GraphNote(1)
    #expect(try label(of: note, .connected(note)) == ".state.connected")
    #expect(try label(of: note, .waiting(3, note)) == ".state.waiting")
    #expect(try label(of: note, .failed(note)) == ".state.failed")
    #expect(try label(of: note, .idle) == nil)
    #expect(try label(of: note, nil) == nil)
    withExtendedLifetime(link) {}
  }

  @Test("references in payloads of elements and captures have the name of the case that is there")
  func innerCases() throws {
    let notes = (0..<6).map { GraphNote($0) }
    let states: [GraphLink.State?] = made {
      [.connected(notes[0]), .waiting(7, notes[1]), nil, .failed(notes[2]), .idle]
    }
    let state = Bool.random() ? GraphLink.State.failed(notes[3]) : .connected(notes[3])
    let seen = GraphCaptures { number in
      if case .failed(let note) = state { return note.number + number + notes[4].number }
      return states.count
    }
    let graph = try HeapGraph.capture(mode: .frozen)
    func labels(of note: GraphNote) throws -> Set<String> {
      let number = try #require(
        graph.image.object(at: UInt64(UInt(bitPattern: Unmanaged.passUnretained(note).toOpaque()))))
      var labels: Set<String> = []
      for source in 0..<graph.image.objectCount {
        for edge in graph.image.edges(from: source) where edge.target == number && edge.kind == .certain {
          labels.insert(graph.image.label(of: edge))
        }
      }
      return labels
    }
    let found = try notes.map(labels)
    #expect(found[0].contains("[0].connected"), "\(found)")
    #expect(found[1].contains("[1].waiting"), "\(found)")
    #expect(found[2].contains("[3].failed"), "\(found)")
    let name = if case .failed = state { "failed" } else { "connected" }
    let isNamed = found[3].contains { $0.hasPrefix("capture ") && $0.hasSuffix(".\(name)") }
    #expect(isNamed, "\(found)")
    withExtendedLifetime((notes, states, seen.call(1))) {}
  }

  @Test("says of a cycle that a weak reference still sees it")
  func weaklySeen() throws {
    weak var seen: GraphSeen?
    plantApart {
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

  @Test("without edges counts the same, with what each owns")
  func withoutEdges() throws {
    let lones = (0..<432).map { _ in GraphTally() }
    let array = (0..<100).map { GraphNote($0) }
    let cheap = try HeapGraph.capture(mode: .frozen, edges: false)
    #expect(cheap.image.edgeCount == 0 && !cheap.image.info.hasEdges && cheap.image.roots.isEmpty)
    let full = try HeapGraph.capture(mode: .frozen)
    for type in [GraphTally.self, GraphNote.self] as [Any.Type] {
      let record = try #require(cheap.classes.first { $0.typeName == typeName(of: type) })
      #expect(record == full.classes.first { $0.typeName == typeName(of: type) })
    }
    #expect(try HeapImage(decoding: cheap.image.encoded()).info.hasEdges == false)
    withExtendedLifetime((lones, array)) {}
  }

  @Test("has an account of all memory in which its classes are rungs, and that closes")
  func ladder() throws {
    for edges in [false, true] {
      let graph = try HeapGraph.capture(mode: .frozen, edges: edges)
      let rungs = Dictionary(uniqueKeysWithValues: graph.ladder.map { ($0.name, $0.bytes) })
      let classes = graph.classes.reduce(0) { $0 + $1.bytes }
      let own = ["Swift objects", "raw blocks that they own", "dead, kept by unowned"].compactMap { rungs[$0] }
      #expect(own.reduce(0, +) == classes)
      // What the kernel says now, within what a test's process does meanwhile.
      let resident = graph.ladder.reduce(0) { $0 + $1.bytes }
      let now = try Engine.processMemory().resident
      #expect(resident > now / 2 && resident < now * 2)
      #expect(rungs["rest"] != nil && rungs["other living blocks"] != nil)
      #expect(try HeapImage(decoding: graph.image.encoded()).ladder == graph.ladder)
    }
  }

  @Test("tells where what is leaked was made, of classes that are tracked with traces")
  func births() throws {
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: GraphTraced.self, trace: true)
    plantApart {
      makeTracedCycles(5)
      for _ in 0..<2 { makeTracedCycles(1) }
    }
    let group = try #require(groups(of: GraphTraced.self, in: try HeapGraph.proveLeaks()).first)
    #expect(group.grade == .proved && group.groupCount == 7)
    #expect(group.births.map(\.count) == [5, 5, 2, 2])  // two lines in the function, two calls of it
    for birth in group.births {
      #expect(birth.frames.contains { $0.contains("makeTracedCycles") }, "\(birth.frames)")
      #expect(birth.frames.contains { $0.contains("HeapGraphTests.births()") }, "\(birth.frames)")
    }
    // In a file, too.
    let folder = try TemporaryFolder()
    try HeapGraph.capture(mode: .frozen).write(to: folder.path("a.heap"))
    let read = try HeapImage(contentsOf: folder.path("a.heap"))
    #expect(groups(of: GraphTraced.self, in: read.leaks()).first?.births == group.births)
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
