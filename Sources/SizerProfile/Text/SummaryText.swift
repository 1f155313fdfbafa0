// SPDX-License-Identifier: Apache-2.0

/// Writes the table of ``Statistics/printSummary(to:)`` line by line: 79 columns, a block for each snapshot.
struct SummaryText {
  private let snapshots: [Snapshot]
  /// Every class of every snapshot, as the table shows its name: the same in all blocks.
  private let shownNames: [String: FittedText]

  init(_ snapshots: [Snapshot]) {
    self.snapshots = snapshots
    let names = snapshots.reduce(into: Set<String>()) { $0.formUnion($1.classes.keys) }.sorted()
    shownNames = Dictionary(uniqueKeysWithValues: zip(names, distinctTexts(of: names, in: 33)))
  }

  func write<Output: TextOutputStream>(to output: inout Output) {
    let dashes = String(repeating: "-", count: 79)
    output.write(textLine("---- SUMMARY ", String(dashes.dropFirst(13))))
    var names: [String] = []
    var known: Set<String> = []
    for snapshot in snapshots {
      // A class stays in the table once it is there, so that blocks can be compared line by line.
      let new = snapshot.classes.keys.filter { known.insert($0).inserted }
      if !new.isEmpty { names = (names + new).sorted() }
      output.write(head(of: snapshot))
      for name in names {
        // A snapshot that failed knows nothing of the others, and zeros would say that it does.
        guard let record = snapshot.classes[name] ?? (snapshot.error == nil ? ClassRecord() : nil) else { continue }
        output.write(row(name, record, of: snapshot))
      }
    }
    for note in notes { output.write(textLine(FittedText(note, in: 79).text)) }
    output.write("pct: share of the tracked bytes of that snapshot\n")
    output.write(textLine(dashes))
  }

  private func head(of snapshot: Snapshot) -> String {
    textLine(
      FittedText(snapshot.label, in: 35).leading(in: 35), " ", padded(left: "active", to: 11), " ",
      padded(left: sizeText(snapshot.trackedBytes), to: 12), " ", padded(left: "average", to: 12), " ",
      padded(left: "pct", to: 5))
  }

  private func row(_ name: String, _ record: ClassRecord, of snapshot: Snapshot) -> String {
    textLine(
      "  ", shownNames[name]?.leading(in: 33) ?? "", " ", padded(left: String(record.active), to: 11), " ",
      padded(left: sizeText(record.bytes), to: 12), " ", padded(left: sizeText(record.average), to: 12), " ",
      padded(left: String(percent(record.bytes, of: snapshot.trackedBytes)), to: 4), "%")
  }

  /// What the reader must know of figures that are not exact; none when all are.
  private var notes: [String] {
    var notes: [String] = []
    let errors = snapshots.compactMap(\.error)
    if let first = errors.first {
      notes.append("failed: \(errors.count) of \(snapshots.count) snapshots, the first with: \(first)")
    }
    for (figure, name, meaning) in [
      (\Snapshot.skippedCount, "skipped", "not sized anew"),
      (\Snapshot.unresolvedCount, "unresolved", "not followed"),
    ] {
      let inexact = snapshots.count { $0[keyPath: figure] > 0 }
      guard inexact > 0, let most = snapshots.map({ $0[keyPath: figure] }).max() else { continue }
      notes.append("\(name): at most \(most) objects in \(inexact) of \(snapshots.count) snapshots, \(meaning)")
    }
    if let most = snapshots.map(\.estimatedBytes).max(), most > 0 {
      let inexact = snapshots.count { $0.estimatedBytes > 0 }
      let size = sizeText(most).split(separator: " ").joined(separator: " ")
      notes.append("estimated: at most \(size) of the tracked bytes in \(inexact) of \(snapshots.count) snapshots")
    }
    return notes
  }
}
