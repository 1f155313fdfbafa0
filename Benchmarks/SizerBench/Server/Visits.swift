// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Connections to a server on this machine, which are asked in turns, one request after the other.
final class Visits {
  private static let request = Array("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8)
  private let connections: [Int32]
  private var next = 0

  init(port: UInt16, connections count: Int = 4) throws(BenchError) {
    var connections: [Int32] = []
    for _ in 0..<count {
      let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let status = withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connection >= 0, status == 0 else { throw BenchError("the server at port \(port) takes no connection") }
      connections.append(connection)
    }
    self.connections = connections
  }

  deinit { for connection in connections { close(connection) } }

  /// Asks once, and reads the answer to its end.
  func visit() throws(BenchError) {
    let connection = connections[next]
    next = (next + 1) % connections.count
    guard write(connection, Self.request, Self.request.count) == Self.request.count else {
      throw BenchError("the server takes no request")
    }
    // The page ends with the only line feed that has no carriage return before it.
    var room = [UInt8](repeating: 0, count: 4_096)
    var before: UInt8 = 0
    while true {
      let count = read(connection, &room, room.count)
      guard count > 0 else { throw BenchError("the server ended its answer early") }
      let last = room[count - 1]
      if last == UInt8(ascii: "\n"), (count > 1 ? room[count - 2] : before) != UInt8(ascii: "\r") { return }
      before = last
    }
  }
}
