// SPDX-License-Identifier: Apache-2.0
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
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
