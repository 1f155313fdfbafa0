// SPDX-License-Identifier: Apache-2.0

/// Writes the table of ``Statistics/printSummary(to:)`` line by line: 79 columns, a block for each snapshot.
struct SummaryText {
  private let snapshots: [Snapshot]
  /// Numbers for the names of all classes of all snapshots; a name may be long and in each of them.
  private let names = TextNumbers()
  /// By name in order: the name as the table shows it, the same in all blocks.
  private let shownNames: [FittedText]
  /// For each number of a name, its place in that order.
  private let ranks: [Int]

  init(_ snapshots: [Snapshot]) {
    self.snapshots = snapshots
    for snapshot in snapshots { for name in snapshot.classes.keys { _ = names.number(of: name) } }
    ranks = names.ranks()
    var sorted = names.texts
    for (text, rank) in zip(names.texts, ranks) { sorted[rank] = text }
    shownNames = distinctTexts(of: sorted, in: 33)
  }

  func write<Output: TextOutputStream>(to output: inout Output) {
    let dashes = String(repeating: "-", count: 79)
    output.write(textLine("---- SUMMARY ", String(dashes.dropFirst(13))))
    // Ranks of the classes that were there up to now, in order.
    var known: [Int] = []
    var isKnown = [Bool](repeating: false, count: ranks.count)
    for snapshot in snapshots {
      // A class stays in the table once it is there, so that blocks can be compared line by line.
      let count = known.count
      var records: [Int: ClassRecord] = [:]
      for (name, record) in snapshot.classes {
        let rank = ranks[names.number(of: name)]
        records[rank] = record
        if !isKnown[rank] { known.append(rank) }
        isKnown[rank] = true
      }
      if known.count > count { known.sort() }
      output.write(head(of: snapshot))
      for rank in known {
        // A snapshot that failed knows nothing of the others, and zeros would say that it does.
        guard let record = records[rank] ?? (snapshot.error == nil ? ClassRecord() : nil) else { continue }
        output.write(row(shownNames[rank], record, of: snapshot))
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

  private func row(_ name: FittedText, _ record: ClassRecord, of snapshot: Snapshot) -> String {
    textLine(
      "  ", name.leading(in: 33), " ", padded(left: String(record.active), to: 11), " ",
      padded(left: sizeText(record.bytes), to: 12), " ", padded(left: sizeText(record.average), to: 12), " ",
      padded(left: String(percent(record.bytes, of: snapshot.trackedBytes)), to: 4), "%")
  }

  /// What the reader must know of figures that are not exact; none when all are.
  private var notes: [String] {
    var notes: [String] = []
    let counted = snapshots.filter { $0.mode == .counts }
    if let first = counted.first {
      let share = "\(counted.count) of \(snapshots.count) snapshots"
      notes.append("counts: \(share) have counts and own bytes only, the first for")
      notes.append("  \(first.error ?? "it was asked for")")
    }
    let errors = snapshots.filter { $0.mode != .counts }.compactMap(\.error)
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
