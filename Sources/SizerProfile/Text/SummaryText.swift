// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// Writes the table of ``Statistics/printSummary(folded:to:)`` line by line: 79 columns, a block for each snapshot that
/// is shown.
struct SummaryText {
  private let snapshots: [Snapshot]
  /// Numbers for the names of all classes of all snapshots; a name may be long and in each of them.
  private let names = TextNumbers()
  /// By name in order: the name as the table shows it, the same in all blocks.
  private let shownNames: [FittedText]
  /// For each number of a name, its place in that order.
  private let ranks: [Int]
  /// Which snapshots have a block.
  private let parts: [Folding.Part]
  /// The ranks of classes that have a row of their own; nil for all.
  private var rowed: Set<Int>?

  /// Classes with rows of their own in a folded table.
  private static let mostRows = 20

  init(_ snapshots: [Snapshot], isFolded: Bool) {
    self.snapshots = snapshots
    parts =
      isFolded
      ? Folding(ends: 1, largest: 1).parts(of: snapshots.count) { snapshots[$0].trackedBytes }
      : snapshots.indices.map(Folding.Part.shown)
    for snapshot in snapshots { for name in snapshot.classes.keys { _ = names.number(of: name) } }
    ranks = names.ranks()
    var sorted = names.texts
    for (text, rank) in zip(names.texts, ranks) { sorted[rank] = text }
    shownNames = distinctTexts(of: sorted, in: 33)
    if isFolded, ranks.count > Self.mostRows + 1 { rowed = largestClasses() }
  }

  /// The ranks of the classes that have most bytes in one of the snapshots that are shown.
  private func largestClasses() -> Set<Int> {
    var most = [Int](repeating: 0, count: ranks.count)
    for case .shown(let place) in parts {
      for (name, record) in snapshots[place].classes {
        let rank = ranks[names.number(of: name)]
        most[rank] = max(most[rank], record.bytes)
      }
    }
    var largest = Largest(count: Self.mostRows)
    for (rank, bytes) in most.enumerated() { largest.offer(UInt32(rank), key: bytes) }
    return Set(largest.objects.map { Int($0) })
  }

  func write<Output: TextOutputStream>(to output: inout Output) {
    let dashes = String(repeating: "-", count: 79)
    output.write(textLine("---- SUMMARY ", String(dashes.dropFirst(13))))
    // Ranks of the classes that were there up to now, in order.
    var known: [Int] = []
    var isKnown = [Bool](repeating: false, count: ranks.count)
    for part in parts {
      guard case .shown(let place) = part else {
        if case .left(let count) = part { output.write(leftLine(count, "snapshot", indent: 0)) }
        continue
      }
      // A class stays in the table once it is there, so that blocks can be compared line by line.
      let count = known.count
      var records: [Int: ClassRecord] = [:]
      for (name, record) in snapshots[place].classes {
        let rank = ranks[names.number(of: name)]
        records[rank] = record
        if !isKnown[rank] { known.append(rank) }
        isKnown[rank] = true
      }
      if known.count > count { known.sort() }
      output.write(head(of: snapshots[place]))
      writeRows(known, records, of: snapshots[place], to: &output)
      for line in untracked(snapshots[place]) { output.write(line) }
    }
    for note in notes { output.write(textLine(FittedText(note, in: 79).text)) }
    output.write("pct: share of the tracked bytes of that snapshot\n")
    output.write(textLine(dashes))
  }

  private func writeRows<Output: TextOutputStream>(
    _ known: [Int], _ records: [Int: ClassRecord], of snapshot: Snapshot, to output: inout Output
  ) {
    var smaller = ClassRecord()
    var smallerCount = 0
    for rank in known {
      // A snapshot that failed knows nothing of the others, and zeros would say that it does.
      guard let record = records[rank] ?? (snapshot.error == nil ? ClassRecord() : nil) else { continue }
      if rowed?.contains(rank) ?? true {
        output.write(row(shownNames[rank], record, of: snapshot))
      } else {
        smallerCount += 1
        smaller.active = saturatingSum(smaller.active, record.active)
        smaller.bytes = saturatingSum(smaller.bytes, record.bytes)
      }
    }
    guard smallerCount > 0 else { return }
    output.write(row(FittedText("(\(smallerCount) smaller)", in: 33), smaller, of: snapshot))
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

  /// What nothing tracked reaches, where the snapshot knows: the sum and its first ten classes. Its share is of nothing
  /// that is tracked.
  private func untracked(_ snapshot: Snapshot) -> [String] {
    guard let classes = snapshot.untrackedClasses, let bytes = snapshot.untrackedBytes else { return [] }
    func line(_ indent: String, _ name: String, _ count: Int, _ bytes: Int) -> String {
      textLine(
        indent, FittedText(name, in: 35 - indent.utf8.count).leading(in: 35 - indent.utf8.count), " ",
        padded(left: String(count), to: 11), " ", padded(left: sizeText(bytes), to: 12), " ",
        padded(left: sizeText(count == 0 ? 0 : bytes / count), to: 12))
    }
    let count = classes.reduce(0) { $0 &+ $1.untrackedCount }
    return [line("  ", "(nothing tracked reaches)", count, bytes)]
      + classes.prefix(10).map { line("    ", $0.typeName, $0.untrackedCount, $0.untrackedBytes) }
  }

  /// The moment at which the control group's memory was most, where half of its limit or more was this process's.
  private var nearLimit: String? {
    let near = snapshots.map(\.process).filter { process in
      guard let limit = process.cgroupLimit, process.cgroupCurrent != nil else { return false }
      return process.resident >= limit / 2
    }
    guard let most = near.max(by: { ($0.cgroupCurrent ?? 0) < ($1.cgroupCurrent ?? 0) }),
      let current = most.cgroupCurrent, let limit = most.cgroupLimit
    else { return nil }
    func text(_ bytes: Int) -> String { sizeText(bytes).split(separator: " ").joined(separator: " ") }
    return "limit: \(text(current)) of the cgroup's \(text(limit)), of which \(text(most.resident)) resident here"
  }

  /// What the reader must know of the process's limit, and of figures that are not exact.
  private var notes: [String] {
    var notes: [String] = []
    let small = snapshots.filter { $0.mode == .counts }
    if let first = small.first {
      let share = "\(small.count) of \(counted(snapshots.count, "snapshot"))"
      notes.append("counts: \(share) have counts and own bytes only, the first for")
      notes.append("  \(first.error ?? "it was asked for")")
    }
    let errors = snapshots.filter { $0.mode != .counts }.compactMap(\.error)
    if let first = errors.first {
      notes.append("failed: \(errors.count) of \(counted(snapshots.count, "snapshot")), the first with: \(first)")
    }
    for (figure, name, meaning) in [
      (\Snapshot.skippedCount, "skipped", "not sized anew"),
      (\Snapshot.unresolvedCount, "unresolved", "not followed"),
    ] {
      let inexact = snapshots.count { $0[keyPath: figure] > 0 }
      guard inexact > 0, let most = snapshots.map({ $0[keyPath: figure] }).max() else { continue }
      notes.append(
        "\(name): at most \(counted(most, "object")) in \(inexact) of "
          + "\(counted(snapshots.count, "snapshot")), \(meaning)"
      )
    }
    if let limit = nearLimit { notes.append(limit) }
    if let most = snapshots.map(\.estimatedBytes).max(), most > 0 {
      let inexact = snapshots.count { $0.estimatedBytes > 0 }
      let size = sizeText(most).split(separator: " ").joined(separator: " ")
      notes.append(
        "estimated: at most \(size) of the tracked bytes in \(inexact) of \(counted(snapshots.count, "snapshot"))")
    }
    return notes
  }
}
