// SPDX-License-Identifier: Apache-2.0
import CSizer
import Synchronization

/// The gate to the C engine: walks pass here one at a time, because the heap map has room for one walk's marks.
package enum Engine {
  /// A thread's turn to walk. What sizers without exclusions share is in it: types are compiled once per process.
  struct Turn: Sendable {
    fileprivate var layouts: Layouts?
    fileprivate var refusals: UInt64 = 0
    fileprivate var removals: UInt64 = 0

    /// A fresh walk, to be over before the turn is.
    mutating func makeWalk(_ options: HeapSizer.Options = .init(), place: String) throws(SizerError) -> Walk {
      if options.hasExclusions {
        return try Walk(layouts: try Layouts(excluding: options, place: place), options: options, place: place)
      }
      // A layout that was compiled while no file could be opened may lack what stands in one. And where a library was closed another's
      // types may lie now.
      let refusals = Engine.refusalCount
      let removals = csizer_removals()
      if removals != self.removals, layouts?.areOfLoadedImages == false { layouts = nil }
      if layouts == nil || refusals != self.refusals {
        layouts = try Layouts(excluding: options, place: place)
        self.refusals = refusals
      }
      self.removals = removals
      return try Walk(layouts: layouts!, options: options, place: place)
    }
  }
  private static let turns = Mutex(Turn())

  /// Runs `body` when it is this thread's turn: one thread at a time walks. It may take long until then; a lock that others want must
  /// not be held, and is taken in `body`.
  static func withTurn<Result: ~Copyable & Sendable>(
    _ body: (inout Turn) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try turns.withLock { (turn) throws(SizerError) -> Result in try body(&turn) }
  }

  /// Runs `body` with a fresh walk, on a stack of Sizer's own; other threads' walks wait meanwhile.
  static func withWalk<Result: Sendable>(
    _ options: HeapSizer.Options, place: String, _ body: (borrowing Walk) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try onOwnStack(place) { () throws(SizerError) in
      try withTurn { (turn) throws(SizerError) in try body(try turn.makeWalk(options, place: place)) }
    }
  }

  /// Trees are built by recursion; a thread's stack holds this many levels with room to spare.
  static let deepestTree = 1000

  /// Forgets compiled layouts: what was registered since takes effect.
  static func forgetLayouts() {
    turns.withLock { $0.layouts = nil }
  }

  /// How often the system refused what reading a file takes (csizer_refusals.h).
  static var refusalCount: UInt64 { csizer_refusals() }

  /// The only place where a status of C becomes an error of Swift.
  static func check(_ status: csizer_status, place: String) throws(SizerError) {
    switch status {
    case CSIZER_OK: return
    case CSIZER_NO_MEMORY, CSIZER_NO_ROOM:
      throw SizerError(
        code: .outOfMemory, message: "the system refused memory for Sizer's own tables; free some or raise the limit",
        place: place)
    case CSIZER_REFUSED:
      throw SizerError(
        code: .systemRefused, message: "the system refused a child process (fork); free memory or raise the limit",
        place: place)
    case CSIZER_INVALID:
      throw SizerError(code: .invalidArgument, message: "an argument is empty or out of range", place: place)
    case CSIZER_UNREADABLE:
      throw SizerError(
        code: .systemRefused,
        message: "/proc could not be read; mount it, or raise the limit of open files (RLIMIT_NOFILE)", place: place)
    default:
      throw SizerError(
        code: .unsupportedRuntime,
        message: "this process's Swift runtime can't be read; HeapSizer.capabilities says why", place: place)
    }
  }
}
