// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile

/// Heap images as servers have them, and what the page must say of them.
enum HeapSample {
  /// What the page must show.
  struct Expected: Encodable {
    var objects: Int
    var bytes: Int
    /// Bytes that nobody asked for.
    var slack: Int
    var types: [String: [Int]]
    var store: [String]
    var tasks: Int
    var cycle: [String]
    var site: String
  }

  static let sessions = 60

  /// A store with sessions and notes that a global holds, sessions that hold each other through a closure, tasks that
  /// wait, and what could be smaller. The leaked ones begin at this address, each with its closure 64 bytes behind it.
  static let firstLeaked: UInt64 = 0x7000_0000

  static func image(notes: Int, leaked: Int, time: UInt64, prefix: (String) -> String = { $0 }) -> HeapImage {
    var builder = HeapImageBuilder()
    builder.info.isFrozen = true
    builder.info.processID = 42
    builder.info.time = time * 1_000_000_000
    builder.threads = [HeapThread(id: 1, state: .asleep, processorTime: time)]
    builder.sizeClasses = [16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 512, 1_024, 4_096]
    func type(_ name: String, _ kind: HeapType.Kind, _ fields: [String] = []) -> Int {
      builder.add(
        HeapType(
          name: prefix(name), kind: kind,
          fields: fields.enumerated().map { .init(offset: 16 + 8 * $0.offset, label: prefix($0.element)) }))
    }
    let store = type("Shop.Store", .classInstance, [".sessions", ".notes"])
    let session = type("Shop.Session", .classInstance, [".user", ".onEnd", ".buffer"])
    let note = type("Shop.Note", .classInstance, [".text"])
    let text = type("Swift.__StringStorage", .stringStorage)
    let closure = type("closure #1 in Session.start()", .closureContext, ["capture 1"])
    let buffer = type("Swift._ContiguousArrayStorage<Swift.UInt8>", .arrayStorage)
    let task = type("Swift.Task<(), Swift.Error>", .task)
    let array = builder.add(
      HeapType(
        name: prefix("Swift._ContiguousArrayStorage<Shop.Note>"), kind: .arrayStorage,
        tail: .init(offset: 32, stride: 8, fields: [.init(offset: 0, label: "")])))
    var next: UInt64 = 0x10_0000
    func add(_ type: Int, _ bytes: Int, requested: Int? = nil, at address: UInt64? = nil) -> Int {
      next += 8_192
      return builder.addObject(at: address ?? next, type: type, bytes: bytes, requestedBytes: requested ?? bytes)
    }
    let root = add(store, 32)
    let list = add(array, 16_384)
    builder.setUnusedCapacity(of: list, bytes: 16_384 - 32 - 8 * notes)
    builder.addEdge(from: root, to: list, label: .slot(3))
    for number in 0..<notes {
      let one = add(note, 48, requested: 40)
      builder.addEdge(from: list, to: one, label: .slot(4 + number))
      let content = add(text, 64, requested: 57)
      builder.setContentHash(of: content, UInt64(number % 10))
      builder.addEdge(from: one, to: content, label: .slot(2))
    }
    for number in 0..<sessions {
      let one = add(session, 64)
      builder.addEdge(
        from: root, to: one, label: .text(builder.label(.key, prefix("user\(number)"))))
      let room = add(buffer, 4_096, requested: 4_000)
      builder.addEdge(from: one, to: room, label: .slot(4))
      if number < 4 {
        builder.add(
          HeapSlice(buffer: room, holder: one, usedBytes: 16, label: builder.label(.plain, prefix("ArraySlice<UInt8>")))
        )
      }
    }
    for number in 0..<leaked {
      let place = firstLeaked + UInt64(number) * 4_096
      let one = add(session, 64, at: place)
      let context = add(closure, 32, at: place + 64)
      builder.addEdge(from: one, to: context, label: .slot(3))
      builder.addEdge(from: context, to: one, label: .slot(2))
      builder.addEdge(from: one, to: add(buffer, 4_096, requested: 4_000, at: place + 256), label: .slot(4))
    }
    for number in 0..<12 {
      let one = add(task, 160)
      builder.add(
        HeapTask(
          object: one, state: number < 8 ? .suspended : .running, slabBytes: 4_096,
          function: builder.label(.function, prefix(number < 8 ? "Poller.wait()" : "Poller.run()")),
          creator: builder.label(.function, prefix("Server.start()")),
          frames: number < 8
            ? [builder.label(.function, prefix("Poller.wait()")), builder.label(.function, prefix("Poller.run()"))]
            : []))
    }
    for number in 0..<small { _ = add(type("Shop.Small\(number)", .classInstance), 16) }
    builder.add(HeapRoot(.global, of: root, label: builder.label(.symbol, prefix("shop.store"))))
    return builder.image()
  }

  /// Classes with one instance, which something unknown holds.
  private static let small = 5

  /// Two images, the later one with more of everything.
  static func history() -> History {
    var history = History(
      snapshots: [
        Snapshot(label: "before", timestamp: .seconds(5), trackedBytes: 40_000),
        Snapshot(
          label: "after", timestamp: .seconds(60), trackedBytes: 90_000, process: ProcessMemory(resident: 9_000_000)),
      ], names: ["Shop.Session"])
    history.snapshots[1].classes["Shop.Session"] = ClassRecord(active: 90, bytes: 90_000, share: 1)
    // As they are recorded: the class's initialiser first.
    history.traces = [
      StackTrace(frames: [
        StackTrace.Frame(
          address: 1, function: "Session.__allocating_init(user:)", file: "/srv/shop/Session.swift", line: 4,
          image: "/srv/shop/server"),
        StackTrace.Frame(
          address: 2, function: "Server.open(_:)", file: "/srv/shop/Server.swift", line: 88, image: "/srv/shop/server"),
        StackTrace.Frame(
          address: 3, function: "main", file: "/srv/shop/main.swift", line: 3, image: "/srv/shop/server"),
      ])
    ]
    for number in 0..<30 {
      history.objects.append(
        History.ObjectRow(
          name: 0, className: 0, currentClass: 0, trace: 0, address: firstLeaked + UInt64(number) * 4_096,
          birth: 1_000_000_000))
      history.sizes.append(History.SizeRow(object: UInt32(number), snapshot: 1, bytes: 3_000))
    }
    history.heaps = [
      .init(snapshot: 0, heap: RecordedHeap(image(notes: 400, leaked: 20, time: 1))),
      .init(snapshot: 1, heap: RecordedHeap(image(notes: 900, leaked: 30, time: 60))),
    ]
    return history
  }

  static var expected: Expected {
    let (notes, leaked) = (900, 30)
    let objects = 2 + 2 * notes + 2 * sessions + 3 * leaked + 12 + small
    let bytes =
      32 + 16_384 + notes * (48 + 64) + sessions * (64 + 4_096) + leaked * (64 + 32 + 4_096) + 12 * 160 + small * 16
    return Expected(
      objects: objects, bytes: bytes, slack: notes * (8 + 7) + (sessions + leaked) * 96,
      types: [
        // Objects, bytes, retained.
        "Shop.Note": [notes, notes * 48, notes * 112],
        "Shop.Session": [sessions + leaked, (sessions + leaked) * 64, (sessions + leaked) * 4_160],
        "Shop.Store": [1, 32, 32 + 16_384 + notes * 112 + sessions * 4_160],
      ],
      store: [
        "global shop.store → Shop.Store", ".notes → Swift._ContiguousArrayStorage<Shop.Note>", "[0] → Shop.Note",
      ],
      tasks: 12, cycle: ["Shop.Session", "closure #1 in Session.start()", ".onEnd", "capture 1"],
      site: "30 × Server.open(_:) Server.swift:88")
  }

  /// The same with names that try to leave their places, and an image that is damaged.
  static func hostile(_ texts: [String]) -> History {
    var history = history()
    var number = 0
    let heap = image(notes: 300, leaked: 8, time: 99) { name in
      number += 1
      return texts[number % texts.count].isEmpty ? name : texts[number % texts.count]
    }
    history.heaps[1] = .init(snapshot: 1, heap: RecordedHeap(heap))
    return history
  }

  /// A cycle of many objects, a list that is long, and more types than a page has room for.
  static func large() -> History {
    var builder = HeapImageBuilder()
    let types = (0..<6_000).map { builder.add(HeapType(name: "App.Generic<App.Type\($0)>")) }
    let all = (0..<200_000).map { number in
      builder.addObject(at: UInt64(64 + 64 * number), type: types[number * 31 % types.count], bytes: 48)
    }
    for number in 1..<all.count { builder.addEdge(from: all[(number - 1) / 3], to: all[number], label: .slot(2)) }
    builder.add(HeapRoot(.global, of: all[0]))
    let link = builder.add(HeapType(name: "App.Link", fields: [.init(offset: 16, label: ".next")]))
    let ring = (0..<3_000).map { number in
      builder.addObject(at: 1 << 32 + UInt64(64 * number), type: link, bytes: 48)
    }
    for (one, next) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
      builder.addEdge(from: one, to: next, label: .slot(2))
    }
    var history = History(snapshots: [Snapshot(label: "only", timestamp: .seconds(1))])
    history.heaps = [.init(snapshot: 0, heap: RecordedHeap(builder.image()))]
    return history
  }

  static func damaged() -> History {
    var history = history()
    var bytes = history.heaps[1].heap.bytes
    bytes[bytes.count / 2] ^= 0x40
    history.heaps[1].heap = RecordedHeap(bytes: bytes)
    return history
  }
}
