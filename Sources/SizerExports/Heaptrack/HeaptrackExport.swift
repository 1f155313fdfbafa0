// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// Births and deaths of what a profile tracked, in order of time, as heaptrack_print and heaptrack_gui read
/// allocations: the text of `heaptrack_interpret`, version 3, not compressed.
///
/// A line is a letter and numbers in hexadecimal: `s` a text with its length, `i` a call, `t` a trace (its innermost
/// call and the trace of the others), `a` a size and a trace, `+` and `-` one more and one less of such, `c` the
/// milliseconds, `R` resident pages. Numbers of texts, calls and traces begin at 1; 0 is none.
///
/// Allocations there have one size; an object has the last one that is known, and 0 when no snapshot saw it.
package struct HeaptrackExport {
  private enum Event {
    case birth(row: Int), death(row: Int), snapshot(Int)
  }

  private let statistics: Statistics
  private var history: History { statistics.history }

  private let provenance: Provenance

  /// - Parameter provenance: nil: the profile's tags.
  package init(_ statistics: Statistics, _ provenance: Provenance? = nil) {
    self.statistics = statistics
    self.provenance = provenance ?? Provenance(statistics.tags)
  }

  /// Complexity: O(n log n) in objects.
  package func write<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    var tables = HeaptrackTables()
    buffer.add("v 10400 3\nX \(VisibleText.of(provenance.title))")
    for line in provenance.lines { buffer.add(" \(line)") }
    buffer.add("\nI 1000 0\n")
    var milliseconds: Int64 = -1
    for (time, event) in events() {
      if time / 1_000_000 > milliseconds {
        milliseconds = time / 1_000_000
        HeaptrackTables.line("c", Int(milliseconds), to: &buffer)
      }
      switch event {
      case .birth(let row): HeaptrackTables.line("+", allocation(of: row, &tables, &buffer), to: &buffer)
      case .death(let row): HeaptrackTables.line("-", allocation(of: row, &tables, &buffer), to: &buffer)
      case .snapshot(let number):
        HeaptrackTables.line("R", history.snapshots[number].process.resident / 4_096, to: &buffer)
      }
      buffer.flush(to: &output)
    }
    buffer.flush(to: &output, always: true)
  }

  /// By time, in nanoseconds; what was born first dies first where both are at one time.
  private func events() -> [(time: Int64, event: Event)] {
    var events: [(time: Int64, event: Event)] = []
    for (row, object) in history.objects.enumerated() {
      events.append((max(object.birth, 0), .birth(row: row)))
      if object.isDead { events.append((max(object.end, object.birth, 0), .death(row: row))) }
    }
    for (number, snapshot) in history.snapshots.enumerated() {
      let (seconds, attoseconds) = snapshot.timestamp.components
      events.append((max(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000, 0), .snapshot(number)))
    }
    // The order of what has one time is that of its rows: births stand before deaths of the same object.
    let order = events.indices.sorted { (events[$0].time, $0) < (events[$1].time, $1) }
    return order.map { events[$0] }
  }

  private func allocation(of row: Int, _ tables: inout HeaptrackTables, _ buffer: inout ExportBuffer) -> Int {
    let object = history.objects[row]
    let trace = object.trace == History.ObjectRow.none ? nil : Int(object.trace)
    let size = statistics.trackedObject(row: row).records.last?.bytes ?? 0
    return tables.allocation(size, trace, trace.map { history.traces[$0] }, to: &buffer)
  }
}
