// SPDX-License-Identifier: Apache-2.0

/// Images of the heap, since version 3. What is asked of an image is asked of its bytes, which say all; the other
/// tables are what most questions are about, open to SQL: nothing of ours reads them.
extension Schema {
  static let heapTables = [heapImages, heapPieces, heapClasses, heapLeaks, heapTasks, heapRoots]

  private static let heapImages = Table(
    "heap_images",
    """
      id INTEGER PRIMARY KEY,
      snapshot INTEGER NOT NULL, -- snapshots.id: taken right before it; ascending
      length INTEGER NOT NULL, -- bytes of the image
      objects INTEGER NOT NULL,
      edges INTEGER NOT NULL, -- references between objects
      bytes INTEGER NOT NULL, -- of all objects and of the raw blocks that they own
      clock INTEGER NOT NULL -- nanoseconds since 1970
    """, since: 3)

  private static let heapPieces = Table(
    "heap_pieces",
    """
      id INTEGER PRIMARY KEY,
      image INTEGER NOT NULL, -- heap_images.id
      bytes BLOB NOT NULL -- of the image, as Documents/heap-image.md has it: the pieces in order of id
    """, since: 3)

  private static let heapClasses = Table(
    "heap_classes",
    """
      id INTEGER PRIMARY KEY,
      image INTEGER NOT NULL,
      type TEXT NOT NULL,
      count INTEGER NOT NULL,
      bytes INTEGER NOT NULL, -- with the raw blocks that the objects own
      requested INTEGER NOT NULL, -- the part of bytes that was asked for
      unused INTEGER NOT NULL, -- capacity that holds no elements
      raw_blocks INTEGER NOT NULL,
      raw_bytes INTEGER NOT NULL,
      retained INTEGER -- what would be freed with the objects; NULL: not known
    """, since: 3)

  private static let heapLeaks = Table(
    "heap_leaks",
    """
      id INTEGER PRIMARY KEY,
      image INTEGER NOT NULL,
      grade TEXT NOT NULL, -- visible or suspected: one image proves nothing, two of them do (sizer leaks)
      signature TEXT NOT NULL, -- of the shape, the same in each run
      groups INTEGER NOT NULL, -- of this shape
      objects INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      types TEXT NOT NULL, -- of the objects that hold one another
      cycle TEXT NOT NULL, -- the way round
      observers TEXT NOT NULL -- who still sees them
    """, since: 3)

  private static let heapTasks = Table(
    "heap_tasks",
    """
      id INTEGER PRIMARY KEY,
      image INTEGER NOT NULL,
      function TEXT NOT NULL, -- that the tasks are in
      creator TEXT, -- that made them
      state TEXT NOT NULL,
      count INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      retained INTEGER NOT NULL,
      frames TEXT NOT NULL -- the innermost first, a line each
    """, since: 3)

  private static let heapRoots = Table(
    "heap_roots",
    """
      id INTEGER PRIMARY KEY,
      image INTEGER NOT NULL,
      kind TEXT NOT NULL, -- global, stack, task, cMemory, runtime or other
      name TEXT NOT NULL, -- the symbol, the thread, the function
      refs INTEGER NOT NULL, -- references from there
      objects INTEGER NOT NULL -- that they lead to
    """, since: 3)
}
