// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import NIOCore
import NIOPosix
import TestSupport

/// Work as programs do it, each for some hundred objects or more.
enum RealWork {
  // ---- Documents ----

  private struct Order: Codable, Equatable {
    var name: String
    var prices: [Double]
    var notes: [String: String]
    var parts: [Order]?
  }

  static func json() throws {
    let part = Order(name: "part", prices: [1.5, 2.25], notes: ["colour": "red, or something longer"], parts: nil)
    let orders = (0..<20).map { number in
      Order(name: "order \(number)", prices: [Double(number)], notes: [:], parts: [part, part])
    }
    let read = try JSONDecoder().decode([Order].self, from: JSONEncoder().encode(orders))
    precondition(read == orders)
    // A document that breaks off leaves the decoder by an error, from the depth.
    let broken = try JSONEncoder().encode(orders).dropLast(7)
    precondition((try? JSONDecoder().decode([Order].self, from: Data(broken))) == nil)
    _ = try JSONSerialization.jsonObject(with: JSONEncoder().encode(part))
  }

  // ---- Calls ----

  private final class Node {
    let next: Node?
    init(_ next: Node?) { self.next = next }
  }

  private static func tree(_ depth: Int) -> Int {
    depth == 0 ? 1 : [tree(depth - 1), tree(depth - 1)].reduce(Node(nil).next == nil ? 0 : 1, +)
  }

  static func recursion() {
    func chain(_ depth: Int) -> Node { depth == 0 ? Node(nil) : Node(chain(depth - 1)) }
    keepAlive(chain(100))
    precondition(tree(8) == 256)
  }

  private struct Refusal: Error {
    var reason: [Int]
  }

  private static func refuse(_ depth: Int) throws -> Node {
    guard depth > 0 else { throw Refusal(reason: [depth]) }
    do {
      return try Node(refuse(depth - 1))
    } catch let refusal as Refusal where refusal.reason.count < depth {
      throw Refusal(reason: refusal.reason + [depth])
    }
  }

  static func errors() {
    for depth in 0..<40 { precondition((try? refuse(depth)) == nil) }
  }

  /// libc calls back, from its own frames, which have no frame pointers.
  static func callbacks() {
    var numbers = (0..<100).map { ($0 * 37) % 101 }
    qsort(&numbers, numbers.count, MemoryLayout<Int>.size) { left, right in
      let both = [left, right].map { $0!.load(as: Int.self) }
      return both[0] < both[1] ? -1 : 1
    }
    precondition(numbers == (0..<100).map { ($0 * 37) % 101 }.sorted())
    let text = NSMutableString(string: "one two three")
    let expression = try? NSRegularExpression(pattern: "[a-z]+")
    expression?.enumerateMatches(in: text as String, range: NSRange(location: 0, length: text.length)) { match, _, _ in
      keepAlive([match])
    }
  }

  // ---- Concurrency ----

  private actor Counter {
    private var all: [Int] = []
    func add(_ number: Int) async -> Int {
      all.append(number)
      await Task.yield()
      keepAlive(Node(nil))
      return all.count
    }
  }

  static func actors() async {
    let counter = Counter()
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<50 { group.addTask { await counter.add(number) } }
      return await group.reduce(0) { $0 + [$1].count }
    }
    precondition(sum == 50)
    let numbers = AsyncStream<[Int]> { stream in
      for number in 0..<20 { stream.yield([number]) }
      stream.finish()
    }
    for await number in numbers { keepAlive(Node(number.isEmpty ? nil : Node(nil))) }
  }

  // Dispatch's Swift library has functions without an entry in .eh_frame: what these make is libunwind's to guess.
  private static let queue = DispatchQueue(label: "work"), others = DispatchQueue.global(), group = DispatchGroup()

  static func queues() {
    for number in 0..<50 {
      queue.async(group: group) { keepAlive([number]) }
      others.async(group: group) { keepAlive(Node(Node(nil))) }
    }
    DispatchQueue.concurrentPerform(iterations: 50) { keepAlive(Node($0 < 0 ? nil : Node(nil))) }
    queue.sync { keepAlive([1]) }
    group.wait()
  }

  // ---- Channels ----

  private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
  }

  private final class Client: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var left = 100

    func channelActive(context: ChannelHandlerContext) { send(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      precondition(unwrapInboundIn(data).readableBytes > 0)
      left -= 1
      if left > 0 { send(context) } else { context.close(promise: nil) }
    }

    private func send(_ context: ChannelHandlerContext) {
      context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: "a line\n")), promise: nil)
    }
  }

  /// A server and two clients that ask it a hundred things each.
  static func channels() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let server = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    for _ in 0..<2 {
      let client = try await ClientBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Client()) }
        }
        .connect(to: server.localAddress!).get()
      try await client.closeFuture.get()
    }
    try await server.close()
    try await group.shutdownGracefully()
  }
}
