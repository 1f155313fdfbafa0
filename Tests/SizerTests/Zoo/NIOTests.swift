// SPDX-License-Identifier: Apache-2.0
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Sizer
import Testing

/// A promise must be kept before it goes; the loop is in the value because a future refers to it.
private final class Promised<Value: Sendable> {
  let loop = EmbeddedEventLoop()
  let promise: EventLoopPromise<Value>
  let derived: EventLoopFuture<String>
  init(_ map: @escaping @Sendable (Value) -> String) {
    promise = loop.makePromise()
    derived = promise.futureResult.map(map)
  }
  deinit { promise.fail(CancellationError()) }
}

@Suite("SwiftNIO")
struct NIOTests {
  @Test("a byte buffer is a storage object and its bytes")
  func buffers() throws {
    try expectExact(objects: 1, rawBlocks: 1) { ByteBuffer(bytes: bytes(1000)) }
    try expectExact(objects: 1, rawBlocks: 1) { ByteBufferAllocator().buffer(capacity: number(100)) }
    try expectExact(objects: 1, rawBlocks: 1) {
      var buffer = ByteBuffer()
      for index in 0..<number(1000) { buffer.writeInteger(index) }
      return buffer
    }
  }

  @Test("an empty buffer owns nothing of its own")
  func empty() throws {
    _ = try HeapSizer().size(of: ByteBuffer())
  }

  @Test("slices and views share the bytes")
  func views() throws {
    try expectExact(objects: 1, rawBlocks: 1) { ByteBuffer(bytes: bytes(1000)).readableBytesView }
    try expectExact(objects: 2, rawBlocks: 1) {
      let buffer = ByteBuffer(bytes: bytes(1000))
      return array(buffer, buffer.getSlice(at: 10, length: 100)!, buffer.getSlice(at: 500, length: 1)!)
    }
    try expectExact(objects: 2, rawBlocks: 2) {
      (IOData.byteBuffer(ByteBuffer(bytes: bytes(10))), ByteBuffer(bytes: bytes(10)))
    }
  }

  private func unused(_ value: some Any) throws -> Int {
    try HeapSizer().histogram(of: value).reduce(0) { $0 + $1.unusedCapacityBytes }
  }

  @Test("what is behind a buffer's writer index is unused")
  func unused() throws {
    var buffer = ByteBufferAllocator().buffer(capacity: number(1_000))
    #expect(try unused(buffer) == buffer.capacity)
    buffer.writeBytes(bytes(100))
    buffer.moveReaderIndex(forwardBy: 40)
    #expect(try unused(buffer) == buffer.capacity - 100)
    #expect(try unused(Held(buffer)) == buffer.capacity - 100)
    buffer.clear()
    #expect(try unused(buffer) == buffer.capacity)
    #expect(try unused(ByteBuffer()) == 0)
  }

  @Test("of buffers that share their bytes, the one that reaches farthest says what is unused")
  func sharedRoom() throws {
    var buffer = ByteBufferAllocator().buffer(capacity: number(1_000))
    buffer.writeBytes(bytes(600))
    let (first, last) = (buffer.getSlice(at: 10, length: 50)!, buffer.getSlice(at: 500, length: 70)!)
    let room = buffer.storageCapacity
    #expect(try unused((first, last)) == room - 570)
    #expect(try unused((last, first)) == room - 570)
    #expect(try unused((last, first, buffer)) == room - 600)
    let many = (0..<600).map { index in
      var other = ByteBufferAllocator().buffer(capacity: 1_000)
      other.writeBytes(bytes(index))
      return other
    }
    let spare = many.reduce(0) { $0 + $1.capacity - $1.writerIndex }
    #expect(try unused(many) == spare + (many.capacity - many.count) * MemoryLayout<ByteBuffer>.stride)
  }

  @Test("circular buffers")
  func circular() throws {
    try expectExact(objects: 6) {
      var buffer = CircularBuffer<Leaf>(initialCapacity: number(4))
      for index in 0..<number(4) { buffer.append(Leaf(index)) }
      buffer.prepend(Leaf(9))
      return buffer
    }
    try expectExact(objects: 4) {
      var buffer = MarkedCircularBuffer<String>(initialCapacity: number(8))
      for index in 0..<number(3) { buffer.append(text(20 + index)) }
      buffer.mark()
      return buffer
    }
  }

  @Test("NIOAny, whatever is in it")
  func any() throws {
    try expectExact(objects: 1, rawBlocks: 1) { NIOAny(ByteBuffer(bytes: bytes(1000))) }
    try expectExact(objects: 1) { NIOAny(Leaf()) }
    try expectExact(objects: 1) { NIOAny(text()) }
    try expectExact(objects: 0) { NIOAny(number(3)) }
  }

  @Test("futures, promises and their callbacks")
  func futures() throws {
    let leaf = Leaf()
    try expectExactAndSome { Promised<Int> { "\($0)" } }
    try expectExactAndSome { () -> Promised<String> in
      let promised = Promised<String> { $0 + text() }
      for _ in 0..<number(5) {
        let string = text()
        promised.derived.whenComplete { _ in keepAlive(string) }
      }
      return promised
    }
    keepAlive(leaf)
  }

  @Test("a channel with its pipeline")
  func channels() throws {
    // The handlers at both ends of every pipeline are shared.
    try expectExactBesideAnother { EmbeddedChannel() }
  }

  @Test("HTTP/1 decoders own their parser's table of callbacks")
  func decoders() throws {
    try expectExact(objects: 4, rawBlocks: 1) { HTTPRequestDecoder() }
    try expectExact(objects: 4, rawBlocks: 1) { HTTPResponseDecoder() }
    try expectExactBesideAnother { ByteToMessageHandler(HTTPRequestDecoder()) }
  }

  @Test("a channel that speaks HTTP/1, in the middle of a request")
  func requests() throws {
    try expectExactBesideAnother {
      let channel = EmbeddedChannel()
      try channel.pipeline.syncOperations.configureHTTPServerPipeline()
      try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: example\r\nContent-"))
      return channel
    }
  }

  @Test("thread pools")
  func pools() throws {
    try expectExactAndSome { NIOThreadPool(numberOfThreads: number(2)) }
  }

  @Test("addresses, boxes, locks")
  func others() throws {
    try expectExact(objects: 1) { try SocketAddress(ipAddress: "127.0.0.1", port: number(80)) }
    try expectExact(objects: 2) { NIOLockedValueBox(Leaf()) }
    try expectExact(objects: 2) { NIOLockedValueBox(text()) }
    try expectExact(objects: 1) { NIOLock() }
  }
}

extension Leaf {
  fileprivate static let noone = Leaf()
}
