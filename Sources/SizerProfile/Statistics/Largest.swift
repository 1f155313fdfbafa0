// SPDX-License-Identifier: Apache-2.0

/// The objects with the largest keys of all that were offered; of equal ones the first.
package struct Largest {
  private let count: Int
  private var held: [(key: Int, object: UInt32)] = []
  private var threshold = Int.min

  package init(count: Int) { self.count = count }

  package mutating func offer(_ object: UInt32, key: Int) {
    guard count > 0, key > threshold else { return }
    held.append((key, object))
    if held.count >= 2 * count + 16 { cut() }
  }

  /// Those that are held, the largest first.
  package var objects: [UInt32] {
    var copy = self
    copy.cut()
    return copy.held.map(\.object)
  }

  private mutating func cut() {
    held.sort { ($0.key, $1.object) > ($1.key, $0.object) }
    held.removeLast(max(0, held.count - count))
    if held.count == count { threshold = held.last?.key ?? .min }
  }
}
