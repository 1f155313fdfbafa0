// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

/// A node of a large heap, with a list and a text besides: what a second thread does by itself and what it does not.
private final class Knot {
  var left: Knot?
  var right: Knot?
  var list: [Knot] = []
  var text = ""
  var room = (0, 0, 0, 0, 0, 0, 0, 0)
}

/// Objects of so many bytes that two threads work where the machine has two processors: the engine's estimate is half
/// as many. They do not lie in the order of the tree, so the child sweeps.
private func makeTree(_ count: Int) -> [Knot] {
  let made = (0..<count).map { _ in Knot() }
  let knots = (0..<count).map { made[$0 &* 7919 % count] }
  for i in 1..<count {
    let above = knots[(i - 1) / 2]
    if i.isMultiple(of: 2) { above.right = knots[i] } else { above.left = knots[i] }
    if i.isMultiple(of: 97) { knots[i].list = [knots[(i &* 7919) % count], knots[i / 3]] }
    if i.isMultiple(of: 101) { knots[i].text = String(repeating: "text", count: i % 40 + 5) }
  }
  return knots
}

@Suite("Two processors", .serialized)
struct TwoProcessorsTests {
  private func snapshot(_ tracker: ClassTracker, usesTwo: Bool) throws -> Snapshot {
    ClassTracker.usesTwoProcessors = usesTwo
    #expect(ClassTracker.usesTwoProcessors == usesTwo)
    return try tracker.createSnapshot(mode: .frozen, heap: .classes)
  }

  private var lastSweep: (all: UInt64, bySecond: UInt64) { Engine.lastSweep.withLock(\.self) }

  @Test("a frozen snapshot has the same sizes whether its child may use one or two, and uses the second")
  func same() throws {
    let count = 1_200_000
    let knots = makeTree(count)
    defer { for knot in knots { (knot.left, knot.right, knot.list) = (nil, nil, []) } }
    let tracker = ClassTracker()
    defer {
      ClassTracker.usesTwoProcessors = true
      tracker.close()
    }
    for (number, name) in [(0, "root"), (1, "left"), (40, "deep")] { try tracker.track(knots[number], name: name) }
    var snapshots: [Snapshot] = []
    for usesTwo in [false, true, true] {
      snapshots.append(try snapshot(tracker, usesTwo: usesTwo))
      if !usesTwo { #expect(lastSweep == (0, 0)) }
    }
    // Whoever else wants the processors may keep the second thread from its own: it need not come each time.
    let tries = 20
    #expect(Engine.isHeapLarge)
    let hasTwo = Engine.processorsForChild(atMost: 2) == 2
    while hasTwo, lastSweep.bySecond == 0, snapshots.count < tries {
      snapshots.append(try snapshot(tracker, usesTwo: true))
    }
    let sweep = lastSweep
    #expect(hasTwo ? sweep.bySecond > 0 && sweep.all > count / 2 : sweep == (0, 0), "\(sweep)")
    let knot = { (snapshot: Snapshot) in snapshot.heap?.first { $0.typeName == typeName(of: Knot.self) } }
    let one = snapshots[0]
    #expect(one.mode == .frozen && one.trackedBytes > count * 64)
    for two in snapshots.dropFirst() {
      #expect(two.classes.mapValues(\.bytes) == one.classes.mapValues(\.bytes))
      #expect(two.trackedBytes == one.trackedBytes)
      #expect((two.unresolvedCount, two.estimatedBytes) == (one.unresolvedCount, one.estimatedBytes))
      #expect(knot(two) == knot(one) && knot(two)?.count == count)
    }
  }
}
