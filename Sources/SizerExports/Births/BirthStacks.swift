// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// What a profile tracked until a snapshot, by the stacks that objects were born with and by their classes.
package struct BirthStacks {
  package struct Row {
    package var trace: StackTrace
    package var className: String
    /// Those that lived and were sized.
    package var living = (count: 0, bytes: 0)
    /// All that were born by then. Bytes are each one's last known ones: none of what no snapshot saw.
    package var born = (count: 0, bytes: 0)

    package init(_ trace: StackTrace, className: String, living: (count: Int, bytes: Int) = (0, 0)) {
      self.trace = trace
      self.className = className
      self.living = living
    }
  }

  private struct Key: Hashable {
    var trace: UInt32
    var className: UInt32
  }

  /// Those that have most first.
  let rows: [Row]
  /// Whether an object died by then: where none did, all that were born are those that live.
  let hasDeaths: Bool
  /// Whether an object has a stack.
  package let hasStacks: Bool
  /// The snapshot's.
  package let number: Int
  /// Nanoseconds since 1970; 0 when the profile does not tell.
  let time: UInt64
  let provenance: Provenance
  /// The program's path: what is in it comes first.
  private let program: String

  /// - Parameter snapshot: The number of one of the profile's snapshots. Complexity: O(objects).
  package init(_ statistics: Statistics, snapshot: Int) {
    let history = statistics.history
    let moment = history.snapshots[snapshot].timestamp
    let unknown = StackTrace(frames: [StackTrace.Frame(address: 1, function: "(no stack recorded)")])
    var rows: [Key: Row] = [:]
    var hasDeaths = false
    for (number, object) in history.objects.enumerated() where .nanoseconds(object.birth) <= moment {
      let isGone = .nanoseconds(object.end) <= moment
      hasDeaths = hasDeaths || isGone && object.isDead
      // Sizes are recorded when they change.
      let size = statistics.trackedObject(row: number).records.last { $0.timestamp <= moment }?.bytes
      let isKnown = object.trace != History.ObjectRow.none
      rows[
        Key(trace: object.trace, className: object.className),
        default: Row(
          isKnown ? history.traces[Int(object.trace)] : unknown, className: history.names[Int(object.className)])
      ].add(size, isGone: isGone)
    }
    number = snapshot
    self.hasDeaths = hasDeaths
    hasStacks = rows.keys.contains { $0.trace != History.ObjectRow.none }
    self.rows = rows.sorted {
      ($1.value.living.bytes, $1.value.born.bytes, $0.value.className, $0.key.trace)
        < ($0.value.living.bytes, $0.value.born.bytes, $1.value.className, $1.key.trace)
    }.map(\.value)
    provenance = Provenance(statistics.tags)
    program = ""
    let started = statistics.tags["process.start_unix_nano"].flatMap { UInt64($0) } ?? 0
    let (seconds, attoseconds) = moment.components
    time =
      started == 0
      ? 0 : started &+ UInt64(max(seconds, 0)) &* 1_000_000_000 &+ UInt64(max(attoseconds, 0) / 1_000_000_000)
  }

  /// What lives at a moment, by the stacks that it was born with.
  ///
  /// - Parameters:
  ///   - rows: Those that have most first.
  ///   - time: Nanoseconds since 1970.
  package init(living rows: [Row], program: String, time: UInt64, _ provenance: Provenance) {
    self.rows = rows
    self.program = program
    self.time = time
    self.provenance = provenance
    hasDeaths = false
    hasStacks = !rows.isEmpty
    number = 0
  }

  /// The profile for pprof: objects and bytes, with the class as a label. Objects without a stack have one of their
  /// own.
  package func pprof() -> [UInt8] {
    var encoder = PprofEncoder(program: program, provenance, hasAllocations: hasDeaths)
    for row in rows where hasDeaths || row.living.count > 0 {
      encoder.add(
        row.trace, typeName: row.className, count: row.living.count, bytes: row.living.bytes, allocated: row.born)
    }
    return encoder.finished(time: time)
  }
}

extension BirthStacks.Row {
  fileprivate mutating func add(_ size: Int?, isGone: Bool) {
    born.count += 1
    born.bytes &+= size ?? 0
    guard let size, !isGone else { return }
    living.count += 1
    living.bytes &+= size
  }
}
