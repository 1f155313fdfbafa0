// SPDX-License-Identifier: Apache-2.0

/// A profile is a SQLite database with these tables; their text, comments included, is in the file too (`.schema` shows
/// it).
///
/// - `application_id` is 0x53495A52 ("SIZR"), `user_version` the version of this schema.
/// - Ids count from 0 without gaps, in the order in which things were tracked: an id is an index into ``History``'s
///   arrays.
/// - Times are nanoseconds since the tracker was made. Bytes are what the allocator set aside.
/// - Only what changed is there: an object has the size of its last row in the view `sizes` at every later snapshot
///   too, until its end; its referents likewise. The view `living` has a row for each snapshot and object.
/// - One transaction per snapshot. While a recording is under way the newest of them may stand in `<file>-wal` (WAL
///   mode), and `<file>-shm` is that log's index, as for every SQLite. When the recording has ended, there is one file.
///
/// Version 1 had no `estimated` and no `ladder_dead_objects`. The mode of a snapshot may also be `counts`, whose bytes
/// are of the objects' own blocks. Versions 1 and 2 had no `living_classes` and no tables
/// `heap_…`, which are in `Schema+Heap.swift`. Up to version 3 there were no `peak_resident` and no `cgroup_…`, up to
/// version 4 no `tags`.
///
/// Why sizes and stacks are lists in JSON: a row of SQLite with three integers takes 15 bytes, and a snapshot of a
/// million changed sizes 15 MB. As numbers in a text the same takes a third or a half; every SQLite reads it
/// (`json_each`), and the views hide it.
enum Schema {
  static let applicationID: Int64 = 0x5349_5A52
  static let version: Int64 = 5

  struct Table {
    let name: String
    private let columns: String
    /// Columns that came later, from the comma before them on, and the first versions that have them.
    private let later: [(since: Int64, columns: String)]
    /// The first version that has the table.
    let firstVersion: Int64
    /// Whether SQLite finds rows by their first column, and gives them no number of its own.
    private let isKeyed: Bool

    init(
      _ name: String, _ columns: String, later: [(since: Int64, columns: String)] = [], since firstVersion: Int64 = 1,
      isKeyed: Bool = false
    ) {
      self.name = name
      self.columns = columns
      self.later = later
      self.firstVersion = firstVersion
      self.isKeyed = isKeyed
    }

    /// The words that make it.
    func sql(in version: Int64 = Schema.version) -> String {
      let added = later.filter { version >= $0.since }.map(\.columns).joined()
      return "CREATE TABLE \(name)(\n\(columns)\(added)\n)\(isKeyed ? " WITHOUT ROWID" : "")"
    }
  }

  static let tables =
    [
      names, objects, snapshots, classes, sizeRuns, referentTrees, referents, traces, frames, texts, livingClasses,
      tags,
    ] + heapTables

  /// What objects and classes are called.
  private static let names = Table(
    "names",
    """
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL
    """)

  /// What else is called somehow: each text once, or a few times.
  private static let texts = Table(
    "texts",
    """
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL
    """)

  private static let tags = Table(
    "tags",
    """
      key TEXT PRIMARY KEY NOT NULL, -- service.name, host.name: OpenTelemetry's names for what a process is
      value TEXT NOT NULL
    """, since: 5, isKeyed: true)

  private static let objects = Table(
    "objects",
    """
      id INTEGER PRIMARY KEY,
      name INTEGER NOT NULL, -- names.id: the name it was registered with
      class INTEGER NOT NULL, -- names.id: its class at registration
      current INTEGER, -- names.id: its class when it was last sized; NULL: still the same
      trace INTEGER, -- traces.id: where it was made; NULL: not recorded
      address INTEGER NOT NULL, -- 0 when it is not alive or not tracked any more
      birth INTEGER NOT NULL,
      ended INTEGER, -- when it died or was no longer tracked; NULL: both are to come
      dead INTEGER NOT NULL -- 1: it died
    """)

  private static let snapshots = Table(
    "snapshots",
    """
      id INTEGER PRIMARY KEY,
      label TEXT NOT NULL,
      mode TEXT NOT NULL, -- inPlace or frozen
      error TEXT, -- why objects were not sized; NULL: they were
      time INTEGER NOT NULL,
      pause INTEGER NOT NULL, -- nanoseconds that threads had to wait
      tracked INTEGER NOT NULL, -- bytes that all living tracked objects own
      overhead INTEGER NOT NULL, -- bytes that the profiler held for itself
      skipped INTEGER NOT NULL, -- objects that could not be sized
      unresolved INTEGER NOT NULL, -- objects of unknown layout that were met
      virtual INTEGER NOT NULL, -- the process's memory, from here on
      resident INTEGER NOT NULL,
      data INTEGER NOT NULL,
      stack INTEGER NOT NULL,
      code INTEGER NOT NULL,
      shared INTEGER NOT NULL,
      minor_faults INTEGER NOT NULL,
      major_faults INTEGER NOT NULL,
      ladder_resident INTEGER, -- the resident memory's parts, from here on; NULL: not taken
      ladder_objects INTEGER,
      ladder_raw_blocks INTEGER,
      ladder_other_blocks INTEGER,
      ladder_thread_caches INTEGER,
      ladder_dirty_pages INTEGER,
      ladder_muzzy_pages INTEGER,
      ladder_allocator_metadata INTEGER,
      ladder_unused_in_pages INTEGER,
      ladder_stacks INTEGER,
      ladder_mapped_files INTEGER,
      ladder_copied_file_pages INTEGER,
      ladder_profiler INTEGER
    """,
    later: [
      (
        2,
        """
        ,
          estimated INTEGER NOT NULL, -- the part of tracked that is an estimate
          ladder_dead_objects INTEGER -- dead objects whose blocks unowned references keep; NULL: not counted
        """
      ),
      (
        4,
        """

          , -- what stands before it ends in a comment
          peak_resident INTEGER, -- the most that resident ever was; NULL here and below: not told
          cgroup_current INTEGER, -- of the control group with the lowest limit
          cgroup_limit INTEGER,
          cgroup_peak INTEGER
        """
      ),
    ])

  private static let classes = Table(
    "classes",
    """
      id INTEGER PRIMARY KEY,
      snapshot INTEGER NOT NULL,
      name INTEGER NOT NULL, -- texts.id: the registered name
      active INTEGER NOT NULL, -- living instances
      bytes INTEGER NOT NULL, -- what they own
      share REAL, -- the part of the snapshot's tracked bytes, 0 to 1
      slab_objects INTEGER, -- of the slabs that the living instances pin; NULL in all six: nobody asked
      slab_object_bytes INTEGER,
      slab_count INTEGER,
      slab_bytes INTEGER,
      slab_taken_bytes INTEGER,
      slab_unresolved INTEGER
    """)

  private static let livingClasses = Table(
    "living_classes",
    """
      id INTEGER PRIMARY KEY,
      snapshot INTEGER NOT NULL, -- one that was asked for it: all that lived
      name INTEGER NOT NULL, -- texts.id: the type
      count INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      requested INTEGER NOT NULL, -- bytes that the program asked for
      unused INTEGER NOT NULL, -- bytes of capacity without elements
      estimated INTEGER NOT NULL, -- the part of bytes that is an estimate
      untracked_count INTEGER NOT NULL, -- those that no tracked object reaches
      untracked INTEGER NOT NULL -- their bytes
    """, since: 3)

  private static let sizeRuns = Table(
    "size_runs",
    """
      id INTEGER PRIMARY KEY,
      snapshot INTEGER NOT NULL,
      first INTEGER NOT NULL, -- objects.id that the list begins with
      unit INTEGER NOT NULL, -- bytes that the numbers count in
      sizes TEXT NOT NULL -- [3,4,-3,3] in units of 16: first has 48, first+1 64; the next 3 did not change; \
    first+5 has 48
    """)

  private static let referentTrees = Table(
    "referent_trees",
    """
      id INTEGER PRIMARY KEY,
      object INTEGER NOT NULL,
      snapshot INTEGER NOT NULL -- without rows in referents: from then on none are recorded
    """)

  private static let referents = Table(
    "referents",
    """
      id INTEGER PRIMARY KEY, -- a node comes after the one above it, and before that one's next sibling
      tree INTEGER NOT NULL, -- referent_trees.id
      parent INTEGER, -- referents.id of the node above; NULL: the object itself is
      name INTEGER NOT NULL, -- texts.id: the stored property, [3], [key]
      type INTEGER NOT NULL, -- texts.id
      bytes INTEGER NOT NULL, -- of the node and all below it
      flat INTEGER NOT NULL -- of the node's own blocks
    """)

  private static let traces = Table(
    "traces",
    """
      id INTEGER PRIMARY KEY,
      frames TEXT NOT NULL -- [7,2,1]: frames.id, innermost call first
    """)

  private static let frames = Table(
    "frames",
    """
      id INTEGER PRIMARY KEY,
      address INTEGER NOT NULL,
      function INTEGER, -- texts.id
      file INTEGER, -- texts.id
      line INTEGER NOT NULL,
      col INTEGER NOT NULL,
      inlined INTEGER NOT NULL, -- 1: into the frame that follows
      image INTEGER, -- texts.id: the program or library
      image_offset INTEGER NOT NULL,
      build_id INTEGER -- texts.id: the image's, in hexadecimal
    """)
}
