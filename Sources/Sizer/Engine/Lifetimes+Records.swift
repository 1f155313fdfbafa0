// SPDX-License-Identifier: Apache-2.0
import CSizer
import Synchronization

/// Reading what was recorded.
extension Lifetimes {
  /// One tracked object.
  struct Record: Sendable {
    var birth: Ticks
    /// Of its life or of its being tracked; nil while both go on.
    var end: Ticks?
    var isDead: Bool
    /// 0 unless it is alive and tracked.
    var address: UInt64
    var cohort: UInt32
    var trace: UInt32
  }

  /// Objects that were tracked in one way and have one class.
  struct Cohort {
    var request: Int
    /// Its class's; what was found out while the class was there.
    var className: String
  }

  /// All objects from a number on, in the order in which they were tracked. Linear in their number.
  func records(from first: Int) -> [Record] {
    let count = csizer_lifetimes_count(handle)
    return (min(UInt32(first), count)..<count).map(record)
  }

  /// One object.
  func record(_ number: UInt32) -> Record {
    let read = csizer_lifetimes_read(handle, number)
    return Record(
      birth: Ticks(value: read.birth), end: read.fate == CSIZER_ALIVE ? nil : Ticks(value: read.end),
      isDead: read.fate == CSIZER_DEAD, address: read.address, cohort: read.cohort, trace: read.trace)
  }

  /// Whether referents of an object are to be named: it lives, and its level is not 0.
  func namesReferents(of number: UInt32) -> Bool {
    let record = csizer_lifetimes_read(handle, number)
    return record.fate == CSIZER_ALIVE && csizer_lifetimes_cohort(handle, record.cohort).resolution_level > 0
  }

  /// From a number on; records refer to them with their numbers.
  func cohorts(from first: Int) -> [Cohort] {
    let count = csizer_lifetimes_cohort_count(handle)
    return (min(UInt32(first), count)..<count).map { number in
      let cohort = csizer_lifetimes_cohort(handle, number)
      return Cohort(request: Int(cohort.number), className: className(of: cohort, number))
    }
  }

  /// Finds out what the classes are called that were met since the last call: when its library is closed a class has no
  /// name any more.
  func learnNames() {
    _ = cohorts(from: classNames.withLock { $0.count })
  }

  /// What the class of one cohort is called.
  func className(ofCohort number: Int) -> String {
    className(of: csizer_lifetimes_cohort(handle, UInt32(number)), UInt32(number))
  }

  private func className(of cohort: csizer_cohort, _ number: UInt32) -> String {
    classNames.withLock { names in
      if Int(number) < names.count { return names[Int(number)] }
      // Metadata's address is the metatype.
      let name = cohort.type.map { typeName(of: unsafeBitCast($0, to: Any.Type.self)) } ?? "(unloaded class)"
      if Int(number) == names.count { names.append(name) }
      return name
    }
  }

  /// What was asked for one cohort.
  func request(ofCohort number: Int) -> Int {
    Int(csizer_lifetimes_cohort(handle, UInt32(number)).number)
  }

  /// The sizes that changed, from a number on, in order of snapshot, then of object.
  func sizes(from first: Int) -> [History.SizeRow] {
    var rows: UnsafePointer<csizer_size_row>?
    let count = csizer_sizes(handle, &rows)
    return UnsafeBufferPointer(start: rows, count: count)[min(first, count)...].map {
      History.SizeRow(object: $0.object, snapshot: $0.snapshot, bytes: Int64($0.bytes))
    }
  }

  /// Those of them that are of one snapshot, up to the first that is not.
  func sizes(from first: Int, ofSnapshot snapshot: UInt32) -> [History.SizeRow] {
    var rows: UnsafePointer<csizer_size_row>?
    let count = csizer_sizes(handle, &rows)
    return UnsafeBufferPointer(start: rows, count: count)[min(first, count)...].prefix { $0.snapshot == snapshot }.map {
      History.SizeRow(object: $0.object, snapshot: $0.snapshot, bytes: Int64($0.bytes))
    }
  }

  /// How many sizes have changed.
  var sizeCount: Int {
    var rows: UnsafePointer<csizer_size_row>?
    return csizer_sizes(handle, &rows)
  }

  /// The sizes that the objects of the last sizing have, in order of object; their snapshot is 0.
  func livingSizes() -> [History.SizeRow] {
    (0..<csizer_living_count(handle)).compactMap { index in
      var row = csizer_size_row()
      guard csizer_living_size(handle, index, &row) else { return nil }
      return History.SizeRow(object: row.object, snapshot: 0, bytes: Int64(row.bytes))
    }
  }

  /// Objects whose class has changed since they were tracked first.
  func morphs() -> [(object: UInt32, type: Any.Type)] {
    var morphs: UnsafePointer<csizer_morph>?
    let count = csizer_morphs(handle, &morphs)
    return UnsafeBufferPointer(start: morphs, count: count).compactMap { morph in
      // The class's library may be gone.
      morph.type.map { (morph.object, unsafeBitCast($0, to: Any.Type.self)) }
    }
  }
}

extension Engine {
  /// The return addresses of a stack, innermost first.
  static func stack(_ trace: UInt32) -> [UInt] {
    var frames: UnsafePointer<UInt>?
    let count = csizer_trace_frames(trace, &frames)
    return Array(UnsafeBufferPointer(start: frames, count: count))
  }

  /// Where the living objects are whose births before a moment were recorded with their calls, and the number of each
  /// one's stack. Linear in the objects that are tracked.
  static func tracedBirths(before moment: Ticks) -> [UInt64: UInt32] {
    let count = csizer_lifetimes_traced(moment.value, nil, nil, 0)
    if count == 0 { return [:] }
    var addresses = [UInt](repeating: 0, count: count)
    var traces = [UInt32](repeating: 0, count: count)
    // Some may have died meanwhile; those that were born are too young.
    let found = min(csizer_lifetimes_traced(moment.value, &addresses, &traces, count), count)
    return Dictionary(zip(addresses.lazy.map(UInt64.init), traces).prefix(found)) { first, _ in first }
  }

  /// Whether a status says that an argument was of the wrong kind.
  static func isInvalid(_ status: csizer_status) -> Bool { status == CSIZER_INVALID }

  static func checkBirthsAreSeen(operation: String) throws(SizerError) {
    guard csizer_census_state() == CSIZER_HOOKS_REPLACED else {
      throw SizerError(
        .unsupportedRuntime, operation,
        "new objects can't be seen in this process: \(String(cString: csizer_census_reason()))",
        advice: "track single objects instead")
    }
  }

  static func checkStacksAreCaptured(operation: String) throws(SizerError) {
    guard csizer_trace_is_available() else {
      throw SizerError(
        .unsupportedRuntime, operation, "stacks can't be captured: \(String(cString: csizer_trace_reason()))",
        advice: "track without traces")
    }
  }
}
