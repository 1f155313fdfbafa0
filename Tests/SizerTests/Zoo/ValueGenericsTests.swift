// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Grid<let width: Int, Cell> {
  var cells: InlineArray<width, Cell>
  var name = text()
}
private final class Board<let width: Int, let height: Int> {
  var flag = true
  var rows: InlineArray<height, InlineArray<width, Leaf>>
  var name = text()
  init() { rows = InlineArray { _ in InlineArray { Leaf($0) } } }
}
private enum Row<let count: Int> { case cells(InlineArray<count, String>), none }

@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func capture<let count: Int, Cell>(_ cells: InlineArray<count, Cell>, _ leaf: Leaf) -> Action {
  Action { leaf.value + cells.count }
}

@Suite("Integer generic parameters")
struct ValueGenericsTests {
  @Test("structs and classes")
  func types() throws {
    try expectExact(objects: 4) { Grid(cells: InlineArray<3, Leaf> { Leaf($0) }) }
    try expectExact(objects: 3) { Grid(cells: InlineArray<2, (UInt8, String)> { (UInt8($0), text()) }) }
    try expectExact(objects: 8) { Board<3, 2>() }
    try expectExact(objects: 9) { array(Board<3, 2>()) }
    try expectExact(objects: 4) { array(Row<3>.cells(InlineArray { _ in text() }), .none) }
  }

  @Test("captured by a closure")
  func captured() throws {
    try expectExactAndSome { capture(InlineArray<3, Leaf> { Leaf($0) }, Leaf()) }
    try expectExactAndSome { capture(InlineArray<2, String> { _ in text() }, Leaf()) }
  }
}
