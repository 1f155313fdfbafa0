// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerGraph
import Testing

/// Growth of a simulated server, which does the same work in each round: what grows in it is known.
@Suite struct GrowthTests {
  /// A server's heap after some rounds.
  private struct Server {
    /// Entries that the cache gets in each round, and nobody takes out.
    var cached = 10
    /// Links that a list gets in each round.
    var linked = 0
    /// Whether the list has all of the cache's entries, too.
    var sharesEntries = false
    /// Bytes that a raw buffer gets in each round.
    var appended = 0
    /// Cycles that are leaked in each round.
    var leaked = 0

    func image(after rounds: Int) -> HeapImage {
      var builder = HeapImageBuilder()
      var address: UInt64 = 0x10000
      func type(_ name: String, _ labels: String...) -> Int {
        builder.add(HeapType(name: name, fields: labels.enumerated().map { .init(offset: 16 + 8 * $0, label: $1) }))
      }
      func object(_ type: Int, _ bytes: Int = 64, owners: Int = 1) -> Int {
        address += UInt64(bytes + 64)
        return builder.addObject(at: address, type: type, bytes: bytes, strongCount: owners)
      }
      let (store, hash) = (type("App.Store", ".cache", ".list", ".log", ".fixed"), type("Dictionary<String, Entry>"))
      let (entry, payload) = (type("App.Entry", ".payload"), type("App.Payload"))
      let (link, log, node) = (type("App.Link", ".next", ".value"), type("App.Log"), type("App.Leaky", ".me"))
      let root = object(store)
      builder.add(HeapRoot(.global, of: root, label: builder.label(.symbol, "app.store")))
      // Requests in flight: now more, now fewer; they hang on a root that is unknown.
      for _ in 0..<[3, 9, 2, 7][rounds % 4] { _ = object(payload) }
      let storage = object(hash, 1 << 12)
      builder.addEdge(from: root, to: storage, label: .slot(2))
      let links = linked > 0 ? 5 + linked * rounds : 0
      var entries: [Int] = []
      for number in 0..<20 + cached * rounds {
        let new = object(entry, owners: sharesEntries && number < links ? 2 : 1)
        entries.append(new)
        builder.addEdge(from: storage, to: new, label: .text(builder.label(.key, "user\(number)")))
        builder.addEdge(from: new, to: object(payload, 512), label: .slot(2))
      }
      var tail = root
      for number in 0..<links {
        let new = object(link)
        builder.addEdge(from: tail, to: new, label: tail == root ? .slot(3) : .slot(2))
        if sharesEntries && number < entries.count { builder.addEdge(from: new, to: entries[number], label: .slot(3)) }
        tail = new
      }
      let text = object(log)
      builder.addEdge(from: root, to: text, label: .slot(4))
      builder.add(HeapRawBlock(owner: text, bytes: 4096 + appended * rounds))
      for _ in 0..<leaked * rounds {
        let new = object(node)
        builder.addEdge(from: new, to: new, label: .slot(2))
      }
      return builder.image()
    }

    func growth(rounds: Int = 4) -> [GrowthRecord] { HeapImage.growth(over: (1...rounds).map { image(after: $0) }) }
  }

  @Test("a cache is named by its path, and nothing below it")
  func cacheNamed() throws {
    let records = Server().growth()
    #expect(records.map(\.path) == ["global app.store -> .cache"])
    let record = try #require(records.first)
    #expect(record.typeName == "Dictionary<String, Entry>" && record.referenceCounts == [30, 40, 50, 60])
    #expect(record.objectCounts == [1, 1, 1, 1] && record.bytes == [4096, 4096, 4096, 4096])
    #expect(record.retainedBytes == 4096 + 60 * (64 + 512))
    let total = HeapHistogram(of: Server().image(after: 4)).totalBytes
    #expect(record.retainedShare == Double(record.retainedBytes) / Double(total))
  }

  @Test("places grow only by what is meant", arguments: ["App.Entry", "App.Payload", "App.Store"])
  func meant(typeName: String) {
    let images = (1...4).map { Server().image(after: $0) }
    let records = HeapImage.growth(over: images) { number, address in
      images[number].object(at: address).map { images[number][$0].type.name } == typeName
    }
    let paths = [
      "App.Entry": ["global app.store -> .cache"], "App.Payload": ["global app.store -> .cache -> []"], "App.Store": [],
    ]
    #expect(records.map(\.path) == paths[typeName])
    #expect(records.allSatisfy { $0.referenceCounts == [30, 40, 50, 60] })
  }

  @Test("what does not grow in each round is not named")
  func whatDoes() {
    #expect(Server(cached: 0).growth().isEmpty)
    var images = (1...4).map { Server().image(after: $0) }
    images[2] = images[1]
    #expect(HeapImage.growth(over: images).isEmpty)
    #expect(HeapImage.growth(over: [images[0]]).isEmpty && HeapImage.growth(over: []).isEmpty)
  }

  @Test("a list grows at one place, however long it is")
  func listGrows() {
    let records = Server(cached: 0, linked: 300).growth()
    #expect(records.map(\.path) == ["global app.store -> .list -> .next"])
    // All links but the first, which hangs on the store.
    #expect(records.first?.objectCounts == [304, 604, 904, 1204])
    #expect(records.first?.retainedBytes == 1204 * 64)
  }

  @Test("raw bytes grow, and leaked cycles do")
  func rawBytes() {
    let raw = Server(cached: 0, appended: 4096).growth()
    #expect(raw.map(\.path) == ["global app.store -> .log"])
    #expect(raw.first?.bytes == [64 + 8192, 64 + 12288, 64 + 16384, 64 + 20480])
    let leaked = Server(cached: 0, leaked: 5).growth()
    #expect(leaked.map(\.path) == ["leaked"] && leaked.map(\.typeName) == ["App.Leaky"])
    #expect(leaked.first?.retainedBytes == 20 * 64)
  }

  /// Entries that a cache and a list hold are retained by neither: each gets half of them.
  @Test("a long name that many words have costs no more than one")
  func manyWords() {
    let slots = 60_000
    func image(_ round: Int, _ name: String) -> HeapImage {
      var builder = HeapImageBuilder()
      let type = builder.add(HeapType(name: "App.Wide", fields: [.init(offset: 16, label: name)]))
      let leaf = builder.add(HeapType(name: "App.Leaf"))
      let object = builder.addObject(at: 4096, type: type, bytes: 64)
      for number in 0..<slots - 2 + round {
        let new = builder.addObject(at: 1 << 20 + UInt64(number) * 16, type: leaf, bytes: 16)
        builder.addEdge(from: object, to: new, label: .slot(2 + number))
      }
      return builder.image()
    }
    func time(_ name: String) -> Double {
      let images = [image(1, name), image(2, name)]
      let start = processorTime()
      let records = HeapImage.growth(over: images)
      #expect(records.map(\.typeName) == ["App.Wide"])
      #expect(records.map(\.referenceCounts) == [[slots - 1, slots]])
      return processorTime() - start
    }
    // Hashed for each word the long name would be 8 GB.
    let (short, long) = (time("x"), time(String(repeating: "x", count: 65_000)))
    #expect(long < 3 * short + 0.5, "\(short) s, \(long) s")
  }

  /// Seconds that this thread has had.
  private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test("many ways that have long names in common do not fill the memory")
  func longPaths() {
    let (depth, leaves) = (90, 2_000)
    func image(_ round: Int) -> HeapImage {
      var builder = HeapImageBuilder()
      let field = HeapType.Field(offset: 16, label: String(repeating: "y", count: 65_000))
      let types = (0..<depth).map { builder.add(HeapType(name: "App.T\($0)", fields: [field])) }
      var last = builder.addObject(at: 4096, type: types[0], bytes: 64)
      builder.add(HeapRoot(.global, of: last, label: builder.label(.symbol, "app.first")))
      for number in 1..<depth {
        let next = builder.addObject(at: 4096 + UInt64(number) * 64, type: types[number], bytes: 64)
        builder.addEdge(from: last, to: next, label: .slot(2))
        last = next
      }
      let leaf = builder.add(HeapType(name: "App.Leaf"))
      for number in 0..<leaves {
        let new = builder.addObject(at: 1 << 20 + UInt64(number) * 64, type: leaf, bytes: 64)
        builder.addEdge(from: last, to: new, label: .text(builder.label(.property, "leaf\(number)")))
        builder.add(HeapRawBlock(owner: new, bytes: 1024 * round + 8 * (leaves - number)))
      }
      return builder.image()
    }
    let paths = HeapImage.growth(over: [image(1), image(2)]).map(\.path)
    #expect(paths.count == leaves)
    #expect(paths.reduce(0) { $0 + $1.utf8.count } < 65 << 20)
    #expect(paths[0].hasPrefix("global app.first -> yyy") && paths[0].hasSuffix("y -> .leaf0"))
    #expect(paths[leaves - 1] == "global app.first -> … -> .leaf\(leaves - 1)")
  }

  @Test("what memory of C's holds grows at one place, wherever the memory is")
  func foreignMemory() throws {
    func image(_ round: Int) -> HeapImage {
      var builder = HeapImageBuilder()
      let (table, entry) = (builder.add(HeapType(name: "App.Table")), builder.add(HeapType(name: "App.Entry")))
      let root = builder.addObject(at: 4096, type: table, bytes: 64)
      let word = builder.label(.plain, "0x\(round)0 in a block of \(round * 16) bytes")
      builder.add(HeapRoot(.cMemory, of: root, reference: .uncertain, label: word))
      for number in 0..<round * 10 {
        let new = builder.addObject(at: 8192 + UInt64(number) * 64, type: entry, bytes: 64)
        builder.addEdge(from: root, to: new, label: .slot(2))
      }
      return builder.image()
    }
    let record = try #require(HeapImage.growth(over: (1...3).map(image)).first)
    #expect(record.path == "C memory" && record.typeName == "App.Table" && record.referenceCounts == [10, 20, 30])
  }

  @Test("what two growing places hold is divided among them")
  func whatTwo() {
    let records = Server(cached: 10, linked: 10, sharesEntries: true).growth()
    #expect(Set(records.map(\.path)) == ["global app.store -> .cache", "global app.store -> .list -> .next"])
    // 60 entries of 576 bytes in the cache. Of 45 links the first is not of the growing place: 44 entries are shared,
    // and the one of
    // the first link lives without both.
    let shared = 44 * 576 / 2
    #expect(records.first?.retainedBytes == 4096 + 15 * 576 + shared)
    #expect(records.last?.retainedBytes == 44 * 64 + shared)
  }

  /// A task whose frame has more and more words that look like references to what a global holds, and a buffer whose
  /// elements are guessed.
  private func guesses(_ stale: Int, elements: Int) -> HeapImage {
    var builder = HeapImageBuilder()
    func type(_ name: String, _ kind: HeapType.Kind) -> Int { builder.add(HeapType(name: name, kind: kind)) }
    func object(_ type: Int, at place: Int) -> Int {
      builder.addObject(at: UInt64(place) * 0x1000, type: type, bytes: 64, strongCount: 1)
    }
    let (task, buffer, held) = (
      object(type("task", .task), at: 1), object(type("App.Buffer", .managedBuffer), at: 2), type("App.Held", .other)
    )
    let known = object(held, at: 3)
    for (number, root) in [task, buffer, known].enumerated() {
      builder.add(HeapRoot(.global, of: root, label: builder.label(.symbol, "app.root\(number)")))
    }
    for slot in 0..<stale { builder.addEdge(from: task, to: known, kind: .uncertain, label: .slot(20 + slot)) }
    for number in 0..<elements {
      builder.addEdge(from: buffer, to: object(held, at: 10 + number), kind: .uncertain, label: .element(number))
    }
    return builder.image()
  }

  @Test("words in doubt grow only where nothing else leads")
  func doubtful() {
    #expect(HeapImage.growth(over: (1...4).map { guesses($0, elements: 3) }).isEmpty)
    let records = HeapImage.growth(over: (1...4).map { guesses(5 - $0, elements: $0) })
    #expect(records.map(\.path) == ["global app.root1"])
    #expect(records.first?.referenceCounts == [1, 2, 3, 4])
  }

  @Test("of images made at once the last counts, and of many some at even distances")
  func series() {
    func times(_ milliseconds: [Int]) -> [Duration] { milliseconds.map { .milliseconds($0) } }
    for (made, chosen) in [
      ([], []), ([5], [0]), ([0, 20], [0, 1]), ([0, 0, 0], [0, 1, 2]),
      // Two that prove leaks, behind a series and behind one.
      ([0, 10_000, 20_000, 20_030], [0, 1, 3]), ([0, 5_000, 5_020, 5_070], [0, 3]),
      // Rounds that take a second each, and then a long rest.
      ([0, 1_000, 2_000, 90_000], [0, 1, 2, 3]), ([0, 1, 2, 3], [0, 1, 2, 3]),
    ] as [([Int], [Int])] {
      #expect(HeapImage.series(at: times(made), atMost: 16) == chosen, "\(made)")
    }
    let many = times(Array(0..<100).map { 1_000 * $0 } + [99_001])
    #expect(HeapImage.series(at: many, atMost: 5) == [0, 24, 49, 74, 100])
    #expect(HeapImage.series(at: many, atMost: 1) == [100])
  }
}
