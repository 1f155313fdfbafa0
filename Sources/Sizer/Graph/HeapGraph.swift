// SPDX-License-Identifier: Apache-2.0
import Glibc
public import SizerGraph

/// An image of everything that lives: all Swift objects of the process, what refers to what, and who holds whom. No
/// class needs to be tracked.
///
/// A value: it can be kept and compared with later ones. What is asked of it reads the image, never the process.
/// Memory: some 60 bytes for each object with two references, outside of the heap's account only while it is taken.
public struct HeapGraph: Sendable {
  /// The image itself: objects by number, types, references.
  public let image: HeapImage

  init(_ image: HeapImage) {
    var image = image
    image.renameTypes(stableName)
    self.image = image
  }

  /// Captures the heap graph of this process.
  ///
  /// Frozen, a child process reads an image of one instant while the program goes on; the calling thread waits. In
  /// place only a process with one thread can be read: every object is, and others could free it meanwhile. Automatic:
  /// frozen, and in place when the system refuses a child or memory for it and there is no other thread.
  /// Time: some 100 to 200 ns for each object. Threads take turns with all other sizing.
  /// - Throws: `invalidArgument` for ``SnapshotMode/counts``, and in place when there are other threads;
  ///   `unsupportedRuntime` without a census
  ///   (``HeapSizer/capabilities``), `systemRefused` or `outOfMemory` when there is no child in frozen mode.
  public static func capture(mode: SnapshotMode = .automatic) throws(SizerError) -> HeapGraph {
    let operation = "HeapGraph.capture(mode:)"
    switch mode {
    case .counts:
      throw SizerError(
        .invalidArgument, operation, "a graph is more than counts", advice: "use automatic, frozen or inPlace")
    case .inPlace: return HeapGraph(try Engine.heapImageInPlace(operation: operation))
    case .automatic, .frozen:
      switch try Engine.frozenHeapImage(operation: operation) {
      case .taken(let image): return HeapGraph(image)
      case .refused(let error):
        guard mode == .automatic, Engine.hasOneThread else { throw error }
        return HeapGraph(try Engine.heapImageInPlace(operation: operation))
      }
    }
  }

  /// Takes two frozen images, between which each thread of the process has gone on, and tells what both of them show
  /// closed: objects that hold one another and that nothing outside holds or sees (``LeakGroup/Grade/proved``), and
  /// after them what is closed but visible, or suspected.
  ///
  /// - Parameter patience: For how long to wait for threads that neither sleep nor run; when it is over nothing is
  ///   proved, and what would have been is suspected. The calling thread sleeps meanwhile.
  /// - Throws: as ``capture(mode:)`` in frozen mode.
  public static func proveLeaks(patience: Duration = .seconds(10)) throws(SizerError) -> [LeakGroup] {
    let first = try capture(mode: .frozen)
    let then = ThreadStates.now()
    let end = ContinuousClock.now + patience
    var haveGoneOn = false
    repeat {
      usleep(2_000)
      haveGoneOn = ThreadStates.now().haveGoneOn(since: then)
    } while !haveGoneOn && ContinuousClock.now < end
    let second = try capture(mode: .frozen)
    return second.image.leaks(confirming: first.image, afterProgress: haveGoneOn)
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

  /// How many objects live.
  public var objectCount: Int { image.objectCount }

  /// What nothing outside holds, visible or suspected; only ``proveLeaks(patience:)`` proves. Complexity: O(objects +
  /// references).
  public var leaks: [LeakGroup] { image.leaks() }

  /// What could be smaller, by type and holder, the largest first. Complexity: O(objects + references).
  public var waste: [WasteRecord] { image.waste() }

  /// A shortest way from a root to an object, by names; nil when the object is not in the image.
  /// Complexity: O(objects + references).
  public func path(to object: AnyObject) -> HeapPath? {
    number(of: object).map { PathFinder(of: image).path(to: $0) }
  }

  /// The same for the first object of a type, by its full name; nil when there is none.
  public func path(toFirst typeName: String) -> HeapPath? { PathFinder(of: image).path(toFirst: typeName) }

  /// Bytes that would be freed if nothing held the object any more: its own and those of all that only it keeps alive.
  /// nil when the object is not in the image. Complexity: O(objects + references); for many objects make
  /// ``Dominators`` of the image once.
  public func retainedBytes(by object: AnyObject) -> Int? {
    number(of: object).map { Dominators(of: image).retainedBytes(by: $0) }
  }

  /// The same for all objects of a type together, by its full name; nil when there is none.
  public func retained(byClass typeName: String) -> Int? { Dominators(of: image).retainedBytes(byClass: typeName) }

  /// What grows in every image of a series, by its path from the roots: with no notion of a leak, so that caches and
  /// queues are found.
  public static func growth(over images: [HeapGraph]) -> [GrowthRecord] {
    HeapImage.growth(over: images.map(\.image))
  }

  private func number(of object: AnyObject) -> Int? {
    image.object(at: UInt64(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())))
  }
}
