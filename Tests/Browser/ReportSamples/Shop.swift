// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerProfile

/// A profile such as people have: a web shop's server with a cache that grows, requests that come and go, and a leak.
enum Shop {
  static let pair = (from: 4, to: 20)
  private static let second: Int64 = 1_000_000_000

  static func builder() -> SampleBuilder {
    var builder = SampleBuilder(snapshots: snapshots(), pair: pair)
    var random = SeededGenerator(seed: 7)
    addCache(to: &builder, &random)
    addRequests(to: &builder, &random)
    addSessions(to: &builder, &random)
    addSmallClasses(to: &builder)
    addSlabs(to: &builder)
    return builder
  }

  /// Two snapshots were asked for slabs: each class has some that are emptier than the next one's, and one has objects
  /// in none.
  private static func addSlabs(to builder: inout SampleBuilder) {
    for position in [20, 23] {
      for (rank, name) in builder.expected.keys.sorted().enumerated() {
        let active = builder.expected[name]?.active[position] ?? 0
        let unknown = name == "Shop.CachedImage" ? 17 : 0
        let slabs = (active - unknown + 5) / 6
        builder.pin(
          name, at: position,
          SlabUse(
            objectCount: active - unknown, objectBytes: (active - unknown) * 512, slabCount: slabs,
            slabBytes: slabs * 16_384, takenBytes: slabs * (3_000 + rank * 1_000), unresolvedCount: unknown))
      }
    }
  }

  private static func snapshots() -> [Snapshot] {
    (0..<24).map { position in
      let labels = [0: "started", 6: "morning peak", 12: "cache warm", 20: "after deploy", 23: "end"]
      return Snapshot(
        label: labels[position] ?? "", timestamp: .seconds(position * 30 + 5),
        overheadBytes: 410_000 + position * 2_100,
        mode: position % 2 == 0 ? .frozen : .inPlace, pause: .microseconds(310 + position * 7),
        skippedCount: position == 9 ? 2 : 0, unresolvedCount: position == 14 ? 1 : 0,
        process: ProcessMemory(
          virtual: 1_290_000_000, resident: 24_000_000 + position * 430_000, data: 210_000_000, stack: 140_000,
          code: 5_300_000, shared: 11_000_000, minorFaults: 9_000 + position * 900, majorFaults: 3,
          peakResident: 26_000_000 + position * 430_000, cgroupCurrent: 30_000_000 + position * 500_000,
          cgroupLimit: 48_000_000, cgroupPeak: 31_000_000 + position * 500_000),
        ladder: ladder(position))
    }
  }

  /// Adds up to the resident memory; its rest is positive at first and negative later.
  private static func ladder(_ position: Int) -> MemoryLadder {
    MemoryLadder(
      resident: 24_000_000 + position * 430_000, objects: 40_000 + position * 120_000,
      rawBlocks: 20_000 + position * 25_000,
      otherBlocks: 3_100_000, threadCaches: 240_000, dirtyPages: 1_900_000 - position * 20_000, muzzyPages: 96_000,
      allocatorMetadata: 2_400_000, unusedInPages: 700_000 + position * 11_000, stacks: 310_000,
      mappedFiles: 10_200_000,
      copiedFilePages: 3_000_000 + position * 400_000, profiler: 410_000 + position * 2_100)
  }

  private static func frame(_ function: String, _ file: String, _ line: Int) -> StackTrace.Frame {
    StackTrace.Frame(
      address: 0x55_5500_0000 + UInt64(line), function: function, file: "/srv/shop/Sources/Shop/\(file)", line: line,
      image: "/srv/shop/bin/Shop", imageOffset: UInt64(line))
  }

  private static let outer = [
    frame("Router.dispatch(_:)", "Router.swift", 61),
    frame("HTTPHandler.channelRead(context:data:)", "HTTPHandler.swift", 112),
    frame("Server.run()", "Server.swift", 40), frame("main", "main.swift", 9),
  ]

  private static func addCache(to builder: inout SampleBuilder, _ random: inout SeededGenerator) {
    let load = builder.trace(
      [frame("ImageCache.load(_:)", "ImageCache.swift", 33), frame("Catalogue.image(for:)", "Catalogue.swift", 88)]
        + outer)
    let warm = builder.trace([
      frame("ImageCache.load(_:)", "ImageCache.swift", 33), frame("ImageCache.warmUp()", "ImageCache.swift", 71),
      outer[2], outer[3],
    ])
    for number in 0..<620 {
      let birth = Int64(number) * second * 700 / 620
      let size = 1 << Int.random(in: 9...13, using: &random) + Int.random(in: 0...900, using: &random)
      builder.add("Shop.CachedImage", birth: birth, trace: number % 3 == 0 ? warm : load) { _ in size }
    }
    builder.add(
      "Shop.ImageCache", birth: second,
      trace: builder.trace([frame("ImageCache.init()", "ImageCache.swift", 12), outer[3]]),
      tree: { snapshot in
        [
          SizeNode(
            name: "entries", typeName: "Swift.Dictionary<Swift.String, Shop.CachedImage>",
            bytes: 9_000 + snapshot * 900, flatBytes: 8_000),
          SizeNode(name: "lock", typeName: "Foundation.NSLock", bytes: 112, flatBytes: 112),
          SizeNode(
            name: "history", typeName: "Swift.Array<Shop.Hit>", bytes: 4_000 * snapshot, flatBytes: 1_000 * snapshot,
            children: (0..<30).map {
              SizeNode(name: "[\($0)]", typeName: "Shop.Hit", bytes: 100 * snapshot, flatBytes: 64 * snapshot)
            }),
        ]
      }
    ) { 9_160 + $0 * 4_900 }
  }

  private static func addRequests(to builder: inout SampleBuilder, _ random: inout SeededGenerator) {
    let sites = ["checkout(_:)", "search(_:)", "product(_:)", "basket(_:)"].enumerated().map { number, name in
      builder.trace(
        [
          frame("Request.init(head:)", "Request.swift", 18),
          frame("ShopController.\(name)", "ShopController.swift", 40 + number * 37),
        ] + outer)
    }
    for number in 0..<2_400 {
      let birth = Int64(number) * second * 700 / 2_400
      let life = Int64.random(in: 1...80, using: &random) * second
      let size = 416 + 16 * Int.random(in: 0...40, using: &random)
      builder.add("Shop.Request", birth: birth, end: birth + life, trace: sites.randomElement(using: &random)!) { _ in
        size
      }
    }
  }

  private static func addSessions(to builder: inout SampleBuilder, _ random: inout SeededGenerator) {
    let site = builder.trace(
      [frame("Session.init(user:)", "Session.swift", 22), frame("Login.accept(_:)", "Login.swift", 54)] + outer)
    for number in 0..<300 {
      let birth = Int64(number) * second * 2
      let isLeaked = number % 4 == 0
      let growth = Int.random(in: 8...60, using: &random) * 16
      let type = number % 10 == 0 ? "Shop.AdminSession" : nil
      builder.add(
        "Shop.Session", type: type, birth: birth, end: isLeaked ? .max : birth + 90 * second, isDead: number % 7 != 0,
        trace: site,
        tree: { snapshot in
          [
            SizeNode(
              name: "user", typeName: "Shop.User", bytes: 304, flatBytes: 96,
              children: [
                SizeNode(name: "name", typeName: "Swift.String", bytes: 48, flatBytes: 48),
                SizeNode(name: "address", typeName: "Shop.Address", bytes: 160, flatBytes: 160),
              ]),
            SizeNode(
              name: "visited", typeName: "Swift.Array<Foundation.URL>", bytes: growth * (snapshot + 1), flatBytes: 64),
          ]
        }
      ) { 368 + growth * ($0 + 1) }
    }
  }

  private static func addSmallClasses(to builder: inout SampleBuilder) {
    let names = [
      "Connection", "Timer", "Template", "Route<Shop.Product>", "Logger", "Metrics.Counter", "Template.Node",
    ]
    for (rank, name) in names.enumerated() {
      for number in 0..<(40 - rank * 4) {
        builder.add("Shop.\(name)", birth: Int64(number) * second * 4) { _ in 64 * (7 - rank) + 16 * (number % 5) }
      }
    }
  }
}
