// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerProfile
import SizerReports
import Testing

/// What a page leaves out of a large profile, and that it stays small whatever the profile.
@Suite struct PageLimitsTests {
  @Test("of many instances the largest, the most grown and others have rows")
  func keptInstances() throws {
    var history = randomHistory(seed: 9, objects: 0, snapshots: 3, names: 1)
    let times = history.snapshots.map { Int64($0.timestamp / .nanoseconds(1)) }
    for object in 0..<UInt32(1_000) {
      history.objects.append(History.ObjectRow(name: 0, className: 0, currentClass: 0, birth: times[0]))
      history.sizes.append(
        History.SizeRow(object: object, snapshot: 0, bytes: object == 700 ? 90_000 : 1_000 - Int64(object)))
      if object == 900 { history.sizes.append(History.SizeRow(object: object, snapshot: 2, bytes: 800)) }
    }
    var limits = PageLimits()
    limits.objects = 50
    let entry = try #require(try PageModel.of(history, limits: limits).classes.first)
    #expect(entry.keepsAll == 0 && entry.made == 1_000)
    #expect(entry.instances.count <= 50 && entry.instances.count >= 30)
    let largest = entry.instances.map { $0[8].number! }
    #expect(largest.contains(90_000))
    // The twenty largest are the one above and the first nineteen.
    for size in 982...1_000 { #expect(largest.contains(size)) }
    #expect(entry.instances.contains { $0.map(\.number).suffix(4) == [0, 100, 2, 800] })
    #expect(largest.contains { $0 < 900 && $0 != 800 }, "the sample reaches those that are neither large nor grown")
  }

  @Test("of many snapshots the first, the last, the largest and labelled ones are kept")
  func keptSnapshots() throws {
    var history = History()
    for number in 0..<5_000 {
      history.snapshots.append(
        Snapshot(
          label: number == 1_234 ? "here" : "", timestamp: .seconds(number),
          trackedBytes: number == 3_333 ? 9_999 : number,
          process: ProcessMemory(resident: number == 2_221 ? 99_999 : 1)))
    }
    let page = try PageModel.of(history)
    let numbers = page.snapshots.map(\.number)
    #expect(page.total.snapshots == 5_000 && numbers.count <= 240 && numbers.count > 200)
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    for number in [0, 4_999, 3_333, 1_234, 2_221] { #expect(numbers.contains(number)) }
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 < 50 })
  }

  @Test("classes without a row are summed")
  func classesWithoutRow() throws {
    let history = randomHistory(seed: 4, objects: 200, snapshots: 4, names: 12)
    var limits = PageLimits()
    limits.classes = 5
    let page = try PageModel.of(history, limits: limits)
    #expect(page.classes.count == 5 && page.other.classes == 7 && page.total.classes == 12)
    let kept = Set(page.classes.map { page.texts[$0.name] })
    let rest = history.snapshots.map { $0.classes.filter { !kept.contains($0.key) }.values }
    #expect(PageModel.expanded(page.other.active, count: 4) == rest.map { $0.reduce(0) { $0 + $1.active } })
    #expect(PageModel.expanded(page.other.bytes, count: 4) == rest.map { $0.reduce(0) { $0 + $1.bytes } })
    #expect(page.other.made == history.objects.count { !kept.contains(history.names[Int($0.name)]) })
    let smallest = page.classes.map { $0.bytes.isEmpty ? 0 : PageModel.expanded($0.bytes, count: 4).max()! }.min()!
    #expect(rest.allSatisfy { $0.allSatisfy { $0.bytes <= smallest } })
  }

  @Test("room is divided so that the small get all they claim")
  func dividedRoom() {
    #expect(quotas(for: [10, 2, 100], room: 30) == [10, 2, 18])
    #expect(quotas(for: [100, 100], room: 30) == [15, 15])
    #expect(quotas(for: [1, 2], room: 30) == [1, 2])
    #expect(quotas(for: [], room: 30) == [])
    #expect(quotas(for: [5, 5, 5], room: 2).reduce(0, +) == 2)
  }

  @Test("the largest are found as sorting finds them, and equal ones in order")
  func largestAsSorted() {
    var random = SeededGenerator(seed: 3)
    for count in [0, 1, 7, 40] {
      let keys = (0..<500).map { _ in Int.random(in: 0..<60, using: &random) }
      var largest = Largest(count: count)
      for (object, key) in keys.enumerated() { largest.offer(UInt32(object), key: key) }
      let expected = keys.indices.sorted { (-keys[$0], $0) < (-keys[$1], $1) }.prefix(count).map { UInt32($0) }
      #expect(largest.objects == expected)
    }
  }

  @Test("a sample has no favourites and is the same every time")
  func fairSample() {
    var sample = Sample(count: 1_000)
    for object in 0..<UInt32(100_000) { sample.offer(object) }
    var again = Sample(count: 1_000)
    for object in 0..<UInt32(100_000) { again.offer(object) }
    #expect(sample.objects == again.objects && Set(sample.objects).count == 1_000)
    // A tenth of it from each tenth: 100 are expected, and six times the standard deviation is 57.
    for tenth in 0..<10 { #expect(abs(sample.objects.count { $0 / 10_000 == tenth } - 100) < 57) }
  }

  @Test("a page of a million instances stays below 5 MB")
  func millionInstances() {
    var history = History(
      snapshots: [Snapshot(timestamp: .seconds(1)), Snapshot(timestamp: .seconds(2))], names: ["A", "B"])
    history.objects.reserveCapacity(1_000_000)
    for object in 0..<UInt32(1_000_000) {
      history.objects.append(
        History.ObjectRow(
          name: object % 2, className: 0, currentClass: 0, address: UInt64(object) << 16, birth: Int64(object)))
      history.sizes.append(History.SizeRow(object: object, snapshot: object % 2, bytes: Int64(object % 9_973)))
    }
    #expect(HTMLReport(Statistics(history)).page(limits: PageLimits()).count < 5_000_000)
  }

  /// Each makes another part of a page as large as it can be; together they claim hundreds of megabytes.
  @Test("a page stays below 5 MB whatever has no end")
  func endlessInput() throws {
    var history = History()
    let long = String(repeating: "<&\"", count: 200)
    for snapshot in 0..<250 {
      history.snapshots.append(Snapshot(label: "\(snapshot)\(long)", timestamp: .seconds(snapshot), error: long))
    }
    history.names = (0..<200).map { "\($0)\(long)" }
    for trace in 0..<300 {
      history.traces.append(
        StackTrace(
          frames: (0..<40).map {
            StackTrace.Frame(address: 0, function: "\(trace) \($0)\(long)", file: "\($0 &* trace)\(long)")
          }))
    }
    var random = SeededGenerator(seed: 5)
    for object in 0..<UInt32(1_500) {
      history.objects.append(
        History.ObjectRow(
          name: object % 200, className: object % 200, currentClass: object % 200, trace: object % 300,
          address: .max,
          birth: .max, end: Int64.random(in: 0...300_000_000_000, using: &random)))
      for snapshot in 0..<UInt32(40) {
        history.sizes.append(
          History.SizeRow(object: object, snapshot: snapshot * 5, bytes: .random(in: 0...(.max), using: &random)))
      }
      if object % 16 == 0 {
        let tree = (0..<40).map {
          SizeNode(name: "\(object &* 7 % 97) \($0)\(long)", typeName: long, bytes: .max, flatBytes: .max)
        }
        history.referents.append(History.ReferentRow(object: object, snapshot: 1, tree: tree))
      }
    }
    for snapshot in history.snapshots.indices {
      for name in history.names.prefix(100) {
        history.snapshots[snapshot].classes[name] = ClassRecord(
          active: .random(in: 0...(.max), using: &random), bytes: .random(in: 0...(.max), using: &random),
          slabs: SlabUse(objectCount: .max, objectBytes: .max, slabCount: .max, slabBytes: .max, takenBytes: .max))
      }
    }
    // Far more than a page may hold, so that it must be made again with less.
    var limits = PageLimits()
    limits.objects *= 8
    limits.texts *= 8
    limits.sizesPerObject *= 8
    limits.pairNumbers *= 8
    limits.distributionNumbers *= 8
    limits.referentNumbers *= 8
    limits.slabNumbers *= 8
    let page = try PageModel.of(history, title: long, limits: limits)
    #expect(page.byteCount < 5_000_000)
    #expect(page.total.objects == 1_500 && page.classes.count >= 8 && page.snapshots.count >= 8)
  }
}
