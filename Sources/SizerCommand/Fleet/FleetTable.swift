// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

/// A table of many profiles, as comma-separated values.
enum FleetTable: String, ExpressibleByArgument, CaseIterable {
  /// Of each profile the classes that were tracked, or where none were, all that lived.
  case classes
  /// One of the two.
  case tracked, living
  /// Made of images of the heap.
  case leaks, tasks

  private static let processColumns = ["service", "version", "pod", "host", "start", "snapshot", "time"]

  private var findings: FleetFindings? {
    switch self {
    case .leaks: .leaks
    case .tasks: .tasks
    default: nil
    }
  }

  var columns: [String] {
    let own =
      findings.map { $0.texts + $0.figures + ["last"] } ?? ["class", "active", "bytes", "retained", "last", "kind"]
    return Self.processColumns + own + ["file"]
  }

  /// Calls `add` with the bytes of each row of a profile.
  func forEachRow(
    of file: inout FleetFile, _ process: FleetProcess, spellsControls: Bool, _ add: ([UInt8]) throws -> Void
  ) throws {
    if let findings {
      try forEachFinding(findings, of: &file, process, spellsControls, add)
    } else {
      let kind: FleetKind =
        switch self {
        case .tracked: .tracked
        case .living: .living
        default: try file.usualKind()
        }
      try forEachClass(kind, of: &file, process, spellsControls, add)
    }
  }

  private func forEachClass(
    _ kind: FleetKind, of file: inout FleetFile, _ process: FleetProcess, _ spellsControls: Bool,
    _ add: ([UInt8]) throws -> Void
  ) throws {
    // Each text is brought into its form once, not once for each row that has it.
    var cells: [[UInt8]] = []
    var (snapshot, start): (Int, [UInt8]) = (-1, [])
    let end = Array(",\(kind.rawValue),".utf8) + process.file + [UInt8(ascii: "\n")]
    var row: [UInt8] = []
    try file.forEachClass(kind) { file, record in
      while cells.count < file.names.count {
        cells.append(CSVWriter.cell(file.names[cells.count], spellsControls: spellsControls))
      }
      if record.snapshot != snapshot {
        snapshot = record.snapshot
        start = process.start + Self.place(snapshot, record.time)
      }
      row.removeAll(keepingCapacity: true)
      row += start
      row += cells[record.name]
      row.append(UInt8(ascii: ","))
      row.addDigits(record.active)
      row.append(UInt8(ascii: ","))
      row.addDigits(record.bytes)
      row.append(UInt8(ascii: ","))
      if let retained = record.retained { row.addDigits(retained) }
      row += record.isLast ? Self.yes : Self.no
      row += end
      try add(row)
    }
  }

  private func forEachFinding(
    _ findings: FleetFindings, of file: inout FleetFile, _ process: FleetProcess, _ spellsControls: Bool,
    _ add: ([UInt8]) throws -> Void
  ) throws {
    try file.forEachFinding(in: findings) { finding in
      var row = process.start + Self.place(finding.snapshot, finding.time)
      for text in finding.texts {
        row += CSVWriter.cell(text, spellsControls: spellsControls)
        row.append(UInt8(ascii: ","))
      }
      row += finding.figures.map(String.init).joined(separator: ",").utf8
      row += finding.isLast ? Self.yes : Self.no
      row += [UInt8(ascii: ",")] + process.file + [UInt8(ascii: "\n")]
      try add(row)
    }
  }

  private static let yes = Array(",true".utf8)
  private static let no = Array(",false".utf8)

  /// A snapshot's number and its time in seconds, with all nine decimals.
  private static func place(_ snapshot: Int, _ time: Int64) -> [UInt8] {
    let fraction = String(time % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.utf8.count)
    return Array("\(snapshot),\(time / 1_000_000_000).\(zeros)\(fraction),".utf8)
  }
}

/// What all rows of a profile begin and end with.
struct FleetProcess {
  let start: [UInt8]
  let file: [UInt8]

  /// By a profile's tags. What they do not say is told by what they do: another build is another version; a process
  /// without a pod has an instance, or at least a file.
  init(tags: [String: String], path: String, spellsControls: Bool) {
    let build = tags["process.executable.build_id.gnu"].map { String($0.prefix(12)) }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let texts = [
      tags["service.name"] ?? "", tags["service.version"] ?? build ?? "",
      tags["k8s.pod.name"] ?? tags["service.instance.id"] ?? name, tags["host.name"] ?? "",
    ]
    var start: [UInt8] = []
    for text in texts {
      start += CSVWriter.cell(text, spellsControls: spellsControls)
      start.append(UInt8(ascii: ","))
    }
    // Anything but a number would make the whole column texts.
    if let moment = tags["process.start_unix_nano"].flatMap({ Int64($0) }) { start += String(moment).utf8 }
    start.append(UInt8(ascii: ","))
    self.start = start
    file = CSVWriter.cell(path, spellsControls: spellsControls)
  }
}

extension [UInt8] {
  /// A number that is not negative, in decimal.
  fileprivate mutating func addDigits(_ number: Int) {
    let first = count
    var rest = number
    repeat {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    self[first...].reverse()
  }
}
