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

  /// For people: the parts that were measured.
  var description: String {
    let serversText = servers.isEmpty ? nil : servers.text
    return [eventsText, memoryText, snapshotsText, serversText, peersText].compactMap { $0 }.joined(separator: "\n\n")
  }

  private var eventsText: String? {
    events.isEmpty
      ? nil
      : """
      An object of two words made and freed, ns of processor time (allocator: \(allocator))

      \(events.table)

      pair        the median round; floor is the same loop in a process without Sizer
      over floor  the median difference from the floor, rounds taken in turns
      threads     of several, the average
      """
  }

  private var memoryText: String? {
    memory.isEmpty
      ? nil
      : """
      Memory, bytes for each object

      \(memory.table)

      own         as Sizer's own account says
      resident    as the kernel says
      """
  }

  private var snapshotsText: String? {
    snapshots.isEmpty
      ? nil
      : """
      Snapshots of objects with two fields, ns of processor time for each living object

      \(snapshots.table)
      """
  }

  private var peersText: String? {
    peers.isEmpty
      ? nil
      : """
      Peers, ns of processor time, and how many times the same loop takes without them

      \(peers.table)
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
