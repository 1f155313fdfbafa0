// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Watches over the memory that a frozen image may cost, while its child lives.
struct Headroom: ~Copyable, Sendable {
  // unsafe: owned, and used by one thread after the other.
  nonisolated(unsafe) let handle: OpaquePointer

  private init(owning handle: OpaquePointer) {
    self.handle = handle
  }

  deinit {
    csizer_headroom_close(handle)
  }

  /// What was found.
  enum Answer: ~Copyable {
    case found(Headroom)
    /// In words, what there is too little of.
    case short(String)
  }

  /// Whether there is room for an image that sizes what lives.
  static func find(forResultsOf lifetimes: Lifetimes, operation: String) throws(SizerError) -> Answer {
    var made: OpaquePointer?
    var shortage = csizer_shortage()
    let status = csizer_headroom_open(csizer_sizing_result_bytes(lifetimes.handle), &made, &shortage)
    // Without a page for the look there is none for an image either.
    if status == CSIZER_NO_MEMORY { return .short(refusal) }
    try Engine.check(status, operation: operation)
    guard let made else { return .short(words(for: shortage, "an image may cost")) }
    return .found(Headroom(owning: made))
  }

  /// What there would be too little of, in words, if so many bytes more were taken as a frozen image may be; nil when
  /// there is room, or nothing is known.
  static func shortage(ofBytes bytes: Int) -> String? {
    var made: OpaquePointer?
    var shortage = csizer_shortage()
    let status = csizer_headroom_open(UInt64(max(bytes, 0)), &made, &shortage)
    guard status == CSIZER_OK, made == nil else {
      csizer_headroom_close(made)
      return nil
    }
    return words(for: shortage, "this may cost")
  }

  /// Why a child was ended.
  var endedFor: String {
    Headroom.words(for: csizer_headroom_shortage(handle), "the child was ended at")
  }

  /// Why there was no room for a heap image.
  static func words(for image: csizer_frozen_image) -> String {
    image.end == CSIZER_CHILD_NO_ROOM || image.shortage.need > 0
      ? words(for: image.shortage, "an image may cost") : refusal
  }

  static let refusal = "the kernel refused memory for an image"
  static let killed = "the kernel killed an image's child for memory; no other is made"

  /// Short, for tables of 79 columns show them.
  private static func words(for shortage: csizer_shortage, _ what: String) -> String {
    let limit: String
    switch shortage.limit {
    case CSIZER_LIMIT_GROUP: limit = "the cgroup's memory limit"
    case CSIZER_LIMIT_MACHINE: limit = "the machine's memory"
    case CSIZER_LIMIT_COMMIT: limit = "the memory commit limit"
    case CSIZER_LIMIT_ADDRESS_SPACE: limit = "memory limit RLIMIT_AS"
    case CSIZER_LIMIT_DATA: limit = "memory limit RLIMIT_DATA"
    default: return killed
    }
    return "\(limit) leaves \(bytes(shortage.room)), \(what) \(bytes(shortage.need))"
  }

  private static func bytes(_ count: UInt64) -> String {
    let tenths = (count * 10) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}

extension Engine {
  /// Tests only: limits are read from files below this folder instead of the system's; nil for the real ones. What was
  /// learnt of children that ran out of memory is forgotten.
  package static func readLimits(below folder: String?) -> Bool {
    csizer_headroom_set_root(folder ?? "") == CSIZER_OK
  }
}
