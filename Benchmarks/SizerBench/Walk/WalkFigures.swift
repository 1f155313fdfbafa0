// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What walking one graph costs: a row of the table, an object of the JSON array.
struct WalkFigures: Encodable {
  var shape: String
  var order: Order
  var objects: Int
  var nsPerObject: Double
  var floorNsPerObject: Double
  /// How many times as long as the floor HeapSizer takes.
  var ratioToFloor: Double
  /// How many times as long as HeapSizer the walk with `Mirror` takes.
  var ratioToMirror: Double
  /// How many times as long a frozen snapshot takes with one processor as with two; nil where the heap is too small for
  /// two.
  var ratioOfProcessors: Double?
  /// What the ratios are to be, where that was said.
  var goals: [WalkGoal]
}

extension [WalkFigures] {
  /// For people.
  var table: Table {
    var table = Table(
      .text("shape"), .text("order"), .number("objects"), .number("ns/object"), .number("floor"),
      .number("ratio to floor"), .number("ratio to Mirror"), .number("one to two processors"), .text("goals"))
    for row in self {
      table.append(
        row.shape, row.order.rawValue, row.objects.grouped, row.nsPerObject.decimals(1),
        row.floorNsPerObject.decimals(1), row.ratioToFloor.decimals(2), row.ratioToMirror.decimals(0),
        row.ratioOfProcessors?.decimals(2) ?? "", row.goals.map(\.description).joined(separator: ", "))
    }
    return table
  }

  /// For machines.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
