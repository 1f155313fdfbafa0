// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small server that knows nothing of Sizer: SizerBench measures what profiling adds to its requests.
///
/// It listens on the loopback at a port that its first line names, answers GET with a page about a visitor whom it
/// keeps for as long as a thousand others come, and ends at the end of its input.
public struct VisitorServer {
  /// What it makes objects of for each request.
  public static let classesOfRequests: [AnyClass] = [Visitor.self, Visit.self, Row.self]
  /// How many: a visitor, who stays for a while, and a visit and its rows, which end with the answer.
  public static let objectsPerRequest = 2 + Visitor.visits.count

  /// One that does not listen yet.
  public init() {}

  /// Runs to the end of its input, and tells how many requests it has answered.
  public func run() throws -> Int {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let visitors = Visitors()
    let channel = try ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(visitors))
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    print(channel.localAddress?.port ?? 0)
    fflush(nil)
    while readLine() != nil {}
    try channel.close().wait()
    try group.syncShutdownGracefully()
    return visitors.count
  }
}

final class Visitor: Sendable {
  static let visits = ["first", "second", "third"]
  let name: String
  let visits: [String: Int]

  init(_ number: Int) {
    name = "visitor number \(number), who has a name that is no small string"
    visits = Dictionary(uniqueKeysWithValues: zip(Self.visits, number...))
  }
}

final class Visitors: Sendable {
  private let kept = Mutex<(visitors: [Int: Visitor], count: Int)>(([:], 0))

  var count: Int { kept.withLock { $0.count } }

  func next() -> Visitor {
    kept.withLock { kept in
      kept.count += 1
      let visitor = Visitor(kept.count)
      kept.visitors[kept.count % 1_000] = visitor
      return visitor
    }
  }
}

/// What a request is answered with; gone when it is.
final class Visit {
  private let visitor: Visitor
  private let rows: [Row]

  init(_ visitor: Visitor) {
    self.visitor = visitor
    rows = visitor.visits.map(Row.init).sorted { $0.title < $1.title }
  }

  var page: String { "<p>\(visitor.name): \(rows.map(\.text).joined(separator: ", "))</p>\n" }
}

final class Row {
  let title: String
  private let number: Int

  init(_ title: String, _ number: Int) {
    self.title = title
    self.number = number
  }

  var text: String { "\(title) \(number)" }
}

final class Handler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let visitors: Visitors

  init(_ visitors: Visitors) { self.visitors = visitors }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    let page = ByteBuffer(string: Visit(visitors.next()).page)
    let headers = HTTPHeaders([("content-length", String(page.readableBytes)), ("content-type", "text/html")])
    let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(page))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
