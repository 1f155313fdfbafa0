// SPDX-License-Identifier: Apache-2.0
import CSizer
package import SizerProfile

/// The memory of the process as a whole: the kernel's figures, the allocator's books, Sizer's own share.
extension Engine {
  /// What there would be too little of, in words, if so many bytes more were taken: as for a frozen image, so that no
  /// limit is reached for the profiler's sake. nil when there is room, or nothing is known.
  package static func shortage(ofBytes bytes: Int) -> String? { Headroom.shortage(ofBytes: bytes) }

  /// What the kernel says now. Some 20 µs, or 100 when it was not asked lately; any thread, also in a forked child.
  package static func processMemory(operation: String = "Engine.processMemory") throws(SizerError) -> ProcessMemory {
    var memory = csizer_process_memory()
    try check(csizer_process_memory_read(&memory), operation: operation)
    // In no group that can be seen nothing is told of one; nor is a snapshot to fail for its sake.
    var group = csizer_group_memory()
    let isInGroup = csizer_group_memory_read(&group) == CSIZER_OK
    // No figure is above INT64_MAX: the engine's promise.
    return ProcessMemory(
      virtual: Int(memory.virtual_bytes), resident: Int(memory.resident), data: Int(memory.data),
      stack: Int(memory.stack), code: Int(memory.code), shared: Int(memory.shared),
      minorFaults: Int(memory.minor_faults), majorFaults: Int(memory.major_faults),
      peakResident: known(memory.peak_resident), cgroupCurrent: isInGroup ? Int(group.current) : nil,
      cgroupLimit: known(group.limit), cgroupPeak: known(group.peak))
  }

  /// A figure of which the engine says 0 when there is none.
  private static func known(_ figure: UInt64) -> Int? { figure == 0 ? nil : Int(figure) }

  /// The ladder of the resident memory, now or as `process` has it. Some 100 µs, hardly more for a large heap.
  ///
  /// - Parameters:
  ///   - objectBytes: Usable bytes of all living Swift objects, from whoever has walked the heap; nil when nobody has.
  ///   - rawBytes: The same of the raw blocks that they own.
  ///   - deadBytes: The same of dead objects whose blocks unowned references keep.
  ///   - process: Figures that the caller has just read, so that both say the same; nil reads them.
  package static func memoryLadder(
    objectBytes: Int?, rawBytes: Int?, deadBytes: Int? = nil, process: ProcessMemory? = nil,
    operation: String = "Engine.memoryLadder"
  ) throws(SizerError) -> MemoryLadder {
    let process = if let process { process } else { try processMemory(operation: operation) }
    var ladder = MemoryLadder(
      resident: process.resident, objects: objectBytes, rawBlocks: rawBytes, deadObjects: deadBytes,
      stacks: process.stack,
      mappedFiles: process.shared, profiler: overheadBytes)
    addBooks(to: &ladder)
    var regions = csizer_regions()
    let status = csizer_regions_read(&regions)
    if status == CSIZER_OK {
      ladder.stacks = Int(clamping: regions.stacks)
      ladder.copiedFilePages = Int(clamping: regions.copied)
    } else if status != CSIZER_UNREADABLE {
      // Where /proc shows less, the kernel's own sums must do; memory that was refused is another matter.
      try check(status, operation: operation)
    }
    return ladder
  }

  /// Without books (another library serves malloc, or libc is too old) all blocks are in the ladder's rest.
  private static func addBooks(to ladder: inout MemoryLadder) {
    var books = csizer_accounts()
    guard csizer_allocator_serves_process(), csizer_accounts_read(&books) == CSIZER_OK else { return }
    let handedOut = books.internal + books.thread_caches + books.own
    let walked = (ladder.objects ?? 0) + (ladder.rawBlocks ?? 0) + (ladder.deadObjects ?? 0)
    ladder.otherBlocks = books.allocated - handedOut - walked
    ladder.threadCaches = books.thread_caches
    ladder.dirtyPages = books.dirty
    ladder.muzzyPages = books.muzzy
    ladder.allocatorMetadata = books.metadata + books.internal
    ladder.unusedInPages = books.active - books.allocated
  }

  /// Bytes that Sizer itself holds: its own arena, and its tables as far as they are in use. Some 20 µs, and 50 µs for
  /// each GiB of addresses with objects.
  package static var overheadBytes: Int { csizer_overhead_bytes() }

  /// For each class, the slabs that its living objects pin. `objects[i]` is the address of an object of class
  /// `classes[i]`; both are equally long, and no object may be of a class at or above `classCount`. Some 50 ns per
  /// object.
  package static func slabUse(
    objects: UnsafeBufferPointer<UInt>, classes: UnsafeBufferPointer<UInt32>, classCount: Int,
    operation: String = "Engine.slabUse"
  ) throws(SizerError) -> [SlabUse] {
    guard classCount >= 0, objects.count == classes.count, let map = csizer_census_map() else {
      throw SizerError(
        .invalidArgument, operation, "objects and classes differ in number, or there is no census",
        advice: "give a class for each object, where HeapSizer.capabilities tells of a census")
    }
    var uses = [csizer_slab_use](repeating: csizer_slab_use(), count: classCount)
    let status = csizer_fragmentation_read(
      map, objects.baseAddress, classes.baseAddress, objects.count, classCount, &uses)
    guard status != CSIZER_UNSUPPORTED else {
      throw SizerError(
        .unsupportedAllocator, operation, "slabs are known to jemalloc 5.3 alone",
        advice: wayToJemalloc)
    }
    try check(status, operation: operation)
    return uses.map {
      SlabUse(
        objectCount: $0.objects, objectBytes: $0.object_bytes, slabCount: $0.slabs, slabBytes: $0.slab_bytes,
        takenBytes: $0.taken_bytes, unresolvedCount: $0.unresolved)
    }
  }
}

extension Lifetimes {
  /// The slabs that the living objects of the last sizing pin, by what `name` calls their cohorts. The allocator is
  /// asked after births and deaths go on: an object that is freed meanwhile leaves its slab's other figures right. Some
  /// 50 ns per object.
  func slabUse(operation: String, name: (Int) -> String) throws(SizerError) -> [String: SlabUse] {
    let room = csizer_living_count(handle)
    var addresses = [UInt](repeating: 0, count: Int(room))
    var cohorts = [UInt32](repeating: 0, count: Int(room))
    let cohortCount = Int(csizer_lifetimes_cohort_count(handle))
    _ = csizer_lifetimes_hold()
    let count = Int(csizer_living_addresses(handle, &addresses, &cohorts, room))
    csizer_lifetimes_resume()
    var numbers: [String: UInt32] = [:]
    let classes = (0..<cohortCount).map { cohort in
      let name = name(cohort)
      let number = numbers[name] ?? UInt32(numbers.count)
      numbers[name] = number
      return number
    }
    let classOfObject = cohorts.prefix(count).map { classes[Int($0)] }
    let uses = try addresses.prefix(count).withUnsafeBufferPointer { (addresses) throws(SizerError) in
      try classOfObject.withUnsafeBufferPointer { (classes) throws(SizerError) in
        try Engine.slabUse(objects: addresses, classes: classes, classCount: numbers.count, operation: operation)
      }
    }
    return numbers.mapValues { uses[Int($0)] }
  }
}
