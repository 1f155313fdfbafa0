// SPDX-License-Identifier: Apache-2.0

/// What lived of a class in one process at one of its snapshots.
package struct FleetClass: Sendable, Hashable {
  /// The snapshot's number, and its time in nanoseconds since the tracker was made.
  package var snapshot: Int
  package var time: Int64
  /// The class: an index into the names of its ``FleetFile``.
  package var name: Int
  package var active: Int
  package var bytes: Int
  /// What would be freed with its instances; nil where no image was taken with the snapshot.
  package var retained: Int?
  /// Whether it is of the last snapshot of its kind in the file.
  package var isLast: Bool
}

/// Which classes those are.
package enum FleetKind: String, Sendable, Hashable {
  /// Those that were tracked, with all that their instances own.
  case tracked
  /// All that lived, with the blocks that each object owns by itself.
  case living
}

/// What is told of an image of the heap beside its classes.
package enum FleetFindings: String, Sendable, Hashable {
  /// Shapes of objects that hold one another and that nothing else holds.
  case leaks
  /// Functions that tasks are in.
  case tasks

  package var texts: [String] {
    switch self {
    case .leaks: ["grade", "signature", "types", "cycle"]
    case .tasks: ["function", "creator", "state"]
    }
  }

  package var figures: [String] {
    switch self {
    case .leaks: ["groups", "objects", "bytes"]
    case .tasks: ["count", "bytes", "retained"]
    }
  }

  var name: String { "heap_\(rawValue)" }
}

/// A row of such a table.
package struct FleetFinding: Sendable, Hashable {
  package var snapshot: Int
  package var time: Int64
  /// Whether the image is the last of the file.
  package var isLast: Bool
  /// What the table's columns hold, in their order.
  package var texts: [String]
  package var figures: [Int]
}
