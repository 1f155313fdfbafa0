// SPDX-License-Identifier: Apache-2.0

/// All that a tracker recorded, in columns: what ``Statistics`` asks, what a profile stores. Objects by the million
/// fit, for a row is 40 bytes, and a size is stored only where it changed.
///
/// Invariants: indices point into the tables named; `sizes` and `referents` are in order of object, then of snapshot,
/// with no pair twice; snapshots are in order of time; `heaps` in order of snapshot, at most one for each.
package struct History: Sendable, Hashable {
  /// One tracked object. Rows are in the order in which objects were tracked.
  package struct ObjectRow: Sendable, Hashable {
    /// Stands for "none" in columns that are indices.
    package static let none = UInt32.max

    /// Index into `names`: the name that it is tracked under.
    package var name: UInt32
    /// Index into `names`: its class when it was tracked first.
    package var className: UInt32
    /// Index into `names`: its class when it was last sized.
    package var currentClass: UInt32
    /// Index into `traces`, or `none`.
    package var trace: UInt32
    /// 0 when it is not alive or not tracked any more.
    package var address: UInt64
    /// Nanoseconds since the tracker was made.
    package var birth: Int64
    /// The same, of its death or of the end of its being tracked; `Int64.max` while both are to come.
    package var end: Int64
    /// Whether `end` is a death.
    package var isDead: Bool

    package init(
      name: UInt32, className: UInt32, currentClass: UInt32, trace: UInt32 = ObjectRow.none, address: UInt64 = 0,
      birth: Int64, end: Int64 = .max, isDead: Bool = false
    ) {
      self.name = name
      self.className = className
      self.currentClass = currentClass
      self.trace = trace
      self.address = address
      self.birth = birth
      self.end = end
      self.isDead = isDead
    }
  }

  /// A size that differs from the one before. An object's first row is of the first snapshot that found it. It has that
  /// size at every later snapshot, until the next row, as long as the snapshot's time is before its end. A snapshot
  /// with an error sized nothing: it is no record of any object, and what held before holds after it.
  package struct SizeRow: Sendable, Hashable {
    package var object: UInt32
    package var snapshot: UInt32
    package var bytes: Int64

    package init(object: UInt32, snapshot: UInt32, bytes: Int64) {
      self.object = object
      self.snapshot = snapshot
      self.bytes = bytes
    }
  }

  /// The named referents of an object at a snapshot; they hold at later ones as sizes do. An empty tree says that from
  /// then on none are recorded.
  package struct ReferentRow: Sendable, Hashable {
    package var object: UInt32
    package var snapshot: UInt32
    package var tree: [SizeNode]

    package init(object: UInt32, snapshot: UInt32, tree: [SizeNode]) {
      self.object = object
      self.snapshot = snapshot
      self.tree = tree
    }
  }

  package var snapshots: [Snapshot]
  package var names: [String]
  package var objects: [ObjectRow]
  package var sizes: [SizeRow]
  package var referents: [ReferentRow]
  package var traces: [StackTrace]
  package var heaps: [HeapRow]
  /// What tells the process from others.
  package var tags: [String: String]

  package init(
    snapshots: [Snapshot] = [], names: [String] = [], objects: [ObjectRow] = [], sizes: [SizeRow] = [],
    referents: [ReferentRow] = [], traces: [StackTrace] = [], heaps: [HeapRow] = [],
    tags: [String: String] = [:]
  ) {
    self.snapshots = snapshots
    self.names = names
    self.objects = objects
    self.sizes = sizes
    self.referents = referents
    self.traces = traces
    self.heaps = heaps
    self.tags = tags
  }
}
