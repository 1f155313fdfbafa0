// SPDX-License-Identifier: Apache-2.0
import CSizer
import Synchronization

/// Owns what the engine records for one tracker: which objects it tracks, when they were born and when they died.
///
/// Births and deaths arrive from all threads; the members here are called by one thread at a time, which the tracker
/// sees to.
final class Lifetimes: Sendable {
  // unsafe: the engine's thread rules hold instead of Swift's; written once.
  nonisolated(unsafe) let handle: OpaquePointer
  /// By cohort.
  let classNames = Mutex<[String]>([])

  init(operation: String) throws(SizerError) {
    _ = SelfTest.isDone  // before anything is tracked: its objects are nobody's births
    var made: OpaquePointer?
    try Engine.check(csizer_lifetimes_create(&made), operation: operation)
    handle = made!
  }

  deinit {
    csizer_lifetimes_destroy(handle)
  }

  /// Whose records these are: an object that no snapshot counts with who refers to it. nil before its memory is freed.
  func setOwner(_ owner: AnyObject?) {
    csizer_lifetimes_set_owner(handle, owner.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
  }

  /// What the engine is told of what is tracked.
  struct Tracking: Hashable, Sendable {
    var number: UInt32
    var resolutionLevel: Int
    var traceDepth: Int
    var keep: Bool

    var inC: csizer_tracking {
      csizer_tracking(
        number: number, resolution_level: UInt32(clamping: resolutionLevel), trace_depth: UInt32(clamping: traceDepth),
        keep: keep)
    }
  }

  func track(_ type: AnyClass, as tracking: Tracking) -> csizer_status {
    var tracking = tracking.inC
    return csizer_lifetimes_track_class(handle, Lifetimes.metadata(of: type), &tracking)
  }

  /// Whether it was tracked.
  func untrack(_ type: AnyClass) -> Bool {
    csizer_lifetimes_untrack_class(handle, Lifetimes.metadata(of: type))
  }

  /// How many bytes a pattern may have.
  static let longestPattern = Int(CSIZER_PATTERN_ROOM) - 1

  func track(classesNamed pattern: String, as tracking: Tracking) -> csizer_status {
    var tracking = tracking.inC
    return csizer_lifetimes_track_named(handle, pattern, &tracking)
  }

  func untrack(classesNamed pattern: String) {
    _ = csizer_lifetimes_untrack_named(handle, pattern)
  }

  func untrackAll() {
    csizer_lifetimes_untrack_classes(handle)
  }

  func track(_ object: AnyObject, as tracking: Tracking) -> csizer_status {
    var tracking = tracking.inC
    return csizer_lifetimes_track_object(handle, Unmanaged.passUnretained(object).toOpaque(), &tracking)
  }

  /// The request that a tracked object came by; nil when it is not tracked.
  func request(of object: AnyObject) -> UInt32? {
    var cohort: UInt32 = 0
    guard csizer_lifetimes_find(handle, Unmanaged.passUnretained(object).toOpaque(), &cohort) else { return nil }
    return csizer_lifetimes_cohort(handle, cohort).number
  }

  func setLevel(of object: AnyObject, as tracking: Tracking) -> csizer_status {
    var tracking = tracking.inC
    return csizer_lifetimes_set_level(handle, Unmanaged.passUnretained(object).toOpaque(), &tracking)
  }

  /// Strong references that a tracker held. They must be released, while no lock is held: deinits run.
  struct Kept: ~Copyable {
    fileprivate var list = csizer_kept()

    consuming func release() {
      csizer_kept_release(&list)
    }
  }

  /// Tracks no object any more; answers what was kept.
  func untrackObjects(operation: String) throws(SizerError) -> Kept {
    var kept = Kept()
    try Engine.check(csizer_lifetimes_untrack_objects(handle, &kept.list), operation: operation)
    return kept
  }

  /// Forgets all records.
  func forget() {
    csizer_lifetimes_forget(handle)
    classNames.withLock { $0 = [] }
  }

  /// Brings the list of the living up to date, for a sizing that follows.
  func list(operation: String) throws(SizerError) {
    try Engine.check(csizer_sizing_list(handle), operation: operation)
    learnNames()
  }

  /// How many objects lived when the list was last brought up to date.
  var livingCount: Int { Int(csizer_living_count(handle)) }

  /// How many objects were ever tracked.
  var count: Int { Int(csizer_lifetimes_count(handle)) }

  /// How many could not be recorded.
  var lostCount: Int { Int(csizer_lifetimes_lost(handle)) }

  /// A metatype is the address of the class's metadata.
  private static func metadata(of type: AnyClass) -> UnsafeRawPointer {
    unsafeBitCast(type, to: UnsafeRawPointer.self)
  }
}

/// The engine's clock.
struct Ticks: Sendable {
  var value: UInt64

  /// Now. A tracker must have been made before.
  static var now: Ticks { Ticks(value: csizer_clock_ticks()) }

  func nanoseconds(since earlier: Ticks) -> Int64 {
    csizer_clock_nanoseconds(earlier.value, value)
  }

  func duration(since earlier: Ticks) -> Duration {
    .nanoseconds(nanoseconds(since: earlier))
  }
}
