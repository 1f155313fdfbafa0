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
  static func find(forResultsOf lifetimes: Lifetimes, place: String) throws(SizerError) -> Answer {
    var made: OpaquePointer?
    var shortage = csizer_shortage()
    let status = csizer_headroom_open(csizer_sizing_result_bytes(lifetimes.handle), &made, &shortage)
    // Without a page for the look there is none for an image either.
    if status == CSIZER_NO_MEMORY { return .short(refusal) }
    try Engine.check(status, place: place)
    guard let made else { return .short(words(for: shortage) + ", a frozen image may cost \(bytes(shortage.need))") }
    return .found(Headroom(owning: made))
  }

  /// Why a child was ended.
  var endedFor: String {
    let shortage = csizer_headroom_shortage(handle)
    return Headroom.words(for: shortage)
      + ", and its child process was ended, for less than \(Headroom.bytes(shortage.need)) would not have been safe"
  }

  static let refusal = "the kernel refused memory for a frozen image"
  static let killed = "the kernel killed the child of a frozen image for memory; no other is made in this process"

  private static func words(for shortage: csizer_shortage) -> String {
    let left = bytes(shortage.room)
    switch shortage.limit {
    case CSIZER_LIMIT_GROUP: return "the memory limit of the control group leaves \(left)"
    case CSIZER_LIMIT_MACHINE: return "the machine has \(left) of free memory"
    case CSIZER_LIMIT_COMMIT: return "the commit limit of memory (vm.overcommit_memory is 2) leaves \(left)"
    case CSIZER_LIMIT_ADDRESS_SPACE: return "the limit of memory addresses (RLIMIT_AS) leaves \(left)"
    case CSIZER_LIMIT_DATA: return "the limit of data memory (RLIMIT_DATA) leaves \(left)"
    default: return killed
    }
  }

  private static func bytes(_ count: UInt64) -> String {
    let tenths = (count * 10) >> 20
    return "\(tenths / 10).\(tenths % 10) MiB"
  }
}

extension Engine {
  /// Tests only: limits are read from files below this folder instead of the system's; nil for the real ones. What was learnt of
  /// children that ran out of memory is forgotten.
  package static func readLimits(below folder: String?) -> Bool {
    csizer_headroom_set_root(folder ?? "") == CSIZER_OK
  }
}
