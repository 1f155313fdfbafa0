// SPDX-License-Identifier: Apache-2.0

import Foundation

/// All figures of `tracking`.
struct TrackingFigures: Encodable, CustomStringConvertible {
  var allocator: String
  var events: [EventFigures] = []
  var memory: [MemoryFigures] = []
  var snapshots: [SnapshotFigures] = []
  var servers: [ServerFigures] = []
  var peers: [PeerFigures] = []

  init(allocator: String) { self.allocator = allocator }

  /// For people.
  var description: String {
    """
    An object of two words made and freed, ns of processor time (allocator: \(allocator))

    \(events.table)

    pair        the median round; floor is the same loop in a process without Sizer
    over floor  the median difference from the floor, rounds taken in turns
    threads     of several, the average

    Memory, bytes for each object

    \(memory.table)

    own         as Sizer's own account says
    resident    as the kernel says

    Snapshots of objects with two fields, ns of processor time for each living object

    \(snapshots.table)
    \(servers.isEmpty ? "" : "\n" + servers.text)
    \(peers.isEmpty ? "" : "\nPeers\n\n\(peers.table)")
    """
  }

  /// For machines.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// Whether a figure is what it is to be: a mark beside the limit.
func mark(_ limit: String, _ isReached: Bool?) -> String {
  isReached.map { "\(limit) \($0 ? "reached" : "MISSED")" } ?? ""
}

extension [Double] {
  /// The middle one; none of none.
  var median: Double { isEmpty ? .nan : sorted()[count / 2] }
}
