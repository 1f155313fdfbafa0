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
      builder.add(HeapRawBlock(owner: task, bytes: 1000))
    }
    builder.add(HeapTask(object: nil, slabBytes: 10))
    let image = builder.image()
    func record(_ state: String, _ count: Int) -> TaskRecord {
      TaskRecord(
        function: "App.poll()", creator: "App.start()", state: state, bytes: count * 1256, slabBytes: count * 1000,
        retainedBytes: count * 1768, frames: ["App.poll()", "?"], count: count)
    }
    #expect(
      image.taskRecords(Dominators(of: image)) == [
        record("suspended", 2), record("running", 1),
        TaskRecord(
          function: "", creator: nil, state: "unknown", bytes: 10, slabBytes: 10, retainedBytes: 10, frames: [],
          count: 1
        ),
      ])
  }

  @Test(
    "a task that has not ended lives, whatever its counts say, and what it holds is no leak", arguments: [true, false])
  func livingTask(lives: Bool) throws {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "Task", kind: .task, fields: [.init(offset: 0, label: "frame")]))
    let window = builder.add(HeapType(name: "App.Window"))
    let task = builder.addObject(
      at: 1024, type: type, bytes: 256, strongCount: 1, flags: lives ? [.livingTask] : [])
    let held = builder.addObject(at: 2048, type: window, bytes: 512, strongCount: 1)
    // Its frames have its own address, and what they hold refers to it.
    builder.addEdge(from: task, to: task, kind: .uncertain, label: .slot(20))
    builder.addEdge(from: task, to: held, kind: .uncertain, label: .rawSlot(0))
    builder.addEdge(from: held, to: task, label: .slot(2))
    builder.add(
      HeapTask(object: task, state: lives ? .suspended : .complete, creator: builder.label(.function, "App.handle()")))
    let image = builder.image()
    #expect(image.leaks().isEmpty == lives)
    let path = PathFinder(of: image).path(to: held).description
    #expect(path.hasPrefix("task App.handle() -> frame?") == lives, "\(path)")
    let dominators = Dominators(of: image)
    #expect(dominators.holder(of: task) == (lives ? .root : .leak(group: 0)))
    // Where nothing holds them it is the group that retains both.
    #expect(dominators.retainedBytes(by: task) == (lives ? 768 : 256))
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

  @Test("what lies in containers is named by who holds these")
  func containers() {
    var builder = HeapImageBuilder()
    let cache = builder.add(HeapType(name: "App.Cache", fields: [.init(offset: 16, label: ".chunks")]))
    let array = builder.add(
      HeapType(
        name: "[[Chunk]]", kind: .arrayStorage,
        tail: .init(offset: 32, stride: 16, fields: [.init(offset: 0, label: ".part")])))
    let bytes = builder.add(HeapType(name: "[UInt8]", kind: .arrayStorage))
    let holder = builder.addObject(at: 64, type: cache, bytes: 48)
    let outer = builder.addObject(at: 1024, type: array, bytes: 96)
    let inner = (0..<2).map { builder.addObject(at: UInt64(2048 + $0 * 256), type: array, bytes: 96) }
    builder.addEdge(from: holder, to: outer, label: .slot(2))
    for (number, object) in inner.enumerated() {
      builder.addEdge(from: outer, to: object, label: .slot(4 + 2 * number))
      for element in 0..<2 {
        let buffer = builder.addObject(at: UInt64(8192 + 1024 * (2 * number + element)), type: bytes, bytes: 1024)
        builder.addEdge(from: object, to: buffer, label: .slot(4 + 2 * element))
        builder.add(HeapSlice(buffer: buffer, holder: object, usedBytes: 16))
        builder.setContentHash(of: buffer, 7)
      }
    }
    // Nobody holds the array that this one lies in.
    let lone = builder.addObject(at: 20480, type: array, bytes: 96)
    let last = builder.addObject(at: 24576, type: bytes, bytes: 512)
    builder.addEdge(from: lone, to: last, label: .slot(4))
    builder.add(HeapSlice(buffer: last, holder: lone, usedBytes: 16))
    let path = "App.Cache.chunks[].part[].part"
    #expect(
      builder.image().waste() == [
        record(.pinnedBuffers, "[UInt8]", path, 4, wasted: 4 * 1008, of: 4096),
        record(.duplicates, "[UInt8]", path, 3, wasted: 3072, of: 3072),
        record(.pinnedBuffers, "[UInt8]", "[[Chunk]][].part", 1, wasted: 496, of: 512),
      ])
  }

  @Test("values of a hash table are alike, whether their keys are told or not")
  func hashTables() {
    var builder = HeapImageBuilder()
    let cache = builder.add(HeapType(name: "App.Cache", fields: [.init(offset: 16, label: ".pages")]))
    let table = builder.add(HeapType(name: "[String: [UInt8]]", kind: .hashStorage))
    let bytes = builder.add(HeapType(name: "[UInt8]", kind: .arrayStorage))
    let holder = builder.addObject(at: 64, type: cache, bytes: 48)
    let pages = builder.addObject(at: 1024, type: table, bytes: 512)
    builder.addEdge(from: holder, to: pages, label: .slot(2))
    for number in 0..<5 {
      let page = builder.addObject(at: UInt64(4096 + number * 256), type: bytes, bytes: 96)
      builder.setContentHash(of: page, 7)
      let key = number < 2 ? HeapEdge.Label.text(builder.label(.key, "\(number)")) : .slot(8 + number)
      builder.addEdge(from: pages, to: page, label: key)
    }
    #expect(
      builder.image().waste() == [record(.duplicates, "[UInt8]", "App.Cache.pages[]", 4, wasted: 384, of: 384)])
  }
}
