// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Owns one walk of the C engine: what it has seen it does not count again.
struct Walk: ~Copyable {
  private let handle: OpaquePointer
  let layouts: Layouts
  private let operation: String

  init(layouts: Layouts, options: HeapSizer.Options, operation: String) throws(SizerError) {
    guard let map = csizer_census_map() else {
      throw SizerError(
        .unsupportedRuntime, operation, "Sizer did not start: \(String(cString: csizer_census_reason()))",
        advice: "HeapSizer.capabilities says what works in this process")
    }
    var settings = csizer_walk_options(
      maximum_depth: options.maximumDepth ?? 0, follow_unowned: options.followUnowned,
      census_is_complete: csizer_census_state() == CSIZER_HOOKS_REPLACED)
    var made: OpaquePointer?
    try Engine.check(csizer_walk_create(map, layouts.handle, &settings, &made), operation: operation)
    handle = made!
    self.layouts = layouts
    self.operation = operation
  }

  deinit {
    csizer_walk_destroy(handle)
  }

  /// Adds what the value at `pointer` reaches; its own bytes are not counted.
  func add(valueAt pointer: UnsafeRawPointer, metadata: UnsafeRawPointer) throws(SizerError) {
    try Engine.check(csizer_walk_value(handle, pointer, metadata), operation: operation)
  }

  /// Adds an object and what it reaches.
  func add(_ object: AnyObject) throws(SizerError) {
    let status = csizer_walk_object(handle, Unmanaged.passUnretained(object).toOpaque())
    try Engine.check(status, operation: operation)
  }

  /// Builds the tree of named referents of a value.
  func build(
    _ referents: OpaquePointer, valueAt pointer: UnsafeRawPointer, metadata: UnsafeRawPointer, depth: Int
  )
    throws(SizerError)
  {
    let status = csizer_referents_of_value(referents, handle, pointer, metadata, UInt32(depth))
    try Engine.check(status, operation: operation)
  }

  /// Sizes and names all objects of a sizing, and asks nobody for types meanwhile.
  func size(_ sizing: OpaquePointer) throws(SizerError) {
    csizer_sizing_ask_nobody(sizing, handle)
    let status = csizer_sizing_all(sizing, handle, Referents.keys)
    csizer_sizing_ask_again(handle)
    try Engine.check(status, operation: operation)
  }

  /// Forks a child that does the sizing, with so many threads at most; nil when the kernel refuses it for want of
  /// memory.
  func fork(_ sizing: OpaquePointer, processors: UInt32) throws(SizerError) -> csizer_child? {
    var child = csizer_child()
    let status = csizer_frozen_start(sizing, handle, Referents.keys, processors, &child)
    if status == CSIZER_NO_ROOM { return nil }
    try Engine.check(status, operation: operation)
    return child
  }

  /// What was counted so far.
  var totals: HeapSize {
    let totals = csizer_walk_totals(handle)
    return HeapSize(
      bytes: totals.bytes, requestedBytes: totals.requested, objectCount: totals.objects,
      rawBlockCount: totals.raw_blocks, unresolvedCount: totals.unresolved, depthLimitReached: totals.cut,
      estimatedBytes: totals.estimated_bytes)
  }

  /// What was counted so far, by type.
  var records: [TypeRecord] {
    (0..<layouts.kindCount).compactMap { kind in
      let totals = csizer_walk_kind_totals(handle, kind)
      guard totals.count > 0 else { return nil }
      return TypeRecord(
        typeName: layouts.name(ofKind: kind), count: totals.count, bytes: totals.bytes,
        requestedBytes: totals.requested, unusedCapacityBytes: totals.unused, estimatedBytes: totals.estimated)
    }
  }
}
