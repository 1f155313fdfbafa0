// SPDX-License-Identifier: Apache-2.0
import CSizer
import Glibc
import SizerProfile
import Synchronization

/// The gate to the C engine: walks pass here one at a time, because the heap map has room for one walk's marks.
package enum Engine {
  /// A thread's turn to walk. What sizers without exclusions share is in it: types are compiled once per process.
  struct Turn: Sendable {
    fileprivate var layouts: Layouts?
    fileprivate var refusals: UInt64 = 0
    fileprivate var removals: UInt64 = 0

    /// A fresh walk, to be over before the turn is.
    mutating func makeWalk(_ options: HeapSizer.Options = .init(), operation: String) throws(SizerError) -> Walk {
      if options.hasExclusions {
        return try Walk(
          layouts: try Layouts(excluding: options, operation: operation), options: options, operation: operation)
      }
      return try Walk(layouts: sharedLayouts(operation: operation), options: options, operation: operation)
    }

    /// The table of layouts that all sizers without exclusions share.
    mutating func sharedLayouts(operation: String) throws(SizerError) -> Layouts {
      // A layout that was compiled while no file could be opened may lack what stands in one. And where a library was
      // closed another's types may lie now.
      let refusals = Engine.refusalCount
      let removals = csizer_removals()
      if removals != self.removals, layouts?.areOfLoadedImages == false { layouts = nil }
      if layouts == nil || refusals != self.refusals {
        layouts = try Layouts(excluding: .init(), operation: operation)
        self.refusals = refusals
      }
      self.removals = removals
      return layouts!
    }
  }
  private static let turns = Mutex(Turn())

  /// Runs `body` when it is this thread's turn: one thread at a time walks. It may take long until then; a lock that
  /// others want must not be held, and is taken in `body`.
  static func withTurn<Result: ~Copyable & Sendable>(
    _ body: (inout Turn) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    _ = SelfTest.isDone  // before the first layout is compiled
    return try turns.withLock { (turn) throws(SizerError) -> Result in try body(&turn) }
  }

  /// Runs `body` with a fresh walk, on a stack of Sizer's own; other threads' walks wait meanwhile.
  static func withWalk<Result: Sendable>(
    _ options: HeapSizer.Options, operation: String, _ body: (borrowing Walk) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try onOwnStack(operation) { () throws(SizerError) in
      try withTurn { (turn) throws(SizerError) in try body(try turn.makeWalk(options, operation: operation)) }
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
  static func check(_ status: csizer_status, operation: String) throws(SizerError) {
    guard status != CSIZER_OK else { return }
    if let error = error(ofStatus: status.rawValue, operation: operation, refusal(behind: status)) { throw error }
  }

  /// What the system said when it refused something to the engine.
  package struct Refusal {
    /// A number of errno(3); nil when the system gave no reason.
    package var number: Int32?
    /// The file that it is about; nil when there is none.
    package var path: String?
    /// In builds that check themselves, what does not hold of what the engine made.
    package var broken: String?

    package init(number: Int32? = nil, path: String? = nil, broken: String? = nil) {
      self.number = number
      self.path = path
      self.broken = broken
    }

    var cause: ErrorCause? { number.map { .system(errno: $0) } }

    fileprivate func words(_ what: String) -> String {
      number.map { "\(what): \(SystemRefusal(number: $0).reason)" } ?? what
    }

    fileprivate func advice(or other: String) -> String {
      number.map { SystemRefusal(number: $0).advice(or: other) } ?? other
    }
  }

  /// What is behind a status that the calling thread has just got.
  static func refusal(behind status: csizer_status) -> Refusal {
    let last = csizer_refusal_last()
    guard last.status == status else { return Refusal() }
    return Refusal(
      number: last.number == 0 ? nil : last.number, path: last.path.map { String(cString: $0) },
      broken: last.broken.map { String(cString: $0) })
  }

  /// What a status (`csizer_status.h`) means; nil when all went well. To Swift it is a number, and no `switch` must be
  /// complete: a test reads that all are told here, and one that comes from another engine is told with its number.
  package static func error(
    ofStatus status: UInt32, operation: String, _ refusal: Refusal = Refusal()
  ) -> SizerError? {
    switch csizer_status(rawValue: status) {
    case CSIZER_OK: nil
    case CSIZER_NO_MEMORY:
      SizerError(
        .outOfMemory, operation, "the system refused memory for Sizer's own tables",
        advice: "free some or raise the limit",
        cause: .system(errno: ENOMEM))
    case CSIZER_NO_ROOM:
      SizerError(
        .outOfMemory, operation, "the system refused memory for a child process",
        advice: "free some, raise the limit, or take snapshots in place", cause: .system(errno: ENOMEM))
    case CSIZER_REFUSED:
      SizerError(
        .systemRefused, operation, refusal.words("the system refused a child process (fork)"),
        advice: refusal.advice(or: "try again, or take snapshots in place"), cause: refusal.cause)
    case CSIZER_INVALID:
      if let broken = refusal.broken {
        SizerError(
          .unknownAnswer, operation, "what the engine made does not hold: \(broken)", advice: "report it")
      } else {
        SizerError(
          .invalidArgument, operation, "an argument is empty or out of range",
          advice: "the call's documentation says what it takes")
      }
    case CSIZER_UNREADABLE:
      SizerError(
        .systemRefused, operation, path: refusal.path,
        refusal.words(refusal.path == nil ? "a file in memory can't be made or read" : "can't be read"),
        advice: refusal.advice(or: "mount /proc as proc(5) describes it"), cause: refusal.cause)
    case CSIZER_UNSUPPORTED:
      SizerError(
        .unsupportedRuntime, operation, "this process's Swift runtime can't be read",
        advice: "HeapSizer.capabilities says why")
    default:
      SizerError(
        .unknownAnswer, operation, "the engine answered \(status), which this library does not know",
        advice: "build both from one version")
    }
  }
}
