// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// A table of a profile as comma-separated values (RFC 4180, with line feeds), described in `Documents/export.md`. The
/// first line names the columns; their order is kept, new ones come behind.
package struct CSVExport {
  /// What there is to export.
  package enum Table: String, Sendable, Hashable, CaseIterable {
    /// A row for each snapshot and class.
    case classes
    /// A row for each snapshot.
    case snapshots
    /// A row for each object.
    case objects
    /// A row for each object and snapshot that found it.
    case sizes
  }

  private let statistics: Statistics
  private let table: Table
  private let spellsControls: Bool

  /// An export of one table; nothing is computed before it is written.
  ///
  /// - Parameter spellsControls: Whether characters that a terminal obeys are spelled out (`\u{1b}`); if not, texts are
  ///   exact.
  package init(_ statistics: Statistics, table: Table, spellsControls: Bool = false) {
    self.statistics = statistics
    self.table = table
    self.spellsControls = spellsControls
  }

  /// Writes it in pieces; needs little memory besides. Objects come in the current order.
  package func write<Output: TextOutputStream>(to output: inout Output) {
    var csv = CSVWriter(spellsControls: spellsControls)
    switch table {
    case .classes: writeClasses(&csv, to: &output)
    case .snapshots: writeSnapshots(&csv, to: &output)
    case .objects: writeObjects(&csv, to: &output)
    case .sizes: writeSizes(&csv, to: &output)
    }
    csv.flush(to: &output, always: true)
  }

  private func writeClasses<Output: TextOutputStream>(_ csv: inout CSVWriter, to output: inout Output) {
    csv.row([
      "snapshot", "label", "time", "class", "active", "bytes", "average", "share", "slab_objects", "slab_object_bytes",
      "slab_count", "slab_bytes", "slab_taken_bytes", "slab_unresolved", "slab_fill",
    ])
    for (index, snapshot) in statistics.snapshots.enumerated() {
      for (name, record) in snapshot.classesByName {
        csv.integer(index)
        csv.text(snapshot.label)
        csv.seconds(snapshot.timestamp)
        csv.text(name)
        for figure in [record.active, record.bytes, record.average] { csv.integer(figure) }
        csv.real(record.share)
        let slabs = record.slabs
        for figure in [
          slabs?.objectCount, slabs?.objectBytes, slabs?.slabCount, slabs?.slabBytes, slabs?.takenBytes,
          slabs?.unresolvedCount,
        ] { csv.integer(figure) }
        csv.real(slabs?.fill)
        csv.endRow()
        csv.flush(to: &output)
      }
    }
  }

  private func writeSnapshots<Output: TextOutputStream>(_ csv: inout CSVWriter, to output: inout Output) {
    csv.row([
      "snapshot", "label", "time", "mode", "pause", "error", "tracked_bytes", "overhead_bytes", "skipped_count",
      "unresolved_count", "virtual", "resident", "data", "stack", "code", "shared", "minor_faults", "major_faults",
      "estimated_bytes", "peak_resident", "cgroup_current", "cgroup_limit", "cgroup_peak",
    ])
    for (index, snapshot) in statistics.snapshots.enumerated() {
      csv.integer(index)
      csv.text(snapshot.label)
      csv.seconds(snapshot.timestamp)
      csv.text(snapshot.mode.rawValue)
      csv.seconds(snapshot.pause)
      csv.text(snapshot.error ?? "")
      let process = snapshot.process
      for figure in [
        snapshot.trackedBytes, snapshot.overheadBytes, snapshot.skippedCount, snapshot.unresolvedCount,
        process.virtual, process.resident, process.data, process.stack, process.code, process.shared,
        process.minorFaults, process.majorFaults, snapshot.estimatedBytes,
        process.peakResident, process.cgroupCurrent, process.cgroupLimit, process.cgroupPeak,
      ] { csv.integer(figure) }
      csv.endRow()
      csv.flush(to: &output)
    }
  }

  private func writeObjects<Output: TextOutputStream>(_ csv: inout CSVWriter, to output: inout Output) {
    csv.row([
      "object", "name", "class", "representation", "address", "birth", "death", "left", "largest_bytes", "last_bytes",
      "function", "file", "line", "image", "image_offset", "build_id",
    ])
    for position in 0..<statistics.objectCount {
      let row = statistics.row(at: position)
      let entry = statistics.history.objects[row]
      let object = statistics.trackedObject(row: row)
      csv.integer(row)
      for text in [object.name, object.className, object.representation] { csv.text(text) }
      csv.text(object.address == 0 ? "" : "0x" + String(object.address, radix: 16))
      csv.seconds(object.birth)
      csv.seconds(object.death)
      csv.seconds(entry.isDead || entry.end == .max ? nil : .nanoseconds(entry.end))
      csv.integer(object.records.map(\.bytes).max())
      csv.integer(object.records.last?.bytes)
      let call = object.trace?.frames.first
      csv.text(call?.function ?? "")
      csv.text(call?.file ?? "")
      csv.integer(call.flatMap { $0.line > 0 ? $0.line : nil })
      csv.text(call?.image ?? "")
      // Without an image there is nothing that it counts from.
      csv.text(call.flatMap { $0.image == nil ? nil : "0x" + String($0.imageOffset, radix: 16) } ?? "")
      csv.text(call?.buildID ?? "")
      csv.endRow()
      csv.flush(to: &output)
    }
  }

  private func writeSizes<Output: TextOutputStream>(_ csv: inout CSVWriter, to output: inout Output) {
    csv.row(["object", "name", "snapshot", "time", "bytes"])
    for position in 0..<statistics.objectCount {
      let row = statistics.row(at: position)
      let object = statistics.trackedObject(row: row)
      for (snapshot, record) in zip(statistics.recordedSnapshots(row: row), object.records) {
        csv.integer(row)
        csv.text(object.name)
        csv.integer(snapshot)
        csv.seconds(record.timestamp)
        csv.integer(record.bytes)
        csv.endRow()
      }
      csv.flush(to: &output)
    }
  }
}
