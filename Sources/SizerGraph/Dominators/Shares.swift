// SPDX-License-Identifier: Apache-2.0

/// What several holders keep alive together, and each one's part of it.
///
/// A holder is an object or some objects. Together they retain what would be freed if all of them went; of that, what
/// several
/// of them reach is divided evenly among these, and what only one reaches is that one's own.
public struct Shares: Sendable, Hashable {
  /// One holder's part.
  public struct Part: Sendable, Hashable {
    /// Bytes that only this holder reaches, of those that all retain together.
    public var ownBytes: Int
    /// Its even part of what several reach. Odd bytes go to the first ones, so that the parts add up.
    public var sharedBytes: Int
    /// Both.
    public var bytes: Int { ownBytes &+ sharedBytes }
  }

  /// A part for each holder, in their order.
  public private(set) var parts: [Part]
  /// What all retain together: the sum of the parts.
  public private(set) var bytes = 0

  /// The shares of some objects. Complexity: O((objects + edges) * (1 + holders / 64)), nearly.
  public init(of objects: [Int], in image: HeapImage) {
    self.init(of: objects.map { [$0] }, in: image, account: ReferenceAccount(of: image))
  }

  /// - Parameter holders: Those of one holder count as one. No object belongs to two.
  init(of holders: [[Int]], in image: HeapImage, account: ReferenceAccount) {
    parts = holders.map { _ in Part(ownBytes: 0, sharedBytes: 0) }
    // 1: reached without any of the holders, so that nothing changes for it when they go.
    var others = [UInt8](repeating: 0, count: image.objectCount)
    for object in holders.joined() { others[object] = 2 }
    var queue: [UInt32] = []
    for object in 0..<image.objectCount where others[object] == 0 && account.isRoot(object, countingUncertain: true) {
      others[object] = 1
      queue.append(UInt32(object))
    }
    image.follow(from: &queue, &others) { $0.isStrong }
    var count = [UInt32](repeating: 0, count: image.objectCount)
    let rounds = stride(from: 0, to: holders.count, by: 64).map { Array(holders[$0..<min($0 + 64, holders.count)]) }
    for round in rounds {
      for (object, mask) in Self.masks(of: round, in: image, others).enumerated() {
        count[object] += UInt32(mask.nonzeroBitCount)
      }
    }
    let raw = image.rawBytesByOwner()
    var given = [UInt32](repeating: 0, count: image.objectCount)
    for (number, round) in rounds.enumerated() {
      let masks = Self.masks(of: round, in: image, others)
      for object in masks.indices where masks[object] != 0 {
        let bytes = image.bytes(of: object) &+ raw[object, default: 0]
        divide(bytes, among: count[object], masks[object], from: number * 64, &given[object])
      }
    }
    bytes = parts.reduce(0) { $0 &+ $1.bytes }
  }

  private mutating func divide(
    _ bytes: Int, among count: UInt32, _ mask: UInt64, from first: Int, _ given: inout UInt32
  ) {
    var rest = mask
    while rest != 0 {
      let holder = first + rest.trailingZeroBitCount
      rest &= rest - 1
      let even = bytes / Int(count) + (Int(given) < bytes % Int(count) ? 1 : 0)
      given += 1
      if count == 1 { parts[holder].ownBytes &+= even } else { parts[holder].sharedBytes &+= even }
    }
  }

  /// For each object which of at most 64 holders reach it, among what nothing else reaches.
  private static func masks(of holders: [[Int]], in image: HeapImage, _ others: [UInt8]) -> [UInt64] {
    var masks = [UInt64](repeating: 0, count: image.objectCount)
    var isWaiting = [Bool](repeating: false, count: image.objectCount)
    var queue: [Int] = []
    for (number, objects) in holders.enumerated() {
      for object in objects {
        masks[object] |= 1 << UInt64(number)
        isWaiting[object] = true
        queue.append(object)
      }
    }
    // An object waits again when it was reached by more holders: at most 64 times, mostly once or twice.
    var head = 0
    while head < queue.count {
      let object = queue[head]
      head += 1
      isWaiting[object] = false
      for edge in Int(image.edgeStart[object])..<Int(image.edgeStart[object + 1]) {
        let target = Int(image.edgeTarget[edge])
        guard others[target] != 1, EdgeCode(bits: image.edgeCode[edge]).isStrong else { continue }
        let mask = masks[target] | masks[object]
        guard mask != masks[target] else { continue }
        masks[target] = mask
        if !isWaiting[target] {
          isWaiting[target] = true
          queue.append(target)
        }
      }
    }
    return masks
  }
}
