// SPDX-License-Identifier: Apache-2.0
import Sizer

/// What the busy threads make, change and drop. All that one cell owns is small, so that many cells have a hard bound.
final class Cell {
  enum Payload {
    case none
    case text(String)
    case pair(Int, [UInt8])
    indirect case nested(Payload)
  }
  var next: Cell?
  weak var neighbour: Cell?
  unowned(safe) var first: Cell?
  var words: [Int] = []
  var table: [Int: String] = [:]
  var text = ""
  var payload = Payload.none
  var existential: any Sequence<Int> = [1, 2, 3]
  var closure: () -> Int = { 0 }

  init() {}

  /// The object itself: the header, four references, two words for the string and the closure each, more for the
  /// existential.
  static let fewestBytes = 96
  /// What a cell owns at most, twice over: each of its ten parts is below 2 KiB, 20 entries of a table and 64 words
  /// included.
  static let mostBytes = 32 * 1024

  /// One of many changes.
  func change(_ step: Int) {
    switch step % 8 {
    case 0: words = Array(0..<step % 64)
    case 1: if words.count < 64 { words.append(step) }
    case 2: table[step % 20] = String(repeating: "t", count: step % 40)
    case 3: text = String(repeating: "é", count: step % 50)
    case 4:
      let bytes = [UInt8](repeating: 1, count: step % 100)
      payload = step % 3 == 0 ? .nested(.pair(step, bytes)) : .text("payload \(step)")
    case 5: existential = step % 2 == 0 ? Array(0..<step % 30) : Set(0..<step % 20)
    case 6: let (copy, table) = (text, table); closure = { copy.count + table.count }
    default: payload = .none
    }
  }
}

/// A row of living cells that reach for each other: never fewer than `fewest`, never more than `most`.
struct CellRow {
  static let fewest = 100, most = 200
  private var cells: [Cell] = []

  init() {
    while cells.count < CellRow.fewest { cells.append(Cell()) }
  }

  mutating func work(_ step: Int) {
    if cells.count == CellRow.most {
      let kept = Array(cells.dropFirst(CellRow.most - CellRow.fewest))
      for cell in kept {  // nothing that is kept holds or names what goes
        cell.first = nil
        cell.next = nil
      }
      cells = kept
    }
    let cell = Cell()
    cell.next = cells[step % cells.count].next == nil ? cells[step % cells.count] : nil
    cell.neighbour = cells[step &* 7 % cells.count]
    cell.first = cells.last
    cells.append(cell)
    for offset in 0..<8 { cells[(step &* 31 &+ offset) % cells.count].change(step &+ offset) }
  }
}
