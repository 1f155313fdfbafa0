// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class SmokeLeaf { var number = 1 }
private final class SmokePair { var left: SmokeLeaf?; var right: SmokeLeaf?; var name: String; init(_ n: Int) { left = SmokeLeaf(); right = left; name = String(repeating: "x", count: n) } }
private indirect enum Tree { case leaf, node(Tree, Int, Tree) }

@Test func smoke() throws {
  try expectExact { SmokeLeaf() }
  try expectExact { SmokePair(40) }
  try expectExact { [SmokeLeaf(), SmokeLeaf()] }
  try expectExact { ["a": SmokeLeaf(), "b": SmokeLeaf()] }
  try expectExact { Tree.node(.node(.leaf, 1, .leaf), 3, .leaf) }
  let x = Int.random(in: 1...9)
  try expectExact { [1 as Any, String(repeating: "x", count: 50 + x), SmokeLeaf(), (1, 2, 3, 4, 5)] }

  try expectExact { let l = SmokeLeaf(); return { l.number + x } }
  for record in try HeapSizer().histogram(of: [SmokePair(50), SmokePair(80)]) { print(record) }
}
@Test func treeSmoke() throws {
  final class Company { var name = String(repeating: "n", count: 40); var staff: [SmokePair] = [SmokePair(50), SmokePair(60)]; var any: Any = [1: SmokePair(30)]; weak var me: Company?; init() { me = self } }
  let c = Company()
  for d in 0...4 {
    func show(_ n: SizeNode, _ i: Int) { if d == 4 { print(String(repeating: "  ", count: i), n.name, n.typeName, n.bytes, n.flatBytes) }; for x in n.children { show(x, i + 1) } }
    let t = try HeapSizer().tree(of: c, depth: d)
    show(t, 0)
    #expect(try t.bytes == HeapSizer().size(of: c).bytes)
  }
}
@Test func capabilitiesSmoke() { print(HeapSizer.capabilities, HeapSizer.capabilities.overheadBytes); #expect(HeapSizer.capabilities.allocationHook.state == .replaced) }
