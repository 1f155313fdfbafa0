// SPDX-License-Identifier: Apache-2.0

/// For each object of an image: who holds it, as far as the image knows, against what the object itself counts.
///
/// What the strong count has and no certain edge explains is held from outside: by a global, a stack, a task, C.
/// 8 bytes for an object, and some for each that weak or unowned references lead to.
public struct ReferenceAccount: Sendable {
  /// Certain strong references that the image knows, for each object.
  let certainIn: [UInt32]
  /// Uncertain ones.
  let uncertainIn: [UInt32]
  // Weak and unowned ones, of the few objects that have some: the object's number, and 1 above bit 32 for unowned.
  private let otherIn: [UInt64: UInt32]
  private let image: HeapImage

  /// The account of an image. Complexity: O(objects + edges).
  public init(of image: HeapImage) {
    var certain = [UInt32](repeating: 0, count: image.objectCount)
    var uncertain = certain
    var other: [UInt64: UInt32] = [:]
    // Unsafe buffers: millions of edges, whose targets were checked when the image was made.
    certain.withUnsafeMutableBufferPointer { certain in
      uncertain.withUnsafeMutableBufferPointer { uncertain in
        image.edgeTarget.withUnsafeBufferPointer { targets in
          image.edgeCode.withUnsafeBufferPointer { codes in
            for edge in targets.indices {
              let code = EdgeCode(bits: codes[edge])
              guard code.isStrong else {
                other[Self.key(Int(targets[edge]), code.kind), default: 0] += 1
                continue
              }
              if code.isCertain { certain[Int(targets[edge])] += 1 } else { uncertain[Int(targets[edge])] += 1 }
            }
          }
        }
      }
    }
    certainIn = certain
    uncertainIn = uncertain
    otherIn = other
    self.image = image
  }

  /// Certain references to the object that the image knows.
  public func certainCount(of object: Int) -> Int { Int(certainIn[object]) }
  /// Uncertain references to it.
  public func uncertainCount(of object: Int) -> Int { Int(uncertainIn[object]) }

  /// Strong references from outside: the strong count without the certain edges. Negative: a move is under way, the
  /// account proves nothing.
  public func externalCount(of object: Int) -> Int { Int(image.strong[object]) - Int(certainIn[object]) }

  private static func key(_ object: Int, _ kind: HeapEdge.Kind) -> UInt64 {
    UInt64(object) | (kind == .unowned ? 1 << 32 : 0)
  }

  /// Weak references from outside: those that the object counts, without the edges. Complexity: O(log n).
  public func externalWeakCount(of object: Int) -> Int {
    image[object].weakCount - Int(otherIn[Self.key(object, .weak)] ?? 0)
  }

  /// Unowned references from outside: those that the object counts, without the edges. Complexity: O(log n).
  public func externalUnownedCount(of object: Int) -> Int {
    image[object].unownedCount - Int(otherIn[Self.key(object, .unowned)] ?? 0)
  }

  /// Flags of an object that lives whatever its counts say.
  static let rootFlags: HeapImage.Flags = [.immortal, .deiniting, .deadKeptByUnowned, .negativeAccount, .livingTask]

  /// Whether the object lives whatever other objects hold it: something outside does, or its count proves nothing.
  ///
  /// - Parameter countingUncertain: Uncertain edges explain the count as certain ones do.
  @inline(__always)
  package func isRoot(_ object: Int, countingUncertain: Bool) -> Bool {
    let strong = image.strong[object]
    let certain = certainIn[object]
    // A count of 0 is that of an object in the making, or of one that is about to go.
    if strong == 0 || image.flagBits[object] & Self.rootFlags.rawValue != 0 || certain > strong { return true }
    let left = strong - certain
    return countingUncertain ? left > uncertainIn[object] : left > 0
  }

  /// Whether the object lives whatever other objects hold it: something outside does; or it is immortal, being
  /// destroyed, a task that has not ended, or counts less than the image knows, so that it proves nothing.
  public func isRoot(_ object: Int) -> Bool { isRoot(object, countingUncertain: false) }

  /// Why an object lives that nothing known holds.
  func textOfUnknownHolder(of object: Int) -> String {
    let flags = HeapImage.Flags(rawValue: image.flagBits[object])
    if flags.contains(.immortal) { return "never freed" }
    if flags.contains(.deadKeptByUnowned) { return "unowned references" }
    if flags.contains(.deiniting) || image.strong[object] == 0 { return "being made or destroyed" }
    if flags.contains(.negativeAccount) || externalCount(of: object) < 0 { return "a move under way" }
    let count = externalCount(of: object)
    if count == 0 { return "unknown holder" }
    let references = counted(count, "reference")
    return "unknown holder (\(references) that the heap does not explain)"
  }
}
