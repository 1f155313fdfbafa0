// SPDX-License-Identifier: Apache-2.0
import Sizer

/// Pages by their address, as many as a budget of bytes has room for. The oldest goes first.
///
/// Counting pages says little about bytes. This cache weighs each page once, when it comes.
public struct PageCache {
  /// In bytes, for all that the cache owns.
  public let budget: Int

  private var pages: [String: [UInt8]] = [:]
  private var weights: [(address: String, bytes: Int)] = []
  private var bytes = 0

  /// An empty cache.
  public init(budget: Int) { self.budget = budget }

  /// How many pages there are.
  public var count: Int { pages.count }

  /// The page of an address, if it is there.
  public subscript(address: String) -> [UInt8]? { pages[address] }

  /// Keeps a page, and drops the oldest ones that leave it no room.
  ///
  /// - Throws: when the page can't be sized.
  public mutating func keep(_ page: [UInt8], for address: String) throws {
    drop(address)
    // Exactly what the two own; and their share of the tables, which are never more than half empty.
    let weight = try HeapSizer().size(of: (address, page)).bytes + 4 * Self.entry
    while bytes + weight > budget, let oldest = weights.first { drop(oldest.address) }
    guard bytes + weight <= budget else { return }
    pages[address] = page
    weights.append((address, weight))
    bytes += weight
  }

  /// The bytes of an entry in the dictionary and in the list of weights, without what they refer to.
  private static let entry = MemoryLayout<(String, [UInt8])>.stride + MemoryLayout<(String, Int)>.stride

  private mutating func drop(_ address: String) {
    guard pages.removeValue(forKey: address) != nil,
      let index = weights.firstIndex(where: { $0.address == address })
    else { return }
    bytes -= weights.remove(at: index).bytes
  }
}
