// SPDX-License-Identifier: Apache-2.0

/// A random choice in which each offered object has the same chance, and which is the same every time: a report of the
/// same profile is the same file.
package struct Sample {
  private let count: Int
  private var offered = 0
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
  package private(set) var objects: [UInt32] = []

  package init(count: Int) { self.count = count }

  package mutating func offer(_ object: UInt32) {
    offered += 1
    if objects.count < count {
      objects.append(object)
    } else if count > 0 {
      let place = Int(next() % UInt64(offered))
      if place < count { objects[place] = object }
    }
  }

  /// SplitMix64: small, and its values have no pattern that a program's order of births could share.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
