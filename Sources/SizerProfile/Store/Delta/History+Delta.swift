// SPDX-License-Identifier: Apache-2.0

extension History {
  /// How many of each there are: where the next ones go.
  package struct Counts: Sendable, Hashable {
    package var snapshots: Int
    package var names: Int
    package var objects: Int
    package var traces: Int

    package init(snapshots: Int = 0, names: Int = 0, objects: Int = 0, traces: Int = 0) {
      self.snapshots = snapshots
      self.names = names
      self.objects = objects
      self.traces = traces
    }
  }

  package var counts: Counts {
    Counts(snapshots: snapshots.count, names: names.count, objects: objects.count, traces: traces.count)
  }

  /// What came since the last snapshot, up to and with the next one. A history is the sum of its deltas
  /// (``History/apply(_:)``); a recording is their list.
  package struct Delta: Sendable, Hashable {
    /// An object's end; its address is 0 from then on.
    package struct End: Sendable, Hashable {
      package var object: UInt32
      /// As ``ObjectRow/end``.
      package var time: Int64
      /// Whether it is a death.
      package var isDead: Bool

      package init(object: UInt32, time: Int64, isDead: Bool) {
        self.object = object
        self.time = time
        self.isDead = isDead
      }
    }

    /// An object that was found to be of another class than before.
    package struct ClassChange: Sendable, Hashable {
      package var object: UInt32
      /// As ``ObjectRow/currentClass``.
      package var currentClass: UInt32

      package init(object: UInt32, currentClass: UInt32) {
        self.object = object
        self.currentClass = currentClass
      }
    }

    /// What there was before: a delta fits there only.
    package var base: Counts
    /// The snapshot; nil for what happened after the last one.
    package var snapshot: Snapshot?
    /// New names, to be appended.
    package var names: [String]
    /// New traces, to be appended.
    package var traces: [StackTrace]
    /// New objects, to be appended.
    package var objects: [ObjectRow]
    /// Ends of objects, new ones too.
    package var ends: [End]
    /// Changes of objects' classes.
    package var classChanges: [ClassChange]
    /// Sizes that changed, all of this snapshot, in order of object.
    package var sizes: [SizeRow]
    /// Referents that changed, all of this snapshot, in order of object.
    package var referents: [ReferentRow]
    /// The image of the heap that was taken along with the snapshot.
    package var heap: RecordedHeap?

    package init(
      base: Counts, snapshot: Snapshot? = nil, names: [String] = [], traces: [StackTrace] = [],
      objects: [ObjectRow] = [],
      ends: [End] = [], classChanges: [ClassChange] = [], sizes: [SizeRow] = [], referents: [ReferentRow] = [],
      heap: RecordedHeap? = nil
    ) {
      self.base = base
      self.snapshot = snapshot
      self.names = names
      self.traces = traces
      self.objects = objects
      self.ends = ends
      self.classChanges = classChanges
      self.sizes = sizes
      self.referents = referents
      self.heap = heap
    }

    /// The counts once it is added.
    package var counts: Counts {
      Counts(
        snapshots: base.snapshots + (snapshot == nil ? 0 : 1), names: base.names + names.count,
        objects: base.objects + objects.count, traces: base.traces + traces.count)
    }
  }
}
