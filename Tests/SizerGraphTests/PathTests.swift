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

  @Test("of a long way both ends are told, and how much lies between")
  func longWay() {
    var builder = HeapImageBuilder()
    let objects = (0..<40).map {
      builder.addObject(at: UInt64(64 + $0 * 64), type: builder.add(HeapType(name: "T\($0)")), bytes: 64)
    }
    for (source, target) in zip(objects, objects.dropFirst()) {
      builder.addEdge(from: source, to: target, label: .text(builder.label(.plain, ".f\(source)")))
    }
    builder.add(HeapRoot(.global, of: objects[0], label: builder.label(.symbol, "app")))
    let finder = PathFinder(of: builder.image())
    let whole = finder.path(to: 39)
    #expect(whole.steps.count == 39)
    for ends in [0, 1, 3, 19, 20, 39, 40] {
      let (path, leftOut) = finder.path(to: 39, ends: ends)
      #expect(path.root == whole.root && path.start == whole.start && leftOut == max(0, 39 - 2 * ends))
      let expected = leftOut > 0 ? whole.steps.prefix(ends) + whole.steps.suffix(ends) : whole.steps[...]
      #expect(path.steps == Array(expected), "\(ends)")
    }
    #expect(finder.path(to: 2, ends: 1).path == finder.path(to: 2))
    // `global app -> .f0 -> … -> .f38` in few bytes, and all of it in as many as it has.
    #expect(whole.text(limit: 50) == "global app -> .f0 -> .f1 -> (35 more) -> .f37 -> .f38")
    #expect(whole.text(limit: whole.description.utf8.count + 4) == whole.description)
    #expect(whole.description.hasSuffix(" -> .f37 -> .f38") && !whole.description.contains("more"))
  }

  @Test("a text that is too long keeps its ends, and differs where the texts do")
  func shortened() {
    let (before, after) = (String(repeating: "ü", count: 500), String(repeating: "é", count: 500))
    let texts = ["a", "b"].map { "start\(before)\($0)\(after)end" }
    let short = texts.map { [$0].joined(by: ", ", limit: 400) }
    for text in short {
      #expect(text.utf8.count <= 100 && text.hasPrefix("startü") && text.hasSuffix("éend"), "\(text)")
    }
    #expect(short[0] != short[1])
    #expect([String]().joined(by: ", ", limit: 10).isEmpty)
  }

  @Test("an entry of a dictionary without a key's text says so, in whatever word it lies")
  func entriesWithoutKey() {
    var builder = HeapImageBuilder()
    let hash = builder.add(HeapType(name: "Dictionary<String, Entry>", kind: .hashStorage))
    let types = [hash, builder.add(HeapType(name: "App.Entry")), builder.add(HeapType(name: "App.Other"))]
    let objects = types.enumerated().map { builder.addObject(at: UInt64(0x9000 + $0 * 0x100), type: $1, bytes: 48) }
    builder.addEdge(from: objects[0], to: objects[1], label: .slot(68_752 / 8))
    builder.addEdge(from: objects[1], to: objects[2], label: .slot(9))
    builder.add(HeapRoot(.global, of: objects[0], label: builder.label(.symbol, "app.cache")))
    let finder = PathFinder(of: builder.image())
    #expect(finder.path(toFirst: "App.Entry")?.description == "global app.cache -> [...]")
    #expect(finder.path(toFirst: "App.Other")?.description == "global app.cache -> [...] -> +72")
  }

  @Test("roots have names as far as they are known")
  func rootsHave() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Node"))
    let objects = (0..<7).map { builder.addObject(at: UInt64(64 + $0 * 64), type: type, bytes: 64) }
    builder.add(HeapRoot(.global, of: objects[0], offset: 24))
    builder.add(HeapRoot(.stack, of: objects[1], reference: .uncertain, label: builder.label(.thread, "main")))
    let word = builder.label(.plain, "0x40 in a block of 96 bytes")
    builder.add(HeapRoot(.cMemory, of: objects[2], reference: .uncertain, label: word))
    builder.add(HeapTask(object: objects[3], function: nil, creator: builder.label(.function, "App.poll()")))
    builder.addEdge(from: objects[6], to: objects[5], label: .rawSlot(2))
    builder.addEdge(from: objects[5], to: objects[6], kind: .certain, label: .element(3))
    // A weak global holds nothing.
    builder.add(HeapRoot(.global, of: objects[4], reference: .weak))
    let finder = PathFinder(of: builder.image())
    let texts = (0..<7).map { finder.path(to: $0).description }
    #expect(
      texts == [
        "global+24", "thread main?", "C memory, 0x40 in a block of 96 bytes?", "task App.poll()",
        "unknown holder (1 reference that the heap does not explain)", "leaked", "leaked -> [3]",
      ])
  }

  private static func unknownHolder(lacking: Int) -> String {
    if lacking < 0 { return "a move under way" }
    return lacking == 1
      ? "unknown holder (1 reference that the heap does not explain)"
      : "unknown holder (\(lacking) references that the heap does not explain)"
  }

  @Test("the case of an enum stands behind its place, and is no part of a shape")
  func cases() throws {
    var builder = HeapImageBuilder()
    let array = builder.add(HeapType(name: "Array<State>", tail: .init(offset: 32, stride: 8)))
    let node = builder.add(HeapType(name: "App.Node"))
    let storage = builder.addObject(at: 4096, type: array, bytes: 64)
    builder.add(HeapRoot(.global, of: storage, label: builder.label(.symbol, "app.states")))
    let nodes = (0..<3).map { builder.addObject(at: 8192 + UInt64($0) * 64, type: node, bytes: 64) }
    let names = ["connected", "failed.later"]
    for (number, name) in names.enumerated() {
      builder.addEdge(
        from: storage, to: nodes[number], label: .slot(4 + number), enumCase: builder.label(.enumCase, name))
    }
    builder.addEdge(from: storage, to: nodes[2], label: .slot(6))
    let image = try HeapImage(decoding: builder.image().encoded())
    let finder = PathFinder(of: image)
    #expect(
      nodes.map { finder.path(to: $0).description } == [
        "global app.states -> [0].connected", "global app.states -> [1].failed.later", "global app.states -> [2]",
      ])
    func signatures(_ names: [String]) -> [String] {
      var builder = HeapImageBuilder()
      let array = builder.add(HeapType(name: "Array<State>", tail: .init(offset: 32, stride: 8)))
      let storage = builder.addObject(at: 4096, type: array, bytes: 64, strongCount: names.count)
      for (number, name) in names.enumerated() {
        builder.addEdge(from: storage, to: storage, label: .slot(4 + number), enumCase: builder.label(.enumCase, name))
      }
      return builder.image().leaks().map(\.signature)
    }
    #expect(signatures(names).count == 1 && signatures(names) == signatures(names.reversed() + ["idle"]))
  }

  @Test("a word that may be old is not told as the holder of what others hold")
  func oldWords() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Node"))
    let objects = (0..<4).map { builder.addObject(at: UInt64(64 + $0 * 64), type: type, bytes: 64) }
    let main = builder.label(.thread, "main")
    builder.add(HeapRoot(.stack, of: objects[0], reference: .uncertain, label: main))
    builder.addEdge(from: objects[0], to: objects[1], label: .slot(2))
    builder.addEdge(from: objects[2], to: objects[3], label: .slot(2))
    builder.addEdge(from: objects[3], to: objects[2], label: .slot(2))
    // Stacks are full of old words; other memory less so.
    let other = builder.addObject(at: 4096, type: type, bytes: 64)
    builder.add(HeapRoot(.stack, of: other, reference: .uncertain, label: main))
    builder.add(HeapRoot(.cMemory, of: other, reference: .uncertain))
    // All references to these are known.
    builder.add(HeapRoot(.stack, of: objects[1], reference: .uncertain, label: main))
    builder.add(HeapRoot(.global, of: objects[1], reference: .uncertain))
    builder.add(HeapRoot(.stack, of: objects[2], reference: .uncertain, label: main))
    let finder = PathFinder(of: builder.image())
    let steps = objects.map { finder.path(to: $0) }.map { ($0.root, $0.steps.count) }
    #expect(steps.map(\.0) == ["thread main", "thread main", "leaked", "leaked"])
    #expect(steps.map(\.1) == [0, 1, 0, 1])
    #expect(finder.path(to: other).root == "C memory")
  }

  @Test("a way from a stack in use goes before a shorter one from a word that may be old")
  func surerRoots() {
    for rival in [HeapRoot.Kind.cMemory, .stack, .other] {
      var builder = HeapImageBuilder()
      let type = builder.add(HeapType(name: "App.Node", fields: [.init(offset: 16, label: ".next")]))
      let chain = (0..<4).map {
        builder.addObject(at: UInt64(64 + $0 * 64), type: type, bytes: 64, strongCount: $0 == 3 ? 2 : 1)
      }
      for (from, to) in zip(chain, chain.dropFirst()) { builder.addEdge(from: from, to: to, label: .slot(2)) }
      // The last has a count that no object explains, and a word next to it.
      builder.add(HeapRoot(rival, of: chain[3], reference: .uncertain))
      builder.add(HeapRoot(.stackInUse, of: chain[0], reference: .uncertain, label: builder.label(.thread, "NIO-0")))
      let sure = PathFinder(of: builder.image()).path(to: chain[3])
      #expect(sure.description == "thread NIO-0 -> .next -> .next -> .next")
      // What only the rival holds says that this may be an old word.
      let lone = builder.addObject(at: 4096, type: type, bytes: 64)
      builder.add(HeapRoot(rival, of: lone, reference: .uncertain))
      let doubtful = PathFinder(of: builder.image()).path(to: lone)
      #expect(!doubtful.start.isCertain && doubtful.description == "\(doubtful.root ?? "")?")
      // A global goes before a stack, where something but objects holds what it names.
      builder.add(HeapRoot(.global, of: chain[1], reference: .uncertain, label: builder.label(.symbol, "app.nodes")))
      #expect(PathFinder(of: builder.image()).path(to: chain[3]).root == "thread NIO-0")
      builder.add(HeapRoot(.global, of: chain[0], reference: .uncertain, label: builder.label(.symbol, "app.first")))
      #expect(PathFinder(of: builder.image()).path(to: chain[3]).root == "global app.first")
    }
  }

  @Test("what lives and is held by nothing known says why")
  func unknownHolders() {
    let cases: [(count: Int, flags: HeapImage.Flags, text: String)] = [
      (1, [.immortal], "never freed"), (1, [.deiniting], "being made or destroyed"), (0, [], "being made or destroyed"),
      (0, [.deadKeptByUnowned], "unowned references"), (1, [.negativeAccount], "a move under way"),
      (3, [], "unknown holder (3 references that the heap does not explain)"),
    ]
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Node"))
    for (number, found) in cases.enumerated() {
      let address = UInt64(64 + number * 64)
      _ = builder.addObject(at: address, type: type, bytes: 64, strongCount: found.count, flags: found.flags)
    }
    let finder = PathFinder(of: builder.image())
    for number in cases.indices { #expect(finder.path(to: number).root == cases[number].text) }
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
        let lacking = model.strong[path.start.object] - model.incoming(path.start.object, .certain)
        #expect(path.root == Self.unknownHolder(lacking: lacking))
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
