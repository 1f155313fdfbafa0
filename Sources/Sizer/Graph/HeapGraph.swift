// SPDX-License-Identifier: Apache-2.0
import Glibc
public import SizerGraph

/// An image of everything that lives: all Swift objects of the process, what refers to what, and who holds whom. No
/// class needs to be tracked.
///
///     let graph = try HeapGraph.capture()
///     print(graph.path(toFirst: "App.Session")!)  // global App.store -> .sessions -> ["user37"]
///
/// A value: it can be kept and compared with later ones. What is asked of it reads the image, never the process.
/// Memory: some 60 bytes for each object with two references, outside of the heap's account only while it is taken.
public struct HeapGraph: Sendable {
  /// The image itself: objects by number, types, references.
  public let image: HeapImage
  /// The stacks that its objects were born with, where somebody recorded them.
  var traces: [UInt64: UInt32]

  init(_ image: HeapImage, of names: PlaceNames = .ofThisProcess, traces: [UInt64: UInt32] = [:]) {
    var image = image
    image.renameTypes(stableName)
    names.name(&image)
    self.image = image
    self.traces = traces
  }

  /// With the account of the process's memory, read right behind the image.
  private init(captured image: HeapImage, since moment: Ticks, _ operation: String) throws(SizerError) {
    let histogram = HeapHistogram(of: image)
    let dead = histogram.deadBytes
    let ladder = try Engine.memoryLadder(
      objectBytes: histogram.objectBytes - dead, rawBytes: histogram.rawBytes, deadBytes: dead, operation: operation)
    var image = image
    image.setTasksReason(Engine.tasksReason)
    image.setLadder(ladder.rungs.map { HeapRung(name: $0.name, bytes: $0.bytes) })
    self.init(image, traces: Engine.tracedBirths(before: moment))
  }

  /// Captures the heap graph of this process.
  ///
  ///     for type in try HeapGraph.capture().classes.prefix(10) { print(type.count, type.bytes, type.typeName) }
  ///
  /// Frozen, a child process reads an image of one instant while the program goes on; the calling thread waits. In
  /// place only a process with one thread can be read: every object is, and others could free it meanwhile. Automatic:
  /// frozen, and in place when the system refuses a child or memory for it and there is no other thread.
  /// Time: some 100 to 200 ns for each object. Threads take turns with all other sizing.
  ///
  /// - Parameters:
  ///   - mode: how the heap is looked at.
  ///   - edges: false for the cheap form, a fifth of the time: ``classes``, ``ladder`` and ``waste`` only. Without
  ///     references there are no paths, no leaks and nothing retained.
  /// - Throws: `invalidArgument` for `SnapshotMode.counts`, and in place when there are other threads;
  ///   `unsupportedRuntime` without a census
  ///   (``HeapSizer/capabilities``), `systemRefused` or `outOfMemory` when there is no child in frozen mode.
  public static func capture(
    mode: SnapshotMode = .automatic, edges: Bool = true
  ) throws(SizerError) -> HeapGraph {
    let operation = "HeapGraph.capture(mode:edges:)"
    let moment = Ticks.now  // what is born later is not in the image
    switch mode {
    case .counts:
      throw SizerError(
        .invalidArgument, operation, "a graph is more than counts", advice: "use automatic, frozen or inPlace")
    case .inPlace:
      return try HeapGraph(
        captured: try Engine.heapImageInPlace(edges: edges, operation: operation), since: moment, operation)
    case .automatic, .frozen:
      switch try Engine.frozenHeapImage(edges: edges, operation: operation) {
      case .taken(let image): return try HeapGraph(captured: image, since: moment, operation)
      case .refused(let error):
        guard mode == .automatic, Engine.hasOneThread else { throw error }
        return try HeapGraph(
          captured: try Engine.heapImageInPlace(edges: edges, operation: operation), since: moment, operation)
      }
    }
  }

  /// Takes two frozen images, between which each thread of the process has gone on, and tells what both of them show
  /// closed: objects that hold one another and that nothing outside holds or sees (`LeakGroup.Grade.proved`), and
  /// after them what is closed but visible, or suspected.
  ///
  ///     for leak in try HeapGraph.proveLeaks() where leak.grade == .proved { print(leak.bytes, leak.cycle) }
  ///
  /// - Parameter patience: For how long to wait for threads that neither sleep nor run; when it is over nothing is
  ///   proved, and what would have been is suspected. The calling thread sleeps meanwhile.
  /// - Throws: as ``capture(mode:edges:)`` in frozen mode.
  public static func proveLeaks(patience: Duration = .seconds(10)) throws(SizerError) -> [LeakGroup] {
    let first = try capture(mode: .frozen)
    let haveGoneOn = waitForProgress(atMost: patience)
    let second = try capture(mode: .frozen)
    return second.withBirths(second.image.leaks(confirming: first.image, afterProgress: haveGoneOn))
  }

  /// Waits until each thread of the process has gone on, between two images that are to prove leaks; false when one has
  /// not in that time. The calling thread sleeps.
  package static func waitForProgress(atMost patience: Duration) -> Bool {
    let then = ThreadStates.now()
    let end = ContinuousClock.now + patience
    var haveGoneOn = false
    repeat {
      usleep(2_000)
      haveGoneOn = ThreadStates.now().haveGoneOn(since: then)
    } while !haveGoneOn && ContinuousClock.now < end
    return haveGoneOn
  }

  /// Count and bytes by type of all objects, the largest first; raw blocks count for the type that owns them.
  /// Complexity: O(objects).
  public var classes: [TypeRecord] {
    HeapHistogram(of: image).rows.map { row in
      TypeRecord(
        typeName: row.typeName, count: row.count, bytes: row.totalBytes,
        requestedBytes: row.requestedBytes + row.rawBytes, unusedCapacityBytes: row.unusedCapacityBytes)
    }.sorted { ($1.bytes, $0.typeName) < ($0.bytes, $1.typeName) }
  }

  /// The account of the process's memory, rung by rung: the Swift objects and raw blocks that ``classes`` tells of, by
  /// name all else that the allocator and the kernel have books of, and as `rest` what these leave. The sum is the
  /// resident memory. Empty in an image that was written without.
  public var ladder: [HeapRung] { image.ladder }

  /// How many objects live.
  public var objectCount: Int { image.objectCount }

  /// What nothing outside holds, visible or suspected; only ``proveLeaks(patience:)`` proves. Complexity: O(objects +
  /// references).
  public var leaks: [LeakGroup] { withBirths(image.leaks()) }

  /// The tasks, whether anything refers to them or not: those at one place, made by one function, are one record; who
  /// keeps most alive comes first. Complexity: O(objects + references).
  public var tasks: [TaskRecord] { image.taskRecords(Dominators(of: image)) }

  /// What could be smaller, by type and holder, the largest first. Complexity: O(objects + references).
  public var waste: [WasteRecord] { image.waste() }

  /// A shortest way from a root to an object, by names; nil when the object is not in the image.
  /// Complexity: O(objects + references).
  ///
  ///     if let path = graph.path(to: session) { print(path) }  // global App.store -> .sessions -> ["user37"]
  public func path(to object: AnyObject) -> HeapPath? {
    number(of: object).map { PathFinder(of: image).path(to: $0) }
  }

  /// The same for the first object of a type, by its full name; nil when there is none.
  public func path(toFirst typeName: String) -> HeapPath? { PathFinder(of: image).path(toFirst: typeName) }

  /// Bytes that would be freed if nothing held the object any more: its own and those of all that only it keeps alive.
  /// nil when the object is not in the image. Complexity: O(objects + references); for many objects make
  /// `Dominators` of the image once.
  ///
  ///     print(graph.retainedBytes(by: cache) ?? 0)
  public func retainedBytes(by object: AnyObject) -> Int? {
    number(of: object).map { Dominators(of: image).retainedBytes(by: $0) }
  }

  /// The same for all objects of a type together, by its full name; nil when there is none.
  public func retained(byClass typeName: String) -> Int? { Dominators(of: image).retainedBytes(byClass: typeName) }

  /// What grows in every image of a series, by its path from the roots: with no notion of a leak, so that caches and
  /// queues are found.
  ///
  ///     var images: [HeapGraph] = []
  ///     for _ in 0..<3 {
  ///       try server.handle(request)
  ///       images.append(try HeapGraph.capture())
  ///     }
  ///     for place in HeapGraph.growth(over: images) { print(place.path) }
  public static func growth(over images: [HeapGraph]) -> [GrowthRecord] {
    HeapImage.growth(over: images.map(\.image))
  }

  private func number(of object: AnyObject) -> Int? {
    image.object(at: UInt64(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())))
  }
}
