// SPDX-License-Identifier: Apache-2.0

import SizerProfile

extension TopState {
  /// The types that the filter leaves, sorted.
  package var classRows: [LiveChanges.Row] {
    let needle = Needle(filter)
    let rows = changes.rows.filter { needle.isIn($0.type) }
    return sorted(rows, name: \.type, bytes: \.bytes) { row in
      switch sortKey {
      case .bytes, .name: row.bytes
      case .count: row.count
      case .change: row.bytesChange
      case .rate: row.bytesPerSecond
      case .retained: retained?[row.type]
      }
    }
  }

  /// The tasks that the filter leaves, sorted; nil when nobody has asked for them yet. Of those that have no such
  /// figure, as of a change, by bytes.
  package var taskRows: [LiveTask]? {
    guard let tasks else { return nil }
    let needle = Needle(filter)
    let rows = tasks.filter { task in needle.isIn(task.creator ?? "") || task.frames.contains { needle.isIn($0) } }
    return sorted(rows, name: { $0.creator ?? "" }, bytes: \.bytes) { task in
      switch sortKey {
      case .count: task.count
      case .retained: task.retainedBytes
      case .bytes, .name, .change, .rate: task.bytes
      }
    }
  }

  /// By what is asked for, the largest first, unknown ones last, names from A to Z; those that are alike by bytes, then
  /// by name.
  private func sorted<Row>(
    _ rows: [Row], name: (Row) -> String, bytes: (Row) -> Int, key: (Row) -> Int?
  ) -> [Row] {
    let byName = sortKey == .name
    let keyed = rows.map { row in
      (key: byName ? 0 : key(row) ?? .min, bytes: byName ? 0 : bytes(row), name: name(row), row: row)
    }
    let sorted = keyed.sorted { left, right in
      if left.key != right.key { return left.key > right.key }
      if left.bytes != right.bytes { return left.bytes > right.bytes }
      return left.name.precedes(right.name)
    }
    return (isInverted ? sorted.reversed() : sorted).map(\.row)
  }
}

/// What is looked for in names. By bytes, with capital letters of ASCII as small ones: no name that a stranger gives
/// can make that slow.
private struct Needle {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = text.utf8.map(Self.small) }

  func isIn(_ text: String) -> Bool {
    guard let first = bytes.first else { return true }
    var text = text
    return text.withUTF8 { name in
      guard name.count >= bytes.count else { return false }
      return (0...name.count - bytes.count).contains { start in
        Self.small(name[start]) == first && bytes.indices.allSatisfy { Self.small(name[start + $0]) == bytes[$0] }
      }
    }
  }

  private static func small(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
