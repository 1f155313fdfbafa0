// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import Testing

/// The histogram, the account and waste.
@Suite struct TableTests {
  @Test("the histogram's sum is everything")
  func histogramsSum() {
    for seed in 0..<20 {
      let image = randomImage(seed: UInt64(seed), objects: 1 + seed * 7)
      let histogram = HeapHistogram(of: image)
      let objects = (0..<image.objectCount).map { image[$0] }
      #expect(histogram.objectCount == objects.count)
      #expect(histogram.objectBytes == objects.reduce(0) { $0 + $1.bytes })
      #expect(histogram.rawBytes == image.rawBlocks.reduce(0) { $0 + $1.bytes })
      #expect(histogram.rows.reduce(0) { $0 + $1.count } == objects.count)
      #expect(histogram.rows.reduce(0) { $0 + $1.totalBytes } == histogram.totalBytes)
      #expect(
        histogram.rows.reduce(0) { $0 + $1.slackBytes }
          == objects.reduce(0) { $0 + $1.bytes - ($1.requestedBytes ?? $1.bytes) })
      #expect(
        histogram.rows.reduce(0) { $0 + $1.unusedCapacityBytes } == objects.reduce(0) { $0 + $1.unusedCapacityBytes })
      let dead = objects.count { $0.flags.contains(.deadKeptByUnowned) }
      #expect(
        histogram.rows.reduce(0) { $0 + ($1.typeName.hasSuffix("(dead, kept by unowned)") ? $1.count : 0) } == dead)
      #expect(zip(histogram.rows, histogram.rows.dropFirst()).allSatisfy { $0.totalBytes >= $1.totalBytes })
      #expect(Dominators(of: image).totalBytes == histogram.totalBytes)
    }
  }

  @Test("the account tells what edges do not explain")
  func accountTells() {
    for seed in 0..<50 {
      let model = GraphModel(seed: UInt64(6000 + seed), objects: 1 + seed % 30)
      let account = ReferenceAccount(of: model.image)
      for object in 0..<model.count {
        #expect(account.certainCount(of: object) == model.incoming(object, .certain))
        #expect(account.uncertainCount(of: object) == model.incoming(object, .uncertain))
        #expect(account.externalCount(of: object) == model.strong[object] - model.incoming(object, .certain))
        // The model's objects count no weak and unowned references, so that edges are what is too much.
        #expect(account.externalWeakCount(of: object) == -model.incoming(object, .weak))
        #expect(account.externalUnownedCount(of: object) == -model.incoming(object, .unowned))
        #expect(account.isRoot(object) == (account.externalCount(of: object) != 0))
      }
    }
  }

  @Test("tasks at one place are one record")
  func tasksAt() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "Task", kind: .task))
    let payload = builder.add(HeapType(name: "App.Window"))
    let (poll, make) = (builder.label(.function, "App.poll()"), builder.label(.function, "App.start()"))
    for number in 0..<3 {
      let task = builder.addObject(at: UInt64(number * 1024 + 1024), type: type, bytes: 256)
      let window = builder.addObject(at: UInt64(number * 1024 + 1536), type: payload, bytes: 512)
      builder.addEdge(from: task, to: window, kind: .uncertain, label: .slot(20))
      builder.add(
        HeapTask(
          object: task, state: number < 2 ? .suspended : .running, slabBytes: 1000, function: poll, creator: make,
          frames: [poll, nil]))
    }
    builder.add(HeapTask(object: nil, slabBytes: 10))
    let image = builder.image()
    func record(_ state: String, _ count: Int) -> TaskRecord {
      TaskRecord(
        function: "App.poll()", creator: "App.start()", state: state, bytes: count * 1256, retainedBytes: count * 1768,
        frames: ["App.poll()", "?"], count: count)
    }
    #expect(
      image.taskRecords(Dominators(of: image)) == [
        record("suspended", 2), record("running", 1),
        TaskRecord(function: "", creator: nil, state: "unknown", bytes: 10, retainedBytes: 10, frames: [], count: 1),
      ])
  }

  private func record(
    _ kind: WasteRecord.Kind, _ type: String, _ holder: String, _ count: Int, wasted: Int, of total: Int,
    excess: Int = 0
  ) -> WasteRecord {
    WasteRecord(
      kind: kind, typeName: type, holder: holder, count: count, wastedBytes: wasted, totalBytes: total,
      excessBytes: excess)
  }

  @Test("waste by kind, type and holder")
  func wasteBy() {
    var builder = HeapImageBuilder()
    builder.sizeClasses = [16, 32, 48, 64, 80, 96, 112, 128, 160, 192]
    let store = builder.add(
      HeapType(
        name: "App.Store", instanceBytes: 192,
        fields: [.init(offset: 16, label: ".names"), .init(offset: 24, label: ".view")]))
    let text = builder.add(HeapType(name: "String storage", kind: .stringStorage))
    let big = builder.add(HeapType(name: "App.Wide", instanceBytes: 136))
    let array = builder.add(HeapType(name: "Array<UInt8>", kind: .arrayStorage))
    let holder = builder.addObject(at: 64, type: store, bytes: 192, requestedBytes: 192)
    let texts = (0..<5).map { builder.addObject(at: UInt64(1024 + $0 * 64), type: text, bytes: 64, requestedBytes: 60) }
    for (number, object) in texts.enumerated() {
      builder.addEdge(from: holder, to: object, label: .slot(2))
      builder.setContentHash(of: object, number < 3 ? 7 : UInt64(number))
    }
    for number in 0..<3 {
      _ = builder.addObject(at: UInt64(4096 + number * 256), type: big, bytes: 160, requestedBytes: 136)
    }
    // One buffer that a view of 16 bytes pins; one that somebody else holds, too; one whose view shows most of it.
    let buffers = (0..<3).map {
      builder.addObject(at: UInt64(8192 + $0 * 512), type: array, bytes: 128, strongCount: $0 == 1 ? 2 : 1)
    }
    for (buffer, used) in zip(buffers, [16, 16, 2000]) {
      builder.add(HeapRawBlock(owner: buffer, bytes: 2048))
      builder.add(HeapSlice(buffer: buffer, holder: holder, usedBytes: used))
    }
    builder.setUnusedCapacity(of: buffers[2], bytes: 100)
    _ = builder.addObject(at: 16384, type: array, bytes: 32, flags: .emptyCollection)
    let image = builder.image()
    #expect(
      image.waste() == [
        record(.pinnedBuffers, "Array<UInt8>", "App.Store", 1, wasted: 128 + 2048 - 16, of: 128 + 2048),
        record(.duplicates, "String storage", "App.Store.names", 2, wasted: 128, of: 128),
        record(.unusedCapacity, "Array<UInt8>", "", 1, wasted: 100, of: 128),
        record(.largerClass, "App.Wide", "", 3, wasted: 96, of: 480, excess: 8),
        record(.slack, "App.Wide", "", 3, wasted: 72, of: 480),
        record(.emptyCollections, "Array<UInt8>", "", 1, wasted: 32, of: 32),
        record(.slack, "String storage", "", 5, wasted: 20, of: 320),
      ])
  }
}
