// SPDX-License-Identifier: Apache-2.0

internal import SizerExports
internal import SizerProfile

/// What the page's script reads, as JSON. `Page/data.js` is its reader and says again what each part means.
///
///     title, total {snapshots, objects, classes}, end (µs), moments
///     origin      [name=value]: what tells the process from others
///     ladder      [name]: what the numbers of a snapshot's `ladder` are
///     snapshots   [{number, label, time (µs), tracked, overhead, mode, pause (ns), skipped, unresolved, process,
///                 (its last four -1: not known), sentence, ladder and rungs (name, bytes, …) if there are, error if
///                 there is}]
///     classes     [{name, made, active, bytes, …}]: see `write(class:)`
///     other       {classes, made, active, bytes}: the classes that have no entry, summed
///     living      {at: [position], types [{name, count, bytes}], other {types, count, bytes}}: all that lives, by
///                 type, if any snapshot tells; of those at `at`
///     heap        an image of the heap, if there is one: see `HeapPageData`
///     texts       [text]: what `name`, `file` and the like index
///     calls       [function, file, line, image, …], nodes [parent, call, …]: traces as a tree
///
/// "Steps" are numbers that differ from the one before, each after the position of the snapshot where it starts to
/// hold.
struct PageData {
  private let history: History
  private let index: HistoryIndex
  private let catalogue: Catalogue
  private let limits: PageLimits
  /// Of all texts that are asked for, as far as rows are.
  private let numbers = TextNumbers()
  private var texts: StringTable
  private var calls: CallTree
  private var json = JSONWriter()
  private var pairRoom: Int
  private var distributionRoom: Int
  private var referentRoom: Int
  private var slabRoom: Int

  /// The bytes of the JSON.
  static func of(
    _ history: History, _ catalogue: Catalogue, _ heap: HeapFindings?, title: String, limits: PageLimits
  ) -> [UInt8] {
    var data = PageData(history, catalogue, limits)
    data.write(heap, title: title)
    return data.json.bytes
  }

  private init(_ history: History, _ catalogue: Catalogue, _ limits: PageLimits) {
    self.history = history
    self.catalogue = catalogue
    self.limits = limits
    index = HistoryIndex(history, catalogue)
    texts = StringTable(room: limits.texts, numbers: numbers)
    calls = CallTree(limits: limits)
    pairRoom = limits.pairNumbers
    distributionRoom = limits.distributionNumbers
    referentRoom = limits.referentNumbers
    slabRoom = limits.slabNumbers
    // First, so that names of classes have room whatever else there is.
    for entry in catalogue.classes { _ = texts.intern(entry.name) }
  }

  private mutating func write(_ heap: HeapFindings?, title: String) {
    json.beginObject()
    json.key("title")
    json.string(title)
    json.list("origin", Self.origin(of: history))
    writeTotals()
    writeSnapshots()
    writeClasses()
    writeLiving()
    if let heap { HeapPageData(heap, history, limits).write(&json, &texts, &calls) }
    writeTables()
    json.endObject()
  }

  /// As many tags as a foot has room for, of the hundreds that there may be.
  static func origin(of history: History) -> [String] {
    Provenance(history.tags).lines.prefix(64).map { VisibleText.of($0) }
  }

  private mutating func writeTotals() {
    json.key("total")
    json.beginObject()
    member("snapshots", history.snapshots.count)
    member("objects", history.objects.count)
    member("classes", catalogue.classes.count + catalogue.otherCount)
    json.endObject()
    member("end", microseconds(index.end))
    member("moments", limits.moments)
    json.key("ladder")
    json.beginArray()
    for name in LadderGroups.names { json.string(name) }
    json.endArray()
    json.key("other")
    json.beginObject()
    member("classes", catalogue.otherCount)
    member("made", catalogue.other.made)
    member("active", steps(catalogue.other.active))
    member("bytes", steps(catalogue.other.bytes))
    json.endObject()
  }

  private mutating func writeSnapshots() {
    json.key("snapshots")
    json.beginArray()
    for position in catalogue.snapshots {
      let snapshot = history.snapshots[position]
      json.beginObject()
      member("number", position)  // as in the file, and as `sizer diff` takes it
      json.key("label")
      json.string(snapshot.label)
      member("time", microseconds(nanoseconds(snapshot.timestamp)))
      member("tracked", snapshot.trackedBytes)
      member("overhead", snapshot.overheadBytes)
      json.key("mode")
      json.string(snapshot.mode.rawValue)
      member("pause", Int(nanoseconds(snapshot.pause)))
      member("skipped", snapshot.skippedCount)
      member("unresolved", snapshot.unresolvedCount)
      member("estimated", snapshot.estimatedBytes)
      member("process", snapshot.process)
      if let ladder = snapshot.ladder { write(ladder) }
      json.key("sentence")
      json.string(Sentences.totals(of: snapshot))
      if let error = snapshot.error {
        json.key("error")
        json.string(error)
      }
      json.endObject()
    }
    json.endArray()
  }

  /// The groups that have a colour, and all rungs by name.
  private mutating func write(_ ladder: MemoryLadder) {
    member("ladder", LadderGroups.bytes(of: ladder))
    json.key("rungs")
    json.beginArray()
    for rung in ladder.rungs {
      json.string(rung.name)
      json.integer(rung.bytes)
    }
    json.endArray()
  }

  private mutating func writeClasses() {
    let quotas = quotas(for: catalogue.classes.indices.map { index.objects(ofClass: $0).count }, room: limits.objects)
    json.key("classes")
    json.beginArray()
    for (position, quota) in quotas.enumerated() { write(class: position, quota: quota) }
    json.endArray()
  }

  private mutating func writeLiving() {
    guard let series = HeapSeries(history, catalogue.snapshots, limits: limits) else { return }
    json.key("living")
    json.beginObject()
    member("at", series.positions)
    json.key("types")
    json.beginArray()
    for row in series.rows {
      json.beginObject()
      member("name", texts.intern(row.name))
      member("count", series.steps(row.count))
      member("bytes", series.steps(row.bytes))
      json.endObject()
    }
    json.endArray()
    json.key("other")
    json.beginObject()
    member("types", series.otherCount)
    member("count", series.steps(series.other.count))
    member("bytes", series.steps(series.other.bytes))
    json.endObject()
    json.endObject()
  }

  /// A class: totals; births and ends by moment; `pairs`, `distribution`, `referents` and `slabs` as far as there is
  /// room; traces; and instances.
  private mutating func write(class position: Int, quota: Int) {
    let entry = catalogue.classes[position]
    let objects = index.objects(ofClass: position)
    let peak = entry.bytes.indices.max { entry.bytes[$0] < entry.bytes[$1] }
    let summary = ClassSummary(of: objects, in: index, keeping: quota, peak: peak, limits: limits)
    json.beginObject()
    member("name", texts.intern(entry.name))
    member("made", entry.made)
    member("active", steps(entry.active))
    member("bytes", steps(entry.bytes))
    member("peak", peak ?? -1)
    // Moment, births, ends; the others have none.
    member(
      "events",
      summary.births.indices.flatMap { moment in
        let (births, ends) = (summary.births[moment], summary.ends[moment])
        return births + ends == 0 ? [] : [moment, births, ends]
      })
    writePairs(summary)
    writeDistribution(summary)
    writeReferents(ReferentTally.overTime(of: objects, in: index, limits: limits, texts: numbers))
    write(slabs: entry.slabs)
    write(traces: summary.traces)
    write(instances: summary.kept, areAll: summary.keepsAll)
    json.endObject()
  }

  /// Rows [first, last, objects, …], and of both tables of bytes [row, steps…].
  private mutating func writePairs(_ summary: ClassSummary) {
    let rows = 0..<summary.lives.side
    let tables: [(StaticString, [[Int]])] = [
      ("lives", rows.compactMap { row in Self.labelled(row, summary.lives.sparse(row: row)) }),
      ("bytesByFirst", rows.compactMap { row in Self.labelled(row, summary.bytesByFirst.steps(row: row)) }),
      ("bytesByLast", rows.compactMap { row in Self.labelled(row, summary.bytesByLast.steps(row: row)) }),
    ]
    let cost = tables.reduce(0) { $0 + $1.1.reduce(0) { $0 + $1.count } }
    guard cost <= pairRoom else { return }
    pairRoom -= cost
    json.key("pairs")
    json.beginObject()
    for (name, rows) in tables { member(name, rows) }
    json.endObject()
  }

  private static func labelled(_ row: Int, _ numbers: [Int]) -> [Int]? { numbers.isEmpty ? nil : [row] + numbers }

  /// Rows [snapshot, bucket, objects, …], each holding until the next.
  private mutating func writeDistribution(_ summary: ClassSummary) {
    var rows: [[Int]] = []
    var before: [Int] = []
    for (position, counts) in summary.distribution.enumerated() where counts != before {
      rows.append([position] + counts.indices.flatMap { counts[$0] == 0 ? [] : [$0, counts[$0]] })
      before = counts
    }
    let cost = rows.reduce(0) { $0 + $1.count }
    guard cost <= distributionRoom else { return }
    distributionRoom -= cost
    member("distribution", rows)
  }

  /// Rows [snapshot, depth, name, type, count, bytes, flat bytes, …], each holding until the next.
  private mutating func writeReferents(_ trees: [(position: Int, rows: [ReferentTally.Row])]) {
    let cost = trees.reduce(0) { $0 + 1 + 6 * $1.rows.count }
    guard cost > 0, cost <= referentRoom else { return }
    referentRoom -= cost
    json.key("referents")
    json.beginArray()
    for tree in trees {
      var row = [tree.position]
      for node in tree.rows {
        row += [node.depth, node.name.map { texts.intern($0) } ?? -1, texts.intern(node.typeName)]
        row += [node.count, node.bytes, node.flatBytes]
      }
      json.integers(row)
    }
    json.endArray()
  }

  /// Rows [snapshot, objects, their bytes, slabs, bytes of these, taken of these, objects in none], only of snapshots
  /// that have them.
  private mutating func write(slabs: [(position: Int, use: SlabUse)]) {
    let rows = slabs.map { position, use in
      [position]
        + [
          use.objectCount, use.objectBytes, use.slabCount, use.slabBytes, use.takenBytes, use.unresolvedCount,
        ].map(clamped)
    }
    let cost = rows.reduce(0) { $0 + $1.count }
    guard cost > 0, cost <= slabRoom else { return }
    slabRoom -= cost
    member("slabs", rows)
  }

  /// Rows [node, made, living, bytes at the peak], the heaviest first; node -1 stands for objects without a trace, -2
  /// for traces that have no row.
  private mutating func write(traces: [UInt32: ClassSummary.TraceWeight]) {
    let sorted = traces.sorted {
      ($0.value.bytes, $0.value.made, $1.key) > ($1.value.bytes, $1.value.made, $0.key)
    }
    var rows: [[Int]] = []
    var rest = ClassSummary.TraceWeight()
    var depths: [Int] = []
    for (trace, weight) in sorted {
      let isNone = CallTree.isEmpty(trace, in: history)
      let node = rows.count < limits.tracesPerClass ? calls.node(of: trace, in: history, &texts) : nil
      if isNone || node != nil {
        rows.append([node ?? -1, weight.made, weight.living, weight.bytes])
        let depth = isNone ? 0 : history.traces[Int(trace)].siteDepth
        if let node, depth > 0 { depths += [node, depth] }
      } else {
        rest.made += weight.made
        rest.living += weight.living
        rest.bytes &+= weight.bytes
      }
    }
    if rest.made > 0 { rows.append([-2, rest.made, rest.living, rest.bytes]) }
    member("traces", rows)
    // Node and how many of its innermost calls are not the program's own, of those that have such.
    member("sites", depths)
  }

  /// Rows [class when last sized, birth, end or -1, whether that is a death, node or -1, address, first snapshot, last
  /// snapshot, largest size, snapshot, size, …]; snapshots are -1 when none found it, and sizes are steps.
  private mutating func write(instances: [UInt32], areAll: Bool) {
    member("keepsAll", areAll ? 1 : 0)
    json.key("instances")
    json.beginArray()
    for object in instances {
      let row = history.objects[Int(object)]
      let life = index.life(of: object)
      let node = calls.node(of: row.trace, in: history, &texts)
      json.beginArray()
      json.integer(texts.intern(history.names[Int(row.currentClass)]))
      json.integer(microseconds(row.birth))
      json.integer(row.end == .max ? -1 : microseconds(row.end))
      json.integer(row.isDead ? 1 : 0)
      json.integer(node ?? (CallTree.isEmpty(row.trace, in: history) ? -1 : -2))
      json.string(row.address == 0 ? "" : "0x" + String(row.address, radix: 16))
      json.integer(life.first ?? -1)
      json.integer(life.last ?? -1)
      for number in sizes(of: object, during: life) { json.integer(number) }
      json.endArray()
    }
    json.endArray()
  }

  /// The largest size of all, then steps, thinned evenly when there are too many; the last is kept.
  private func sizes(of object: UInt32, during life: Range<Int>) -> [Int] {
    let rows = index.sizes(of: object)
    let largest = rows.reduce(0) { max($0, clamped(Int($1.bytes))) }
    var sizes: [(Int, Int)] = []
    var row = rows.startIndex
    for position in life {
      let before = row
      while row < rows.endIndex, rows[row].snapshot <= index.kept[position] { row += 1 }
      if row > before { sizes.append((position, clamped(Int(rows[row - 1].bytes)))) }
    }
    if sizes.count > limits.sizesPerObject {
      let (count, room) = (sizes.count - 1, limits.sizesPerObject - 1)
      sizes = (0...room).map { sizes[$0 * count / room] }
    }
    return [largest] + sizes.flatMap { [$0.0, $0.1] }
  }

  private mutating func writeTables() {
    member("calls", calls.calls.flatMap { [$0.function, $0.file, $0.line, $0.image] })
    member("nodes", calls.parents.indices.flatMap { [calls.parents[$0], calls.callOfNode[$0]] })
    json.key("texts")
    json.beginArray()
    for text in texts.texts { json.string(text) }
    json.endArray()
  }

  private mutating func member(_ name: StaticString, _ value: Int) {
    json.key(name)
    json.integer(value)
  }

  private mutating func member(_ name: StaticString, _ values: [Int]) {
    json.key(name)
    json.integers(values)
  }

  private mutating func member(_ name: StaticString, _ rows: [[Int]]) {
    json.key(name)
    json.beginArray()
    for row in rows { json.integers(row) }
    json.endArray()
  }

  private mutating func member(_ name: StaticString, _ process: ProcessMemory) {
    member(
      name,
      [
        process.virtual, process.resident, process.data, process.stack, process.code, process.shared,
        process.minorFaults, process.majorFaults, process.peakResident ?? -1, process.cgroupCurrent ?? -1,
        process.cgroupLimit ?? -1, process.cgroupPeak ?? -1,
      ])
  }
}
