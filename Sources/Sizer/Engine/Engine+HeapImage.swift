// SPDX-License-Identifier: Apache-2.0
import CSizer
import Glibc
import SizerGraph
import Synchronization

/// What came of asking for a frozen image of the heap.
enum HeapImageTaking {
  case taken(HeapImage)
  /// In words, why there is none: a child was refused or did not end its work, or the host would lack memory.
  case refused(SizerError)
}

extension Engine {
  /// The heap graph of this instant, captured by a child with a frozen image of the process.
  static func frozenHeapImage(edges: Bool, operation: String) throws(SizerError) -> HeapImageTaking {
    try onOwnStack(operation) { () throws(SizerError) in
      try withTurn { (turn) throws(SizerError) in
        try checkBirthsAreSeen(operation: operation)
        let layouts = try turn.sharedLayouts(operation: operation)
        var image = csizer_frozen_image()
        let status = withFacts(edges: edges) { facts in
          csizer_frozen_image_take(
            csizer_census_map(), layouts.handle, &facts, patience.load(ordering: .relaxed), &image)
        }
        if let refusal = refusal(of: image, status: status, operation: operation) { return .refused(refusal) }
        try check(status, operation: operation)
        defer { close(image.file) }
        return .taken(try decode(file: image.file, bytes: Int(image.bytes), operation: operation))
      }
    }
  }

  /// The same, read in the process itself. Only where the calling thread is alone: every object of every thread is
  /// read, and what another thread frees meanwhile may be no memory any more.
  static func heapImageInPlace(edges: Bool, operation: String) throws(SizerError) -> HeapImage {
    try onOwnStack(operation) { () throws(SizerError) in
      try withTurn { (turn) throws(SizerError) in
        try checkBirthsAreSeen(operation: operation)
        guard hasOneThread else {
          throw SizerError(
            .invalidArgument, operation, "other threads of the process may free what is being read",
            advice: "capture frozen")
        }
        let layouts = try turn.sharedLayouts(operation: operation)
        var graph: OpaquePointer?
        let status =
          edges
          ? csizer_graph_capture(csizer_census_map(), layouts.handle, &graph)
          : csizer_graph_capture_rows(csizer_census_map(), layouts.handle, &graph)
        try check(status, operation: operation)
        defer { csizer_graph_destroy(graph) }
        let output = ImageBytes()
        try check(write(graph, of: layouts, edges: edges, to: output), operation: operation)
        return try output.bytes.withUnsafeBytes { decode($0, operation: operation) }.get()
      }
    }
  }

  /// What the engine writes, in memory: in place the graph has been captured by then.
  private final class ImageBytes {
    var bytes: [UInt8] = []
  }

  private static func write(
    _ graph: OpaquePointer?, of layouts: Layouts, edges: Bool, to bytes: ImageBytes
  ) -> csizer_status {
    // unsafe: the object outlives the calls that get its address.
    let output = csizer_image_output(
      write: { context, bytes, count in
        let output = Unmanaged<ImageBytes>.fromOpaque(context!).takeUnretainedValue()
        output.bytes.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return CSIZER_OK
      }, context: Unmanaged.passUnretained(bytes).toOpaque())
    return withExtendedLifetime(bytes) {
      var places: OpaquePointer?
      var status = csizer_image_places_create(&places)
      defer { csizer_image_places_destroy(places) }
      var totals = csizer_image_totals()
      if status == CSIZER_OK { status = csizer_image_begin(output) }
      if status == CSIZER_OK { status = csizer_image_write_graph(graph, places, output, &totals) }
      guard status == CSIZER_OK else { return status }
      return withFacts(edges: edges) { facts in csizer_image_end(layouts.handle, &facts, places, totals, output) }
    }
  }

  private static func withFacts(
    edges: Bool, _ body: (inout csizer_image_facts) -> csizer_status
  ) -> csizer_status {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var facts = csizer_image_facts()
    facts.since_1970 = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    facts.process = UInt64(getpid())
    facts.has_no_edges = !edges
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { path in
      let length = readlink("/proc/self/exe", path.baseAddress!, path.count - 1)
      path[max(length, 0)] = 0
      return "Sizer".withCString { writer in
        facts.program = UnsafePointer(path.baseAddress!)
        facts.writer = writer
        return body(&facts)
      }
    }
  }

  private static func refusal(
    of image: csizer_frozen_image, status: csizer_status, operation: String
  ) -> SizerError? {
    let behind = self.refusal(behind: status)
    return switch status {
    case CSIZER_NO_ROOM:
      SizerError(
        .outOfMemory, operation, Headroom.words(for: image), advice: "free some, raise the limit, or capture in place",
        cause: behind.cause)
    case CSIZER_REFUSED where behind.number != nil: error(ofStatus: status.rawValue, operation: operation, behind)
    case CSIZER_REFUSED:
      SizerError(
        .systemRefused, operation, "the child with the frozen image ended before its work was done",
        advice: "capture again, or in place")
    default: nil
    }
  }

  private static func noFile(_ operation: String) -> SizerError {
    SizerError(
      .systemRefused, operation, "no file in memory could be made", advice: "raise the limit of open files",
      cause: .system(errno: errno))
  }

  private static func decode(file: Int32, bytes: Int, operation: String) throws(SizerError) -> HeapImage {
    guard let start = mmap(nil, max(bytes, 1), PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
      throw noFile(operation)
    }
    defer { munmap(start, max(bytes, 1)) }
    return try decode(UnsafeRawBufferPointer(start: start, count: bytes), operation: operation).get()
  }

  private static func decode(_ bytes: UnsafeRawBufferPointer, operation: String) -> Result<HeapImage, SizerError> {
    do {
      return .success(try HeapImage(decoding: bytes))
    } catch {
      return .failure(
        SizerError(
          .unknownAnswer, operation, "the engine's heap image can't be read: \(error)",
          advice: "build both from one version"))
    }
  }
}
