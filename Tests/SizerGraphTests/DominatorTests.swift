// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph
import Testing

/// Dominators against removal by brute force.
@Suite struct DominatorTests {
  @Test("what an object retains is what goes when it is removed")
  func whatObject() {
    for seed in 0..<150 {
      let model = GraphModel(seed: UInt64(seed), objects: 1 + seed % 40)
      let dominators = Dominators(of: model.image)
      let total = zip(model.bytes, model.rawBytes).reduce(0) { $0 + $1.0 + $1.1 }
      #expect(dominators.totalBytes == total, "seed \(seed)")
      for object in 0..<model.count {
        #expect(dominators.retainedBytes(by: object) == model.retained(by: [object]), "seed \(seed), object \(object)")
      }
    }
  }

  @Test("the holder is the nearest object on every way")
  func holderNearest() {
    for seed in 0..<60 {
      let model = GraphModel(seed: UInt64(1000 + seed), objects: 1 + seed % 25)
      let dominators = Dominators(of: model.image)
      let all = model.roots + model.leakedCores.flatMap { $0 }
      // For each object those that it can't be reached without.
      let needed = (0..<model.count).map { object in
        Set((0..<model.count).filter { $0 != object && !model.reached(from: all, without: [$0]).contains(object) })
      }
      for object in 0..<model.count {
        // The nearest one needs all the others.
        let nearest = needed[object].max { needed[$0].count < needed[$1].count }
        switch dominators.holder(of: object) {
        case .object(let holder): #expect(holder == nearest, "seed \(seed), object \(object)")
        case .root: #expect(nearest == nil && model.reached(from: model.roots).contains(object), "seed \(seed)")
        case .leak: #expect(nearest == nil && !model.reached(from: model.roots).contains(object), "seed \(seed)")
        }
      }
    }
  }

  @Test("leaked groups retain what only they hold")
  func leakedGroups() {
    var groups = 0
    for seed in 0..<100 {
      let model = GraphModel(seed: UInt64(2000 + seed), objects: 2 + seed % 30)
      let dominators = Dominators(of: model.image)
      let cores = model.leakedCores
      #expect(dominators.leakedGroupCount == cores.count, "seed \(seed)")
      let expected = cores.map { model.retained(by: $0) }
      #expect(cores.indices.map { dominators.retainedBytes(byLeakedGroup: $0) } == expected, "seed \(seed)")
      groups += cores.count
    }
    #expect(groups > 30)
  }

  @Test("classes retain what their topmost instances do")
  func classesRetain() {
    for seed in 0..<60 {
      let model = GraphModel(seed: UInt64(3000 + seed), objects: 1 + seed % 25)
      let image = model.image
      let dominators = Dominators(of: image)
      let classes = dominators.classes()
      #expect(classes.reduce(0) { $0 + $1.count } == model.count)
      for row in classes {
        let instances = (0..<model.count).filter { model.typeOf[$0] == row.type }
        let topmost = instances.filter { !isBelow(another: instances, $0, dominators) }
        let sum = topmost.reduce(0) { $0 + model.retained(by: [$1]) }
        #expect(row.retainedBytes == sum, "seed \(seed), type \(row.type)")
        #expect(dominators.retainedBytes(byClass: "T\(row.type)") == sum)
        #expect(row.bytes == instances.reduce(0) { $0 + model.bytes[$1] + model.rawBytes[$1] })
      }
      #expect(dominators.retainedBytes(byClass: "T9") == nil)
    }
  }

  private func isBelow(another instances: [Int], _ object: Int, _ dominators: Dominators) -> Bool {
    var place = object
    while case .object(let holder) = dominators.holder(of: place) {
      if instances.contains(holder) { return true }
      place = holder
    }
    return false
  }

  @Test("the tree has each object once")
  func treeHas() {
    let model = GraphModel(seed: 77, objects: 60)
    let dominators = Dominators(of: model.image)
    let tree = dominators.tree()
    for object in 0..<60 {
      for child in tree.children(of: object) { #expect(dominators.holder(of: child) == .object(object)) }
    }
    let below = (0..<60).reduce(0) { $0 + tree.children(of: $1).count }
    let leaked = (0..<60).count { if case .leak = dominators.holder(of: $0) { true } else { false } }
    #expect(below + tree.roots.count + leaked == 60)
  }

  @Test("a list of two hundred thousand links does not overflow the stack")
  func listTwo() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "Link"))
    let count = 200_000
    for number in 0..<count { _ = builder.addObject(at: UInt64(number + 1) * 32, type: type, bytes: 32) }
    for number in 1..<count { builder.addEdge(from: number - 1, to: number, label: .slot(2)) }
    let image = builder.image()
    let dominators = Dominators(of: image)
    #expect(dominators.retainedBytes(by: 0) == count * 32 && dominators.retainedBytes(by: count - 1) == 32)
    #expect(image.leaks().isEmpty)
    #expect(PathFinder(of: image).path(to: count - 1).steps.count == count - 1)
    // The same as a ring that nobody holds.
    builder.addEdge(from: count - 1, to: 0, label: .slot(2))
    let leaks = builder.image().leaks()
    #expect(leaks.count == 1 && leaks.first?.objectCount == count && leaks.first?.cycle.steps.count == count)
  }

  @Test("shares of what several hold", arguments: [1, 2, 3, 70])
  func sharesOfSeveral(holders: Int) {
    for seed in 0..<30 {
      var dice = SeededGenerator(seed: UInt64(seed))
      let model = GraphModel(seed: UInt64(4000 + seed), objects: holders + 1 + dice.below(40))
      let chosen = Array((0..<model.count).shuffled(using: &dice).prefix(holders))
      let shares = Shares(of: chosen, in: model.image)
      let others = model.reached(from: model.roots.filter { !chosen.contains($0) }, without: Set(chosen))
      var expected = [Double](repeating: 0, count: holders)
      var own = [Int](repeating: 0, count: holders)
      let reached = chosen.map { model.reached(from: [$0], without: others) }
      for object in 0..<model.count where !others.contains(object) {
        let by = reached.indices.filter { reached[$0].contains(object) }
        let bytes = model.bytes[object] + model.rawBytes[object]
        for holder in by { expected[holder] += Double(bytes) / Double(by.count) }
        if by.count == 1 { own[by[0]] += bytes }
      }
      #expect(shares.parts.map(\.ownBytes) == own, "seed \(seed)")
      for (part, share) in zip(shares.parts, expected) {
        #expect(abs(Double(part.bytes) - share) <= Double(model.count), "seed \(seed)")
      }
      #expect(Double(shares.bytes).rounded() == expected.reduce(0, +).rounded(), "seed \(seed)")
    }
  }
}
