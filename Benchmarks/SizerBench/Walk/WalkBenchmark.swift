// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import Sizer

/// HeapSizer against the floor and against `Mirror`, over every shape, order and size.
struct WalkBenchmark {
  var sizes: [Int]
  var effort: SideBySide.Effort
  private let progress = Progress()

  /// Every size: two to four minutes, and 1 GB of memory.
  static let full = WalkBenchmark(
    sizes: [100_000, 1_000_000, 10_000_000], effort: .init(rounds: 5, time: .milliseconds(700)))
  /// Without the largest size.
  static let short = WalkBenchmark(
    sizes: [100_000, 1_000_000], effort: .init(rounds: 9, time: .milliseconds(700)))
  /// Without the largest size, and in a hurry.
  static let quick = WalkBenchmark(
    sizes: [100_000, 1_000_000], effort: .init(rounds: 9, time: .milliseconds(300)))

  private static let shapes: [any Shape.Type] = [
    ArrayOfLeaves.self, BinaryTree.self, RandomGraph.self, LinkedList.self,
  ]
  /// `Mirror` needs a second for so many.
  private static let mirrorLimit = 100_000

  func run() throws -> [WalkFigures] {
    defer { progress.clear() }
    return try sizes.flatMap { size in
      try Self.shapes.flatMap { shape in try measure(shape, objects: size) }
    }
  }

  /// Makes the nodes once, then links and measures them in each order.
  private func measure<S: Shape>(_ shape: S.Type, objects: Int) throws -> [WalkFigures] {
    progress.show("making \(objects.grouped) objects: \(S.title)")
    var nodes = S.makeNodes(objects - S.extraObjects)
    let floor = try Floor(nodes: nodes)
    var generator = SeededGenerator(seed: 1)
    var figures: [WalkFigures] = []
    for order in Order.allCases {
      progress.show("walking \(objects.grouped) objects: \(S.title), \(order)")
      if order == .shuffled { nodes.shuffle(using: &generator) }
      let root = S.link(nodes)
      defer { S.unlink(nodes) }
      figures.append(try measure(shape, root: root, order: order, objects: objects, floor: floor))
    }
    return figures
  }

  private func measure<S: Shape>(
    _ shape: S.Type, root: S.Root, order: Order, objects: Int, floor: borrowing Floor
  ) throws -> WalkFigures {
    let walks = try SideBySide.measure(effort) {
      Walked(try HeapSizer().size(of: root))
    } against: {
      S.walk(root, on: floor)
    } check: { sizer, floor in
      guard sizer == floor, floor.objects == objects else {
        throw BenchError("\(S.title), \(order): HeapSizer says \(sizer), the floor \(floor), made were \(objects)")
      }
    }
    let mirror = timed { MirrorWalk.walk(root, limit: Self.mirrorLimit) }
    let processors = objects < Self.fewForTwo ? nil : try compareProcessors(root)
    let nsPerObject = walks.first.nanoseconds / Double(objects)
    let mirrorNsPerObject = mirror.time.nanoseconds / Double(mirror.result.objects)
    return WalkFigures(
      shape: S.title, order: order, objects: objects,
      nsPerObject: nsPerObject.rounded(to: 2),
      floorNsPerObject: (walks.second.nanoseconds / Double(objects)).rounded(to: 2),
      ratioToFloor: walks.ratio.rounded(to: 3),
      ratioToMirror: (mirrorNsPerObject / nsPerObject).rounded(to: 1),
      ratioOfProcessors: processors,
      goals: WalkGoal.all(
        of: shape, order, objects: objects, toFloor: walks.ratio, ofProcessors: processors))
  }

  /// Of fewer there are less than 64 MiB, for which one processor is taken.
  private static let fewForTwo = 2_000_000

  private func compareProcessors<Root>(_ root: Root) throws -> Double {
    let holder = Holder(root)
    let tracker = ClassTracker()
    defer {
      ClassTracker.usesTwoProcessors = true
      tracker.close()
    }
    try tracker.track(holder)
    func snapshot(usesTwo: Bool) throws -> Int {
      ClassTracker.usesTwoProcessors = usesTwo
      return try tracker.createSnapshot(mode: .frozen).trackedBytes
    }
    return try SideBySide.measure(effort) {
      try snapshot(usesTwo: false)
    } against: {
      try snapshot(usesTwo: true)
    } check: { one, two in
      guard one == two else { throw BenchError("one processor finds \(one) bytes, two find \(two)") }
    }.ratio.rounded(to: 3)
  }
}

/// An object that can be tracked, for a root that need not be one.
private final class Holder<Root> {
  let root: Root
  init(_ root: Root) { self.root = root }
}

extension Walked {
  fileprivate init(_ size: HeapSize) {
    self.init(objects: size.objectCount, bytes: size.bytes)
  }
}

extension Duration {
  fileprivate var nanoseconds: Double { self / .nanoseconds(1) }
}
