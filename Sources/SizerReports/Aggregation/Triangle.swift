// SPDX-License-Identifier: Apache-2.0

/// A square of numbers, most of them zero: one for each pair of kept snapshots.
struct Triangle {
  let side: Int
  private var cells: [Int]

  init(side: Int) {
    self.side = side
    cells = [Int](repeating: 0, count: side * side)
  }

  subscript(row: Int, column: Int) -> Int {
    get { cells[row * side + column] }
    set { cells[row * side + column] = newValue }
  }

  /// A row's cells that are not zero: column, number, column, number.
  func sparse(row: Int) -> [Int] {
    (0..<side).flatMap { self[row, $0] == 0 ? [] : [$0, self[row, $0]] }
  }

  /// A row's cells that differ from the one before: column, number, column, number. Before the first they are 0.
  func steps(row: Int) -> [Int] { SizerReports.steps((0..<side).map { self[row, $0] }) }
}

/// The numbers that differ from the one before, each after its position. Before the first they are 0.
func steps(_ numbers: [Int]) -> [Int] {
  var result: [Int] = []
  var before = 0
  for (position, number) in numbers.enumerated() where number != before {
    result.append(position)
    result.append(number)
    before = number
  }
  return result
}
