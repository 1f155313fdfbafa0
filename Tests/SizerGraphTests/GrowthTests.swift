// SPDX-License-Identifier: Apache-2.0
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
}
