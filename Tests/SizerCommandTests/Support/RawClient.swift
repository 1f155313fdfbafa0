// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

/// A client of a UNIX socket that does as it likes.
final class RawClient {
  let descriptor: Int32

  /// - Throws: when nobody listens, or the path is longer than an address.
  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let status = try Self.withAddress(path) { connect(descriptor, $0, $1) }
    guard status == 0 else {
      let number = errno
      throw ChildError(description: "\(path): \(String(cString: strerror(number)))")
    }
    // A test that would wait for ever fails instead.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
  ) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafeBytes(of: &address) {
      body($0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
    }
  }

  /// Another's listener, to be accepted from without waiting for more than there is.
  static func listen(_ path: String) throws -> Int32 {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let listener = socket(AF_UNIX, Int32(kind), 0)
    try #require(try withAddress(path) { bind(listener, $0, $1) } == 0)
    try #require(Glibc.listen(listener, 4) == 0)
    return listener
  }

  deinit { close(descriptor) }

  /// How many bytes went.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Int { Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  @discardableResult
  func send(_ text: String) -> Int { send(Array(text.utf8)) }

  /// All that comes until the other side closes.
  func readAll() -> String { readToEnd(descriptor) }

  /// Asks and reads what is answered.
  static func ask(_ path: String, _ request: String) throws -> String {
    let client = try RawClient(path)
    client.send(request)
    return client.readAll()
  }
}
