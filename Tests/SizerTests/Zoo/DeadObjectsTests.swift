// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

// The dead whose blocks unowned references keep.

private final class Target {
  let leaf = Leaf()
  let data = Data(repeating: 1, count: number(100))
}
private final class Unowned {
  unowned let target: Target
  init(_ target: Target) { self.target = target }
}
private final class Both {
  unowned let target: Target
  weak var weakly: Target?
  init(_ target: Target) { (self.target, weakly) = (target, target) }
}
private final class Weak {
  weak var target: Target?
  init(_ target: Target) { self.target = target }
}
@inline(never)
private func dead() -> Unowned { Unowned(Target()) }
@inline(never)
private func deadWithSideTable() -> Both { Both(Target()) }
@inline(never)
private func deadApart() -> [AnyObject] {
  let target = Target()
  return array(Unowned(target), Weak(target))
}

@Suite("The dead that unowned references keep")
struct DeadObjectsTests {
  @Test("count to the byte, with side tables and without")
  func exact() throws {
    try expectExact(objects: 2) { dead() }
    try expectExact(objects: 2, rawBlocks: 1) { deadWithSideTable() }
    try expectExact(objects: 4, rawBlocks: 1) { deadApart() }
  }

  @Test("have a name of their own in histograms, also when unowned references are followed", arguments: [false, true])
  func named(follows: Bool) throws {
    var options = HeapSizer.Options()
    options.followUnowned = follows
    let holders = array(dead() as AnyObject, deadWithSideTable())
    let types = try HeapSizer(options: options).histogram(of: holders)
    #expect(types.filter { $0.typeName.hasPrefix("dead, kept by unowned: SizerTests.Target") }.map(\.count) == [2])
    #expect(!types.contains { $0.typeName.hasPrefix("SizerTests.Target") })
    keepAlive(holders)
  }

  @Test("have a rung of their own in the ladder of a frozen snapshot")
  func rung() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      try tracker.track(class: Unowned.self)
      let before = try tracker.createSnapshot(mode: .frozen).ladder?.deadObjects ?? -1
      let holders = (0..<number(1000)).map { _ in dead() }
      let ladder = try #require(try tracker.createSnapshot(mode: .frozen).ladder)
      let alike = try HeapSizer().histogram(of: holders).first { $0.typeName.hasPrefix("dead") }
      #expect(alike?.count == 1000)
      #expect(before >= 0 && ladder.deadObjects == before + (alike?.bytes ?? 0))
      #expect(ladder.rungs.contains { $0.name == "dead, kept by unowned" })
      #expect(ladder.rungs.map(\.bytes).reduce(0, +) == ladder.resident)
      keepAlive(holders)
    }
  }
}
