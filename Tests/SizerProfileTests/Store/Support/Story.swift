// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph
import SizerProfile

/// A made-up program under observation: what a tracker would record of it, delta by delta, and the same added up by
/// simpler means than the library's.
struct Story {
  private(set) var deltas: [History.Delta] = []
  /// What there is after each delta.
  private(set) var histories: [History] = []
  private var dice: SeededGenerator
  private var model = History()
  private var time: Int64 = 0

  var history: History { histories.last ?? History() }

  /// `count` snapshots with up to `births` new objects between two of them.
  init(seed: UInt64, snapshots count: Int = 5, births: Int = 12) {
    dice = SeededGenerator(seed: seed)
    for _ in 0..<count { tell(births: births, snapshot: true) }
    if dice.chance(0.5) { tell(births: births, snapshot: false) }
  }

  private mutating func tell(births: Int, snapshot: Bool) {
    var delta = History.Delta(base: model.counts)
    delta.names = (0..<dice.below(3) + (model.names.isEmpty ? 1 : 0)).map { _ in text() }
    delta.traces = (0..<dice.below(3)).map { _ in trace() }
    let total = (names: model.names.count + delta.names.count, traces: model.traces.count + delta.traces.count)
    delta.objects = (0..<dice.below(births + 1)).map { _ in object(total.names, total.traces) }
    let objects = model.objects.count + delta.objects.count
    time += Int64(1 + dice.below(1_000_000_000))
    for object in 0..<objects where dice.chance(0.1) {
      delta.ends.append(.init(object: UInt32(object), time: time - Int64(dice.below(2)), isDead: dice.chance(0.8)))
    }
    for object in 0..<objects where dice.chance(0.1) {
      delta.classChanges.append(.init(object: UInt32(object), currentClass: UInt32(dice.below(total.names))))
    }
    if snapshot {
      let index = UInt32(model.snapshots.count)
      delta.snapshot = self.snapshot()
      let part = [0, 0.05, 0.5, 1][dice.below(4)]
      for object in 0..<objects where dice.chance(part) {
        delta.sizes.append(.init(object: UInt32(object), snapshot: index, bytes: bytes()))
      }
      for object in 0..<objects where dice.chance(0.1) {
        delta.referents.append(.init(object: UInt32(object), snapshot: index, tree: tree(levels: dice.below(5))))
      }
      if index % 2 == 1 { delta.heap = RecordedHeap(smallHeap(objects: 3 + Int(index))) }
    }
    deltas.append(delta)
    add(delta)
  }

  /// Adds up by sorting.
  private mutating func add(_ delta: History.Delta) {
    model.names += delta.names
    model.traces += delta.traces
    model.objects += delta.objects
    if let heap = delta.heap {
      // As a reader gets it: bytes.
      let bytes = RecordedHeap(bytes: heap.bytes)
      model.heaps.append(History.HeapRow(snapshot: UInt32(model.snapshots.count), heap: bytes))
    }
    if let snapshot = delta.snapshot { model.snapshots.append(snapshot) }
    for end in delta.ends {
      model.objects[Int(end.object)].end = end.time
      model.objects[Int(end.object)].isDead = end.isDead
      model.objects[Int(end.object)].address = 0
    }
    for change in delta.classChanges { model.objects[Int(change.object)].currentClass = change.currentClass }
    model.sizes = (model.sizes + delta.sizes).sorted { ($0.object, $0.snapshot) < ($1.object, $1.snapshot) }
    model.referents = (model.referents + delta.referents).sorted { ($0.object, $0.snapshot) < ($1.object, $1.snapshot) }
    histories.append(model)
  }

  // MARK: Things

  private mutating func object(_ names: Int, _ traces: Int) -> History.ObjectRow {
    time += Int64(dice.below(5_000))
    let className = UInt32(dice.below(names))
    return History.ObjectRow(
      name: UInt32(dice.below(names)), className: className,
      currentClass: dice.chance(0.9) ? className : UInt32(dice.below(names)),
      trace: traces > 0 && dice.chance(0.5) ? UInt32(dice.below(traces)) : History.ObjectRow.none,
      address: dice.chance(0.9) ? UInt64(0x7f00_0000_0000 + 16 * dice.below(1 << 30)) : dice.next(), birth: time)
  }

  private mutating func snapshot() -> Snapshot {
    var snapshot = Snapshot(
      label: text(), timestamp: .nanoseconds(time), trackedBytes: dice.below(1 << 40),
      overheadBytes: dice.below(1 << 20),
      mode: [.inPlace, .frozen, .counts][dice.below(3)], pause: .nanoseconds(Int64(dice.below(1 << 40))),
      skippedCount: dice.below(3), unresolvedCount: dice.below(3),
      process: ProcessMemory(
        virtual: dice.below(1 << 47), resident: dice.below(1 << 40), data: dice.below(1 << 40),
        stack: dice.below(1 << 30),
        code: dice.below(1 << 30), shared: dice.below(1 << 30), minorFaults: dice.below(1 << 30),
        majorFaults: dice.below(1 << 10)),
      ladder: dice.chance(0.5) ? ladder() : nil, error: dice.chance(0.2) ? text() : nil,
      estimatedBytes: dice.below(1 << 30))
    // By dice of their own: what a seed's story has otherwise stays as it is.
    var own = SeededGenerator(seed: UInt64(time.magnitude))
    if own.chance(0.3) { snapshot.heap = (0...own.below(4)).map { _ in Self.heapClass(&own) } }
    if own.chance(0.7) {
      snapshot.process.peakResident = own.below(1 << 40)
      snapshot.process.cgroupCurrent = own.below(1 << 40)
      snapshot.process.cgroupLimit = own.chance(0.5) ? own.below(1 << 40) : nil
      snapshot.process.cgroupPeak = own.chance(0.5) ? own.below(1 << 40) : nil
    }
    for _ in 0..<dice.below(5) {
      snapshot.classes[text()] = ClassRecord(
        active: dice.below(1 << 20), bytes: dice.below(1 << 40), share: Double.random(in: 0...1, using: &dice))
    }
    return snapshot
  }

  private static func heapClass(_ dice: inout SeededGenerator) -> TypeRecord {
    TypeRecord(
      typeName: "App.Type\(dice.below(5))", count: dice.below(1 << 20), bytes: dice.below(1 << 40),
      requestedBytes: dice.below(1 << 40), unusedCapacityBytes: dice.below(1 << 40),
      estimatedBytes: dice.below(1 << 30),
      untrackedCount: dice.below(1 << 20), untrackedBytes: dice.below(1 << 40))
  }

  private mutating func ladder() -> MemoryLadder {
    MemoryLadder(
      resident: dice.below(1 << 40), objects: dice.chance(0.5) ? dice.below(1 << 40) : nil,
      rawBlocks: dice.chance(0.5) ? dice.below(1 << 40) : nil,
      deadObjects: dice.chance(0.5) ? dice.below(1 << 40) : nil, otherBlocks: dice.below(1 << 40) - (1 << 39),
      threadCaches: dice.below(9), dirtyPages: dice.below(1 << 30), muzzyPages: dice.below(1 << 30),
      allocatorMetadata: dice.below(1 << 30), unusedInPages: dice.below(1 << 30), stacks: dice.below(1 << 30),
      mappedFiles: dice.below(1 << 30), copiedFilePages: dice.chance(0.5) ? dice.below(1 << 30) : nil,
      profiler: dice.below(1 << 30))
  }

  private mutating func trace() -> StackTrace {
    StackTrace(
      frames: (0..<dice.below(6)).map { _ in
        StackTrace.Frame(
          address: dice.chance(0.1) ? .max : UInt64(0x5555_0000 + dice.below(20)),
          function: dice.chance(0.5) ? text() : nil,
          file: dice.chance(0.5) ? text() : nil, line: dice.below(1_000), column: dice.below(100),
          isInlined: dice.chance(0.3), image: dice.chance(0.5) ? text() : nil, imageOffset: dice.next() >> 16)
      })
  }

  private mutating func tree(levels: Int) -> [SizeNode] {
    guard levels > 0 else { return [] }
    return (0..<dice.below(4)).map { _ in
      SizeNode(
        name: text(), typeName: text(), bytes: dice.below(1 << 30), flatBytes: dice.below(1 << 20),
        children: tree(levels: levels - 1))
    }
  }

  private mutating func bytes() -> Int64 {
    switch dice.below(10) {
    case 0: 0
    case 1: Int64(dice.below(1 << 46))
    case 2: Int64(dice.below(100_000))
    default: 16 * Int64(dice.below(1_000))
    }
  }

  private mutating func text() -> String {
    switch dice.below(12) {
    case 0: ""
    case 1: "caf\u{e9}"
    case 2: "cafe\u{301}"
    case 3: "zero\0inside"
    case 4: "'; DROP TABLE objects; --\"\n\t<script>"
    case 5: "🧵\u{202e}x"
    case 6: String(repeating: "long ", count: dice.below(400))
    default: "Module.Class\(dice.below(30))<Swift.Int>"
    }
  }
}

extension Story {
  /// Its history, recorded to a file and finished.
  func record(to path: String) throws(ProfileError) {
    let recorder = try ProfileRecorder(path: path)
    for delta in deltas { try recorder.append(delta) }
    try recorder.finish()
  }
}

/// The history in a file.
func history(at path: String) throws(ProfileError) -> History { try Statistics(contentsOf: path).history }

/// An image of a cycle of so many objects that nothing holds, a task, and one object more that a global holds.
func smallHeap(objects: Int) -> HeapImage {
  var builder = HeapImageBuilder()
  let node = builder.add(HeapType(name: "App.Node", fields: [.init(offset: 16, label: ".next")]))
  let other = builder.add(HeapType(name: "App.Other"))
  let cycle = (0..<objects).map { builder.addObject(at: UInt64(4_096 + 64 * $0), type: node, bytes: 32) }
  for (one, next) in zip(cycle, cycle.dropFirst() + cycle.prefix(1)) {
    builder.addEdge(from: one, to: next, label: .slot(2))
  }
  let held = builder.addObject(at: 1 << 20, type: other, bytes: 48, requestedBytes: 40)
  builder.add(HeapRawBlock(owner: held, bytes: 512, requestedBytes: 500))
  builder.add(HeapRoot(.global, of: held, label: builder.label(.symbol, "app.other")))
  builder.add(
    HeapTask(
      object: held, state: .suspended, slabBytes: 1_024, function: builder.label(.function, "App.wait()"),
      creator: builder.label(.function, "App.start()"), frames: [builder.label(.function, "App.wait()"), nil]))
  return builder.image()
}
