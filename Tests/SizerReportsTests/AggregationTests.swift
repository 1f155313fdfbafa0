// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports
import Testing

/// The figures in a page, against loops that look at every object at every snapshot.
@Suite struct AggregationTests {
  private static let shapes: [(seed: UInt64, objects: Int, snapshots: Int)] = [
    (1, 0, 3), (2, 1, 1), (3, 40, 2), (4, 120, 9), (5, 200, 17), (6, 300, 5), (7, 50, 30),
  ]

  @Test("totals of classes are those of the snapshots", arguments: shapes)
  func totals(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let page = try PageModel.of(history)
    #expect(page.snapshots.map(\.number) == Array(0..<shape.snapshots))
    #expect(page.total.objects == shape.objects)
    for entry in page.classes {
      let name = page.texts[entry.name]
      let records = history.snapshots.map { $0.classes[name] ?? ClassRecord() }
      #expect(PageModel.expanded(entry.active, count: shape.snapshots) == records.map(\.active))
      #expect(PageModel.expanded(entry.bytes, count: shape.snapshots) == records.map(\.bytes))
      #expect(entry.made == history.objects.count { history.names[Int($0.name)] == name })
    }
  }

  @Test("what lives is told by type, as each table has it, and what has no room is summed", arguments: [24_000, 40])
  func living(cells: Int) throws {
    var history = randomHistory(seed: 8, objects: 20, snapshots: 12)
    #expect(try PageModel.of(history).living == nil)
    for number in history.snapshots.indices where number % 4 != 1 {
      history.snapshots[number].heap = (0..<20).filter { ($0 + number) % 3 > 0 }.map { type in
        // Two types of one name among them.
        TypeRecord(
          typeName: "App.T\(type % 19)", count: type + number, bytes: 100 * (type + 1) + number, requestedBytes: 1,
          unusedCapacityBytes: 0)
      }
    }
    var limits = PageLimits()
    limits.heapCells = cells
    let page = try PageModel.of(history, limits: limits)
    let living = try #require(page.living)
    #expect(living.at == history.snapshots.indices.filter { $0 % 4 != 1 })
    #expect(living.types.count == min(19, cells / living.at.count) && living.other.types == 19 - living.types.count)
    for position in living.at {
      var counts: [String: Int] = [:]
      var bytes: [String: Int] = [:]
      for record in history.snapshots[position].heap! {
        counts[record.typeName, default: 0] += record.count
        bytes[record.typeName, default: 0] += record.bytes
      }
      for row in living.types {
        let name = page.texts[row.name]
        #expect(PageModel.expanded(row.count, count: 12)[position] == counts.removeValue(forKey: name) ?? 0)
        #expect(PageModel.expanded(row.bytes, count: 12)[position] == bytes.removeValue(forKey: name) ?? 0)
      }
      #expect(PageModel.expanded(living.other.count, count: 12)[position] == counts.values.reduce(0, +))
      #expect(PageModel.expanded(living.other.bytes, count: 12)[position] == bytes.values.reduce(0, +))
    }
  }

  @Test("any two snapshots compare exactly", arguments: shapes)
  func comparisons(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let page = try PageModel.of(history)
    for entry in page.classes {
      let pairs = try #require(entry.pairs)
      let objects = history.objects.indices.filter {
        history.names[Int(history.objects[$0].name)] == page.texts[entry.name]
      }
      let sizes = objects.map { object in history.snapshots.indices.map { plainSize(of: object, at: $0, in: history) } }
      for from in 0..<shape.snapshots {
        for to in from..<shape.snapshots {
          let both = sizes.filter { $0[from] != nil && $0[to] != nil }
          #expect(together(pairs.lives, from, to) == both.count)
          let born = sizes.filter { $0[from] == nil && $0[to] != nil }.reduce(0) { $0 + $1[to]! }
          #expect(sum(pairs.bytesByFirst, at: to, shape.snapshots) { $0 > from } == born)
          let gone = sizes.filter { $0[from] != nil && $0[to] == nil }.reduce(0) { $0 + $1[from]! }
          #expect(sum(pairs.bytesByLast, at: from, shape.snapshots) { $0 < to } == gone)
        }
      }
    }
  }

  /// Objects alive at both: those whose life in snapshots holds both.
  private func together(_ lives: [[Int]], _ from: Int, _ to: Int) -> Int {
    lives.reduce(0) { total, row in
      stride(from: 1, to: row.count, by: 2).reduce(total) { row[0] <= from && row[$1] >= to ? $0 + row[$1 + 1] : $0 }
    }
  }

  private func sum(_ rows: [[Int]], at position: Int, _ count: Int, where isMeant: (Int) -> Bool) -> Int {
    rows.filter { isMeant($0[0]) }.reduce(0) { $0 + PageModel.expanded($1.dropFirst(), count: count)[position] }
  }

  @Test("distributions count each living object in the bucket of its size", arguments: shapes)
  func distributions(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let page = try PageModel.of(history)
    for entry in page.classes {
      let objects = history.objects.indices.filter {
        history.names[Int(history.objects[$0].name)] == page.texts[entry.name]
      }
      for snapshot in history.snapshots.indices {
        let row = try #require(entry.distribution).last { $0[0] <= snapshot } ?? [0]
        var counts: [Int: Int] = [:]
        for object in objects {
          if let size = plainSize(of: object, at: snapshot, in: history) { counts[plainBucket(size), default: 0] += 1 }
        }
        let found = stride(from: 1, to: row.count, by: 2).map { (row[$0], row[$0 + 1]) }
        #expect(Dictionary(uniqueKeysWithValues: found) == counts)
      }
    }
  }

  /// Quarters of powers of two, found by counting them off.
  private func plainBucket(_ size: Int) -> Int {
    guard size >= 8 else { return size }
    var bucket = 8
    var width = 2
    var least = 8
    while size >= least + width {
      least += width
      bucket += 1
      if bucket % 4 == 0 { width *= 2 }
    }
    return bucket
  }

  @Test("events add up to the objects that live at each moment", arguments: shapes)
  func events(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let page = try PageModel.of(history)
    var end = history.snapshots.map { Int64($0.timestamp / .nanoseconds(1)) }.max() ?? 0
    for object in history.objects { end = max(end, object.birth, object.end == .max ? 0 : object.end) }
    for entry in page.classes {
      let objects = history.objects.filter { history.names[Int($0.name)] == page.texts[entry.name] }
      for moment in 0..<page.moments {
        let time = Double(end) * Double(moment) / Double(page.moments - 1)
        var living = 0
        for index in stride(from: 0, to: entry.events.count, by: 3) where entry.events[index] <= moment {
          living += entry.events[index + 1] - entry.events[index + 2]
        }
        // An event at the moment itself may be counted with it or after it: times are whole, moments are not.
        let least = objects.count { Double($0.birth) < time - 1 && Double($0.end) > time + 1 }
        let most = objects.count { Double($0.birth) <= time + 1 && Double($0.end) >= time - 1 }
        #expect((least...most).contains(living))
      }
    }
  }

  @Test("referents are merged as Statistics merges them", arguments: shapes)
  func mergedReferents(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let statistics = Statistics(history)
    let page = try PageModel.of(history)
    for entry in page.classes {
      for snapshot in history.snapshots.indices {
        let merged = statistics.mergedReferents(of: page.texts[entry.name], inSnapshot: snapshot)
        let expected = Set(merged.flatMap { node in [line(0, node)] + node.children.map { line(1, $0) } })
        let row = entry.referents?.last { $0[0] <= snapshot } ?? [snapshot]
        let found = stride(from: 1, to: row.count, by: 6).map { start in
          let (name, type) = (page.texts[row[start + 1]], page.texts[row[start + 2]])
          return "\(row[start]) \(name) \(type) \(row[(start + 3)..<(start + 6)].map(String.init))"
        }
        #expect(Set(found) == expected)
      }
    }
  }

  private func line(_ depth: Int, _ node: MergedReferent) -> String {
    "\(depth) \(node.name) \(node.typeName) \([node.count, node.bytes, node.flatBytes].map(String.init))"
  }

  @Test("traces weigh what was made and what lives", arguments: shapes)
  func traceWeights(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    let page = try PageModel.of(history)
    for entry in page.classes {
      let objects = history.objects.indices.filter {
        history.names[Int(history.objects[$0].name)] == page.texts[entry.name]
      }
      var expected: [String: [Int]] = [:]
      for object in objects {
        let row = history.objects[object]
        let frames = row.trace == History.ObjectRow.none ? [] : history.traces[Int(row.trace)].frames
        let key = frames.map { "\($0.function!) \($0.file!) \($0.line)" }.joined(separator: "\n")
        let bytes = plainSize(of: object, at: entry.peak, in: history) ?? 0
        let weights = expected[key] ?? [0, 0, 0]
        expected[key] = [weights[0] + 1, weights[1] + (row.end == .max ? 1 : 0), weights[2] + bytes]
      }
      let found = entry.traces.map { (path(to: $0[0], in: page), Array($0.dropFirst())) }
      #expect(Dictionary(uniqueKeysWithValues: found) == expected)
    }
  }

  private func path(to node: Int, in page: PageModel) -> String {
    var lines: [String] = []
    var at = node
    while at >= 0 {
      let call = 4 * page.nodes[2 * at + 1]
      lines.append("\(page.texts[page.calls[call]]) \(page.texts[page.calls[call + 1]]) \(page.calls[call + 2])")
      at = page.nodes[2 * at]
    }
    return lines.joined(separator: "\n")
  }

  @Test("instances have the sizes of their rows", arguments: shapes)
  func instanceSizes(
    shape: (seed: UInt64, objects: Int, snapshots: Int)
  ) throws {
    let history = randomHistory(seed: shape.seed, objects: shape.objects, snapshots: shape.snapshots)
    var limits = PageLimits()
    limits.sizesPerObject = shape.snapshots
    let page = try PageModel.of(history, limits: limits)
    for entry in page.classes {
      let objects = history.objects.indices.filter {
        history.names[Int(history.objects[$0].name)] == page.texts[entry.name]
      }
      #expect(entry.keepsAll == 1 && entry.instances.count == objects.count)
      for (object, row) in zip(objects, entry.instances) {
        let numbers = row.map { $0.number ?? -9 }
        let expected = history.snapshots.indices.map { plainSize(of: object, at: $0, in: history) }
        #expect(numbers[6] == expected.firstIndex { $0 != nil } ?? -1)
        #expect(numbers[7] == expected.lastIndex { $0 != nil } ?? -1)
        #expect(numbers[8] == expected.compactMap(\.self).max() ?? 0)
        let sizes = PageModel.expanded(numbers[9...], count: shape.snapshots)
        for (size, known) in zip(sizes, expected) where known != nil { #expect(size == known) }
      }
    }
  }

  @Test("slabs are those of the snapshots that have them, of as many classes as there is room for")
  func slabsOfSnapshots() throws {
    var history = randomHistory(seed: 8, objects: 60, snapshots: 5, names: 4)
    history.snapshots[1].classes["Class0"] = ClassRecord(active: 9, bytes: 90_000, slabs: SlabUse(slabCount: 3))
    history.snapshots[3].classes = [
      "Class0": ClassRecord(
        active: 9, bytes: 90_000,
        slabs: SlabUse(
          objectCount: 7, objectBytes: 336, slabCount: 2, slabBytes: 8_192, takenBytes: 400, unresolvedCount: 2)),
      "Class1": ClassRecord(active: 1, bytes: 50, slabs: SlabUse(objectCount: .max, objectBytes: -1)),
    ]
    let page = try PageModel.of(history)
    let slabs = Dictionary(uniqueKeysWithValues: page.classes.map { (page.texts[$0.name], $0.slabs) })
    #expect(slabs["Class0"] == [[1, 0, 0, 3, 0, 0, 0], [3, 7, 336, 2, 8_192, 400, 2]])
    #expect(slabs["Class1"] == [[3, (1 << 53) - 1, 0, 0, 0, 0, 0]])
    #expect(slabs["Class2"] == .some(nil) && slabs["Class3"] == .some(nil))
    var limits = PageLimits()
    limits.slabNumbers = 14
    // The largest comes first and takes all of it.
    #expect(try PageModel.of(history, limits: limits).classes.map { $0.slabs?.count } == [2, nil, nil, nil])
  }
}
