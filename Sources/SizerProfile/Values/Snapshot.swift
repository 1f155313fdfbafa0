// SPDX-License-Identifier: Apache-2.0

/// How a snapshot looks at the heap.
public enum SnapshotMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// Whichever of the others suits the process.
  case automatic
  /// In the process itself: tracked objects are neither born nor freed meanwhile.
  case inPlace
  /// In a forked child that has a frozen image of the process.
  case frozen
  /// Not at all: living objects are counted, with the bytes of their own blocks, and what they refer to is left out.
  case counts
}

/// What a snapshot tells of the whole heap besides.
public enum SnapshotHeap: String, Sendable, Hashable, Codable, CaseIterable {
  /// Nothing.
  case none
  /// What lives, by class, and how much of that nothing tracked reaches: ``Snapshot/heap``.
  case classes
}

/// The sizes of all tracked objects at one moment, summed by class, and the process's memory.
public struct Snapshot: Sendable, Hashable, Codable {
  /// What the caller named it.
  public var label: String
  /// When it was taken: since the tracker was made, monotonic.
  public var timestamp: Duration
  /// Usable bytes of all that living tracked objects own, each block once.
  public var trackedBytes: Int
  /// Bytes that the profiler held for itself; in no other figure but those of ``process``.
  public var overheadBytes: Int
  /// How the heap was looked at: `inPlace`, `frozen`, or not: `counts`. Then bytes are those of the objects' own
  /// blocks, not to be compared with other snapshots', and ``error`` says why.
  public var mode: SnapshotMode
  /// For how long threads that make or free tracked objects had to wait.
  public var pause: Duration
  /// Tracked objects that could not be sized; they keep the size they had.
  public var skippedCount: Int
  /// Objects met whose layout is unknown: counted, not followed exactly. 0 when all sizes are exact.
  public var unresolvedCount: Int
  /// The part of ``trackedBytes`` that is an estimate: what is reached only by words of which it isn't known whether
  /// they refer to it, or own it.
  public var estimatedBytes: Int
  /// The process's memory.
  public var process: ProcessMemory
  /// By the name that objects are tracked under; classes that are tracked and have no instance are there too.
  public var classes: [String: ClassRecord]
  /// What the process's resident memory consists of. Nil in a snapshot that failed, in periodic samples of a tracker
  /// that tracks nothing, where it would cost ten times what they do, and where the profile was written without it.
  public var ladder: MemoryLadder?
  /// All that lives, by class: every Swift object of the process and the raw blocks that these own, the largest first.
  /// Nil unless the snapshot was asked for it, and where there was no room for a frozen image.
  public var heap: [TypeRecord]?
  /// Why objects were not sized; nil when they were. Snapshots of mode `counts` have it, and periodic ones that failed:
  /// others throw their errors.
  public var error: String?

  /// A snapshot of these figures.
  public init(
    label: String = "", timestamp: Duration = .zero, trackedBytes: Int = 0, overheadBytes: Int = 0,
    mode: SnapshotMode = .inPlace, pause: Duration = .zero, skippedCount: Int = 0, unresolvedCount: Int = 0,
    process: ProcessMemory = ProcessMemory(), classes: [String: ClassRecord] = [:],
    ladder: MemoryLadder? = nil, error: String? = nil, estimatedBytes: Int = 0, heap: [TypeRecord]? = nil
  ) {
    self.label = label
    self.timestamp = timestamp
    self.trackedBytes = trackedBytes
    self.overheadBytes = overheadBytes
    self.mode = mode
    self.pause = pause
    self.skippedCount = skippedCount
    self.unresolvedCount = unresolvedCount
    self.estimatedBytes = estimatedBytes
    self.process = process
    self.classes = classes
    self.ladder = ladder
    self.error = error
    self.heap = heap
  }

  /// What ``error`` says of counts that were asked for.
  package static let countsWereAskedFor = "only counts were asked for"

  /// Why it has not what a snapshot of the heap by class has: it failed, or there was no room for an image of the
  /// process. nil when it has, and when nothing more than counts was asked for.
  package var reasonForNoHeap: String? { heap == nil && error != Self.countsWereAskedFor ? error : nil }

  /// Bytes of Swift objects that no tracked object reaches, and of raw blocks that these own; nil without ``heap``.
  public var untrackedBytes: Int? { heap?.reduce(0) { $0 &+ $1.untrackedBytes } }

  /// The classes of these, those with the most such bytes first; nil without ``heap``.
  public var untrackedClasses: [TypeRecord]? {
    heap?.filter { $0.untrackedBytes > 0 }
      .sorted { ($1.untrackedBytes, $0.typeName) < ($0.untrackedBytes, $1.typeName) }
  }
}

/// What a snapshot says about the living tracked objects of one name.
public struct ClassRecord: Sendable, Hashable, Codable {
  /// Living instances.
  public var active: Int
  /// Usable bytes of what they own.
  public var bytes: Int
  /// The part of the snapshot's ``Snapshot/trackedBytes``, from 0 to 1.
  public var share: Double
  /// The allocator's slabs that the living instances pin; nil unless the snapshot was asked for them.
  public var slabs: SlabUse?

  /// A record of these figures.
  public init(active: Int = 0, bytes: Int = 0, share: Double = 0, slabs: SlabUse? = nil) {
    self.active = active
    self.bytes = bytes
    self.share = share
    self.slabs = slabs
  }

  /// Bytes per living instance, rounded down; 0 when there is none.
  public var average: Int { active == 0 ? 0 : bytes / active }
}
