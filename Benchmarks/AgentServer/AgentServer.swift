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
@main
enum AgentServer {
  static func main() throws {
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
  }
}

final class Visitor: Sendable {
  let name: String
  let visits: [String: Int]

  init(_ number: Int) {
    name = "visitor number \(number), who has a name that is no small string"
    visits = ["first": number, "second": number + 1, "third": number + 2]
  }

  var page: String {
    let all = visits.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
    return "<p>\(name): \(all)</p>\n"
  }
}

final class Visitors: Sendable {
  private let kept = Mutex<(visitors: [Int: Visitor], count: Int)>(([:], 0))

  func next() -> Visitor {
    kept.withLock { kept in
      kept.count += 1
      let visitor = Visitor(kept.count)
      kept.visitors[kept.count % 1_000] = visitor
      return visitor
    }
  }
}

final class Handler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let visitors: Visitors

  init(_ visitors: Visitors) { self.visitors = visitors }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    let page = ByteBuffer(string: visitors.next().page)
    let headers = HTTPHeaders([("content-length", String(page.readableBytes)), ("content-type", "text/html")])
    let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(page))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
