// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  /// The snapshots without their classes.
  mutating func snapshots() throws(ProfileError) -> [Snapshot] {
    let count = try count("snapshots")
    var snapshots: [Snapshot] = []
    snapshots.reserveCapacity(count)
    var budget = budget
    try forEach("snapshots", SnapshotColumns.list(in: version), count: count) { (row, id) throws(ProfileError) in
      guard let mode = SnapshotMode(rawValue: try budget.text(row, 2)) else {
        throw origin.corrupted("snapshot \(id) was taken in a way that is unknown")
      }
      var snapshot = Snapshot(
        label: try budget.text(row, 1), timestamp: .nanoseconds(try time(row, 4)), mode: mode,
        pause: .nanoseconds(try time(row, 5)), error: try budget.optionalText(row, 3))
      for (offset, figure) in SnapshotFigure.all.enumerated() {
        snapshot[keyPath: figure.path] = try self.figure(row, SnapshotColumns.figures + Int32(offset))
      }
      for (offset, figure) in OptionalFigure.all.enumerated() {
        let column = SnapshotColumns.optional + Int32(offset)
        snapshot[keyPath: figure.path] = row.isNull(column) ? nil : try self.figure(row, column)
      }
      snapshot.ladder = try ladder(row)
      snapshots.append(snapshot)
    }
    self.budget = budget
    return snapshots
  }

  private borrowing func ladder(_ row: borrowing Statement) throws(ProfileError) -> MemoryLadder? {
    guard !row.isNull(SnapshotColumns.ladder) else { return nil }
    var ladder = MemoryLadder()
    for (offset, figure) in LadderFigure.all.enumerated() {
      figure.set(&ladder, try row.optionalInteger(SnapshotColumns.ladder + Int32(offset)).map { Int($0) })
    }
    return ladder
  }

  private borrowing func slabs(_ row: borrowing Statement) throws(ProfileError) -> SlabUse? {
    guard !row.isNull(6) else { return nil }
    var slabs = SlabUse()
    for (offset, path) in SlabFigure.all.enumerated() { slabs[keyPath: path] = try figure(row, 6 + Int32(offset)) }
    return slabs
  }

  borrowing func addClasses(to snapshots: inout [Snapshot], _ texts: [String]) throws(ProfileError) {
    let count = try count("classes")
    let columns = "snapshot,name,active,bytes,share," + SlabFigure.columns.joined(separator: ",")
    var table = ClassTable(texts, budget: 64 * (1 << 20) + 64 * rowLimit)
    var last = 0
    try forEach("classes", columns, count: count) { (row, id) throws(ProfileError) in
      let snapshot = try index(row, 1, below: snapshots.count)
      let record = ClassRecord(
        active: try figure(row, 3), bytes: try figure(row, 4), share: try row.real(5), slabs: try slabs(row))
      guard snapshot >= last else { throw origin.corrupted("classes is out of order at row \(id)") }
      if snapshot > last { snapshots[last].classes = try table.finish(last, origin) }
      last = snapshot
      table.add(record, name: try index(row, 2, below: texts.count))
    }
    if count > 0 { snapshots[last].classes = try table.finish(last, origin) }
  }
}

extension ProfileReader {
  /// What lived by class; nothing in files that were written without.
  borrowing func addHeap(to snapshots: inout [Snapshot], _ texts: [String]) throws(ProfileError) {
    guard version >= 3 else { return }
    let count = try count("living_classes")
    let columns = "snapshot,name," + LivingClassFigure.columns.joined(separator: ",")
    var last = 0
    try forEach("living_classes", columns, count: count) { (row, id) throws(ProfileError) in
      let snapshot = try index(row, 1, below: snapshots.count)
      guard snapshot >= last else { throw origin.corrupted("living_classes is out of order at row \(id)") }
      last = snapshot
      var record = TypeRecord(
        typeName: texts[try index(row, 2, below: texts.count)], count: 0, bytes: 0, requestedBytes: 0,
        unusedCapacityBytes: 0)
      for (offset, path) in LivingClassFigure.all.enumerated() {
        record[keyPath: path] = try figure(row, 3 + Int32(offset))
      }
      if snapshots[snapshot].heap == nil { snapshots[snapshot].heap = [] }
      snapshots[snapshot].heap?.append(record)
    }
  }
}

/// Makes a snapshot's dictionary of classes. One snapshot after the other has the same classes, and the same dictionary
/// with other records in it: names are hashed when there is a new one, not once for each snapshot.
private struct ClassTable {
  private typealias Classes = [String: ClassRecord]

  private let texts: [String]
  /// The bytes of names that may be hashed: a small file may have many rows that share a long name.
  private var budget: Int64
  private var costs: [Int: Int64] = [:]
  /// The names of the rows that came, and the rows.
  private var names: [Int] = []
  private var records: [ClassRecord] = []
  /// The dictionary that was made last, its names in the order of their rows, and where each is in it.
  private var last: Classes = [:]
  private var lastNames: [Int] = []
  private var slots: [Classes.Index] = []

  init(_ texts: [String], budget: Int64) {
    self.texts = texts
    self.budget = budget
  }

  mutating func add(_ record: ClassRecord, name: Int) {
    names.append(name)
    records.append(record)
  }

  /// The snapshot's classes; those of the next one follow.
  mutating func finish(_ snapshot: Int, _ origin: Origin) throws(ProfileError) -> [String: ClassRecord] {
    if names != lastNames { try remake(snapshot, origin) }
    for (slot, record) in zip(slots, records) { last.values[slot] = record }
    names.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
    return last
  }

  private mutating func remake(_ snapshot: Int, _ origin: Origin) throws(ProfileError) {
    last = Classes(minimumCapacity: names.count)
    for (place, name) in names.enumerated() {
      budget -= cost(of: name)
      guard budget >= 0 else {
        throw origin.corrupted("its classes have longer names than a file of its length explains")
      }
      // Its place, until it is known where it is.
      guard last.updateValue(ClassRecord(active: place, bytes: 0, share: 0), forKey: texts[name]) == nil else {
        throw origin.corrupted("snapshot \(snapshot) has a class twice")
      }
    }
    slots = [Classes.Index](repeating: last.startIndex, count: names.count)
    for slot in last.indices { slots[last.values[slot].active] = slot }
    lastNames = names
  }

  /// Short names cost no more than their row does. Swift brings what is not ASCII into a form of its own before it
  /// hashes it.
  private mutating func cost(of name: Int) -> Int64 {
    let count = texts[name].utf8.count
    guard count > 256 else { return 0 }
    if let known = costs[name] { return known }
    let cost = Int64(count) * (texts[name].utf8.allSatisfy { $0 < 0x80 } ? 1 : 16)
    costs[name] = cost
    return cost
  }
}
