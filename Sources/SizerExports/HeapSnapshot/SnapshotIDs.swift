// SPDX-License-Identifier: Apache-2.0

import SizerGraph

/// Numbers by which the reader knows an object again in another snapshot of the same process: made of its address, odd
/// and below 2^32 as V8's are.
///
/// 30 bits of an address's hash; with a bit more, the place of an object in the order in which a profile saw objects be
/// born, for the reader's timeline goes by these numbers. Where two objects have the same hash, the one at the higher
/// address gets the next that is free; of a million objects some hundreds, which may have another number in the next
/// snapshot.
struct SnapshotIDs {
  private static let mask: UInt32 = 0x3FFF_FFFF
  /// How many places there are.
  static let mostPlaces = 1 << 30
  /// Below are the groups'.
  private static let first: UInt32 = 1 << 16

  private var hashes: [UInt32] = []
  private var blockHashes: [UInt32] = []

  static func ofGroup(_ number: Int) -> Int { 2 * min(number, Int(first) - 1) + 1 }

  func ofObject(_ object: Int) -> Int { 2 * Int(hashes[object]) + 1 }

  func ofBlock(_ block: Int) -> Int { 2 * Int(blockHashes[block]) + 1 }

  /// The number of the last object up to a place; with -1, of all that have none.
  static func ofPlace(_ place: Int) -> Int { 2 * (mostPlaces + place) + 1 }

  init(of image: HeapImage, blockCount: Int, _ births: SnapshotBirths) {
    var capacity = 64
    while capacity < 2 * (image.objectCount + blockCount) { capacity *= 2 }
    // 0 is free: no hash is below `first`.
    var taken = [UInt32](repeating: 0, count: capacity)
    func take(_ word: UInt64) -> UInt32 {
      var hash = UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 34) & Self.mask
      while true {
        if hash < Self.first { hash += Self.first }
        var place = Int(hash) & (capacity - 1)
        while taken[place] != 0, taken[place] != hash { place = (place + 1) & (capacity - 1) }
        if taken[place] == 0 {
          taken[place] = hash
          return hash
        }
        hash = (hash + 1) & Self.mask
      }
    }
    hashes = (0..<image.objectCount).map { object in
      births.place(of: object).map { UInt32(Self.mostPlaces + $0) } ?? take(image.address(of: object))
    }
    blockHashes = (0..<blockCount).map { take(~UInt64($0)) }
  }
}
