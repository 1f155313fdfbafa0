// SPDX-License-Identifier: Apache-2.0

/// What the process's resident memory consists of, from typed objects down to what cannot be attributed. In bytes.
///
/// The rungs of ``rungs`` add up to ``resident``, for the last of them, ``rest``, is what the others leave. It is
/// positive for memory that no book has: pages that libraries map themselves, zeroed global variables, stacks kept of
/// threads that ended. It is **negative** when books have pages that are not present: blocks that were set aside and
/// never touched (an array's reserved capacity), the allocator's own tables (jemalloc sets aside 2 MiB for each GiB of
/// addresses and fills little), pages that were swapped out.
///
/// Three rungs are books, not pages, and seem to name more than is present in a server with little heap and many
/// threads (concluded from runs with other settings, not from the page tables): ``allocatorMetadata`` (most of it is
/// those tables), ``threadCaches`` (jemalloc fills a cache with blocks ahead, which are untouched) and
/// ``unusedInPages``. With 24 threads and 29 MB of objects the rest was 12.8 % of the resident memory below zero, and
/// 7.2 % with `MALLOC_CONF=tcache:false`: about half of it goes with blocks that were cached ahead, the rest with
/// tables. Both stay as they are while the heap grows, so that their share shrinks.
///
/// The figures are read within a millisecond, not at one instant; what other threads do meanwhile is in the rest too.
public struct MemoryLadder: Sendable, Hashable, Codable {
  /// Memory that is present (VmRSS).
  public var resident: Int
  /// Usable bytes of all living Swift objects; nil when the heap was not walked: then they are among ``otherBlocks``.
  public var objects: Int?
  /// Usable bytes of the raw blocks that these own; nil as above.
  public var rawBlocks: Int?
  /// Usable bytes of Swift objects that are dead and whose blocks unowned references keep; nil as above. No rung when
  /// there are none.
  public var deadObjects: Int?
  /// Usable bytes of all other blocks that are alive: those of C libraries, of the Swift runtime. Negative when
  /// ``objects`` were counted at another moment, and more of them were alive.
  public var otherBlocks: Int
  /// Freed blocks that threads keep for themselves.
  public var threadCaches: Int
  /// Free pages that the allocator keeps.
  public var dirtyPages: Int
  /// Free pages that the kernel may take when it needs memory.
  public var muzzyPages: Int
  /// The allocator's own tables.
  public var allocatorMetadata: Int
  /// Free places between living blocks, in pages that are in use.
  public var unusedInPages: Int
  /// The threads' stacks, as far as they are present. Without access to the process's mappings: the main thread's
  /// alone, with pages that it has not used yet.
  public var stacks: Int
  /// Pages of files and shared memory that are mapped: programs, libraries, data.
  public var mappedFiles: Int
  /// Pages of mapped files that were written to and copied: global variables, relocated tables. nil when the system
  /// does not tell.
  public var copiedFilePages: Int?
  /// What Sizer itself holds: the ``Snapshot/overheadBytes``.
  public var profiler: Int

  /// A ladder of these figures; zero by default.
  public init(
    resident: Int = 0, objects: Int? = nil, rawBlocks: Int? = nil, deadObjects: Int? = nil, otherBlocks: Int = 0,
    threadCaches: Int = 0,
    dirtyPages: Int = 0, muzzyPages: Int = 0, allocatorMetadata: Int = 0, unusedInPages: Int = 0, stacks: Int = 0,
    mappedFiles: Int = 0, copiedFilePages: Int? = nil, profiler: Int = 0
  ) {
    self.resident = resident
    self.objects = objects
    self.rawBlocks = rawBlocks
    self.deadObjects = deadObjects
    self.otherBlocks = otherBlocks
    self.threadCaches = threadCaches
    self.dirtyPages = dirtyPages
    self.muzzyPages = muzzyPages
    self.allocatorMetadata = allocatorMetadata
    self.unusedInPages = unusedInPages
    self.stacks = stacks
    self.mappedFiles = mappedFiles
    self.copiedFilePages = copiedFilePages
    self.profiler = profiler
  }

  /// What the other rungs leave of ``resident``; may be negative (see above).
  public var rest: Int {
    // Wraps instead of trapping: a profile from a stranger may hold any numbers.
    knownRungs.reduce(resident) { $0 &- $1.bytes }
  }

  /// One rung: what it is called in reports, and its bytes.
  public struct Rung: Sendable, Hashable, Codable {
    /// English, lower case.
    public var name: String
    /// May be negative.
    public var bytes: Int

    /// A rung of this name and size.
    public init(name: String, bytes: Int) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// All rungs that are known, in order, ``rest`` last: their sum is ``resident``.
  public var rungs: [Rung] { knownRungs + [Rung(name: "rest", bytes: rest)] }

  private var knownRungs: [Rung] {
    let isWalked = objects != nil || rawBlocks != nil
    let rungs: [(name: String, bytes: Int?)] = [
      ("Swift objects", objects),
      ("raw blocks that they own", rawBlocks),
      ("dead, kept by unowned", deadObjects == 0 ? nil : deadObjects),
      (isWalked ? "other living blocks" : "living blocks", otherBlocks),
      ("threads' caches", threadCaches),
      ("dirty pages", dirtyPages),
      ("muzzy pages", muzzyPages),
      ("allocator's own tables", allocatorMetadata),
      ("free places in used pages", unusedInPages),
      ("stacks", stacks),
      ("mapped files", mappedFiles),
      ("written copies of files", copiedFilePages),
      ("Sizer", profiler),
    ]
    return rungs.compactMap { name, bytes in bytes.map { Rung(name: name, bytes: $0) } }
  }
}

extension MemoryLadder: CustomStringConvertible {
  /// A line for each rung: name, bytes, and percent of the resident memory, in columns; the resident memory first.
  public var description: String {
    ([Rung(name: "resident", bytes: resident)] + rungs).map(line).joined(separator: "\n")
  }

  private func line(_ rung: Rung) -> String {
    let indent = rung.name == "resident" ? "" : "  "
    let name = indent + rung.name
    return name + String(repeating: " ", count: 27 - name.utf8.count) + padded(left: sizeText(rung.bytes), to: 12)
      + padded(left: percentText(rung.bytes), to: 9)
  }

  /// With one decimal, for small rungs are many; cut off, not rounded, so that no part seems to be the whole.
  private func percentText(_ bytes: Int) -> String {
    guard resident > 0 else { return "" }
    let tenths = bytes.magnitude.multipliedFullWidth(by: 1000)
    guard tenths.high < resident.magnitude else { return "" }
    let (quotient, _) = resident.magnitude.dividingFullWidth(tenths)
    return "\(bytes < 0 ? "-" : "")\(quotient / 10).\(quotient % 10)%"
  }
}
