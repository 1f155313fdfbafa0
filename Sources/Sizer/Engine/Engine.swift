// SPDX-License-Identifier: Apache-2.0
import CSizer
import Synchronization

/// The gate to the C engine: walks pass here one at a time, because the heap map has room for one walk's marks.
package enum Engine {
  /// What sizers without exclusions share: types are compiled once per process.
  private struct Shared {
    var layouts: Layouts?
  }
  private static let shared = Mutex(Shared())

  /// Runs `body` with a fresh walk; other threads' walks wait meanwhile.
  static func withWalk<Result: Sendable>(
    _ options: HeapSizer.Options, place: String, _ body: (borrowing Walk) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try withFreshWalk(options, place: place) { (walk) throws(SizerError) in try body(walk) }
  }

  static func withFreshWalk<Result: ~Copyable & Sendable>(
    _ options: HeapSizer.Options, place: String, _ body: (consuming Walk) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try shared.withLock { (shared) throws(SizerError) -> Result in
      let layouts: Layouts
      if options.hasExclusions {
        layouts = try Layouts(excluding: options, place: place)
      } else if let known = shared.layouts {
        layouts = known
      } else {
        layouts = try Layouts(excluding: options, place: place)
        shared.layouts = layouts
      }
      return try body(try Walk(layouts: layouts, options: options, place: place))
    }
  }

  /// Trees are built by recursion; a thread's stack holds this many levels with room to spare.
  static let deepestTree = 1000

  /// Forgets compiled layouts: what was registered since takes effect.
  static func forgetLayouts() {
    shared.withLock { $0.layouts = nil }
  }

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
