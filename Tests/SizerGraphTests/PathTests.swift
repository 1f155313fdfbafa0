// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import Testing

/// Paths by names, and that no shorter one was there.
@Suite struct PathTests {
  /// The server of the issue: a store with sessions by key, each with a history.
  private func server() -> (image: HeapImage, entry: Int, session: Int) {
    var builder = HeapImageBuilder()
    let store = builder.add(HeapType(name: "App.Store", fields: [.init(offset: 16, label: ".sessions")]))
    let hash = builder.add(HeapType(name: "Dictionary<String, Session>", kind: .hashStorage))
    let session = builder.add(HeapType(name: "App.Session", fields: [.init(offset: 24, label: ".history")]))
    let array = builder.add(
      HeapType(
        name: "Array<Entry>", kind: .arrayStorage,
        tail: .init(offset: 32, stride: 8, fields: [.init(offset: 0, label: "")])))
    let entry = builder.add(HeapType(name: "App.Entry"))
    let objects = [store, hash, session, array, entry].enumerated().map {
      builder.addObject(at: UInt64(0x9000 - $0 * 64), type: $1, bytes: 48)
    }
    builder.addEdge(from: objects[0], to: objects[1], label: .slot(2))
    builder.addEdge(from: objects[1], to: objects[2], label: .text(builder.label(.key, "user37")))
    builder.addEdge(from: objects[2], to: objects[3], label: .slot(3))
    builder.addEdge(from: objects[3], to: objects[4], label: .slot(4 + 28))
    // A stale word on a stack is nearer, and must not be believed before the global is.
    builder.add(HeapRoot(.stack, of: objects[3], reference: .uncertain, label: builder.label(.thread, "NIO-0")))
    builder.add(HeapRoot(.global, of: objects[0], label: builder.label(.symbol, "app.store")))
    let image = builder.image()
    return (image, image.object(at: 0x9000 - 4 * 64) ?? -1, image.object(at: 0x9000 - 2 * 64) ?? -1)
  }

  @Test("a path is told by names")
  func pathTold() {
    let (image, entry, session) = server()
    let finder = PathFinder(of: image)
    let path = finder.path(to: entry)
    #expect(path.description == "global app.store -> .sessions -> [\"user37\"] -> .history -> [28]")
    #expect(path.root == "global app.store" && path.end.object == entry && path.end.typeName == "App.Entry")
    #expect(finder.path(toFirst: "App.Session") == finder.path(to: session))
    #expect(finder.path(toFirst: "Session")?.description == "global app.store -> .sessions -> [\"user37\"]")
    #expect(finder.path(toFirst: "Nothing") == nil)
  }

  @Test("roots have names as far as they are known")
  func rootsHave() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Node"))
    let objects = (0..<7).map { builder.addObject(at: UInt64(64 + $0 * 64), type: type, bytes: 64) }
    builder.add(HeapRoot(.global, of: objects[0], offset: 24))
    builder.add(HeapRoot(.stack, of: objects[1], reference: .uncertain, label: builder.label(.thread, "main")))
    builder.add(HeapRoot(.cMemory, of: objects[2], reference: .uncertain))
    builder.add(HeapTask(object: objects[3], function: nil, creator: builder.label(.function, "App.poll()")))
    builder.addEdge(from: objects[6], to: objects[5], label: .rawSlot(2))
    builder.addEdge(from: objects[5], to: objects[6], kind: .certain, label: .element(3))
    // A weak global holds nothing.
    builder.add(HeapRoot(.global, of: objects[4], reference: .weak))
    let finder = PathFinder(of: builder.image())
    let texts = (0..<7).map { finder.path(to: $0).description }
    #expect(
      texts == [
        "global+24", "thread main", "C memory", "task App.poll()", "unknown holder", "leaked", "leaked -> [3]",
      ])
  }

  @Test("no path is in doubt where it need not be, and no sure one is longer than it must be")
  func shortest() {
    for seed in 0..<100 {
      let model = GraphModel(seed: UInt64(5000 + seed), objects: 1 + seed % 30)
      let image = model.image
      let finder = PathFinder(of: image)
      let account = ReferenceAccount(of: image)
      let roots = (0..<model.count).filter { account.isRoot($0) }
      #expect(roots.allSatisfy { model.strong[$0] != model.incoming($0, .certain) })
      let costs = Self.costs(in: model, from: roots)
      for (object, cost) in costs {
        let path = finder.path(to: object)
        #expect(path.root == "unknown holder")
        #expect(path.steps.count { !$0.isCertain } == cost.doubts, "seed \(seed)")
        if cost.doubts == 0 { #expect(path.steps.count == cost.length, "seed \(seed)") }
        var place = path.start.object
        for step in path.steps {
          #expect(model.edges.contains { $0.from == place && $0.to == step.object && $0.kind.isStrong })
          place = step.object
        }
        #expect(place == object)
      }
    }
  }

  /// How many edges in doubt the best path to each object has, and how long it is: relaxed until nothing changes.
  private static func costs(in model: GraphModel, from roots: [Int]) -> [Int: (doubts: Int, length: Int)] {
    var costs: [Int: (doubts: Int, length: Int)] = [:]
    for root in roots { costs[root] = (0, 0) }
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for edge in model.edges where edge.kind.isStrong {
        guard let start = costs[edge.from] else { continue }
        let cost = (doubts: start.doubts + (edge.kind == .certain ? 0 : 1), length: start.length + 1)
        if let known = costs[edge.to], known <= cost { continue }
        costs[edge.to] = cost
        hasChanged = true
      }
    }
    return costs
  }
}
