// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import Sizer
import Testing
import Yams

/// A handler of ours in a channel of NIO's.
private final class Counter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  var reads = 0
  var last: ByteBuffer?
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    reads += 1
    last = unwrapInboundIn(data)
  }
}

private class Document {
  let node: Node
  init(_ node: Node) { self.node = node }
}

// One suite, one after the other: these classes are everybody's.
@Suite("Classes of other packages", .serialized)
struct OtherPackagesTests {
  @Test("channels, their handlers and contexts, made by NIO")
  func channels() throws {
    let tracker = ClassTracker()
    try tracker.track(class: EmbeddedChannel.self)
    try tracker.track(class: Counter.self, name: "Counter", trace: true)
    try tracker.track(class: ChannelHandlerContext.self)
    try tracker.track(class: ChannelPipeline.self)
    do {
      let channel = made { EmbeddedChannel(handler: Counter()) }
      try channel.writeInbound(ByteBuffer(repeating: 7, count: number(1_000)))
      let classes = try tracker.createSnapshot().classes
      #expect(classes["NIOEmbedded.EmbeddedChannel"]?.active == 1)
      #expect(classes["Counter"]?.active == 1)
      #expect(classes["NIOCore.ChannelPipeline"]?.active == 1)
      // Ours, and those at the two ends.
      #expect(classes["NIOCore.ChannelHandlerContext"]?.active == 3)
      // The handler has the buffer's bytes.
      #expect(classes["Counter"]!.bytes >= 1_024)
      _ = try channel.finish()
    }
    let classes = try tracker.createSnapshot().classes
    #expect(classes.values.allSatisfy { $0.active == 0 })
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
    let trace = try #require(tracker.objects("Counter")[0].trace)
    #expect(trace.frames.contains { $0.file == #filePath })
  }

  @Test("promises and futures, which are generic")
  func futures() throws {
    let loop = EmbeddedEventLoop()
    let tracker = ClassTracker()
    try tracker.track(class: EventLoopFuture<Int>.self)
    try tracker.track(class: EventLoopFuture<String>.self, name: "texts")
    let promise = loop.makePromise(of: Int.self)
    var mapped: EventLoopFuture<String>? = promise.futureResult.map { "\($0)" }
    let name = "NIOCore.EventLoopFuture<Swift.Int>"
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == [name: 1, "texts": 1])
    promise.succeed(1)
    #expect(try mapped?.wait() == "1")
    mapped = nil
    #expect(try tracker.active("texts") == 0)
    keepAlive(promise)
  }

  @Test("nodes and tags of a YAML document, made by its parser")
  func yaml() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Parser.self, trace: true)
    try tracker.track(class: Tag.self, name: "Tag")
    try tracker.track(class: Document.self, name: "Document", resolutionLevel: 2)
    var document: Document?
    do { document = Document(try #require(try Yams.compose(yaml: "{a: [1, 2, 3], b: {c: d}, e: \(text(50))}"))) }
    let classes = try tracker.createSnapshot().classes
    #expect(classes["Yams.Parser"]?.active == 0)
    #expect(tracker.objects("Yams.Parser").count == 1)
    #expect(classes["Document"]?.active == 1)
    #expect(classes["Tag"]!.active > 0)
    document = nil
    #expect(try tracker.createSnapshot().classes["Document"]?.active == 0)
    #expect(tracker.objects("Document")[0].records[0].referents.map(\.name) == ["node"])
    keepAlive(document)
  }
}
