// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a process said at its live socket.
struct SocketAnswer {
  /// HTTP's status: 200 and so on.
  var status: Int
  /// What the body is: `application/json` and so on; empty when it was not said.
  var contentType: String
  var body: [UInt8]

  var isDone: Bool { (200..<300).contains(status) }

  /// Why it is not done, as the process at a path says.
  func failure(of path: String) -> Failure {
    Failure(message: problem ?? "\(path) answers \(status); see what it is")
  }
}

/// Asks a process that serves a live socket (`SIZER_SOCKET`). One connection for each question; may be used by any
/// thread.
struct SocketClient: Sendable {
  /// Where the socket is.
  let path: String
  /// How long the process may say nothing.
  var patience: Duration = .seconds(60)
  /// O_PATH of open(2), which Swift's Glibc module has not: a folder that may be passed through need not be readable.
  private static let onlyPath: Int32 = 0o10000000
  private static let mostHeader = 1 << 16
  private static let mostBody = 1 << 32

  init(path: String) { self.path = path }

  /// Of what a user gives for a file: a socket by what it is, or by `unix:` before its path. nil when it is none.
  init?(at text: String) {
    if text.hasPrefix("unix:") {
      self.init(path: String(text.dropFirst("unix:".utf8.count)))
      return
    }
    var status = stat()
    guard stat(text, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.init(path: text)
  }

  /// What the process answers with, which is a file.
  ///
  /// - Throws: ``Failure`` when it refuses, with its reason.
  func file(_ target: String) throws -> [UInt8] {
    let answer = try send("GET", target)
    guard answer.isDone else { throw answer.failure(of: path) }
    return answer.body
  }

  /// Sends one request and reads all of the answer, whatever its status says.
  ///
  /// - Parameters:
  ///   - method: `GET`, `POST` or `DELETE`.
  ///   - target: The path and what follows it: `/classes?limit=20`. Text in it is to be ``encoded(_:)``.
  /// - Throws: ``Failure`` when nobody listens, the system refuses, or the answer is none.
  func send(_ method: String = "GET", _ target: String) throws -> SocketAnswer {
    let connection = try connect()
    defer { close(connection) }
    let request = "\(method) \(target) HTTP/1.1\r\nHost: sizer\r\nConnection: close\r\n\r\n"
    // A server that has heard enough answers and closes: what it said is there to be read, whether all was sent or not.
    _ = Array(request.utf8).withUnsafeBytes { bytes in
      Glibc.send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    }
    return try readAnswer(connection)
  }

  /// Text as it may stand in a target: everything but letters, digits and `-._~*` by its bytes.
  static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "*"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += byte < 16 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  // MARK: - The connection

  private func connect() throws -> Int32 {
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard connection >= 0 else { throw failure(errno) }
    do {
      var limit = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(connection, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
      }
      try connect(connection)
    } catch {
      close(connection)
      throw error
    }
    return connection
  }

  /// An address has room for a short path only; through its folder's descriptor any path is short.
  private func connect(_ connection: Int32) throws {
    let end = path.lastIndex(of: "/")
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let name = end.map { path[path.index(after: $0)...] } ?? path[...]
    let descriptor = open(folder, Self.onlyPath | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let short = Array("/proc/self/fd/\(descriptor)/\(name)".utf8)
    guard short.count < MemoryLayout.size(ofValue: address.sun_path) else { throw failure(ENAMETOOLONG) }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short) }
    let status = withUnsafeBytes(of: &address) { bytes in
      Glibc.connect(
        connection, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
    }
    guard status == 0 else { throw failure(errno) }
  }

  private func failure(_ number: Int32) -> Failure {
    switch number {
    case ENOENT: Failure(message: "\(path) is not there; start the program with sizer run --socket or SIZER_SOCKET")
    case ECONNREFUSED: Failure(message: "nothing listens at \(path); the program has ended, or was killed")
    case EACCES, EPERM: Failure(message: "\(path) is another user's; ask as that user or as root")
    case EAGAIN: Failure(message: "\(path): the process does not answer; it may be stopped")
    default: Failure(message: "\(path): \(String(cString: strerror(number))); check the path")
    }
  }

  // MARK: - The answer

  private func readAnswer(_ connection: Int32) throws -> SocketAnswer {
    var bytes: [UInt8] = []
    var end = Self.endOfHeader(bytes)
    while end == nil, bytes.count < Self.mostHeader, try read(connection, into: &bytes) > 0 {
      end = Self.endOfHeader(bytes)
    }
    guard let end, var answer = Self.header(bytes[..<end]) else {
      throw Failure(message: "\(path) does not answer as a live socket does; check that it is one")
    }
    let length = answer.length
    answer.answer.body = Array(bytes[(end + 4)...])
    while answer.answer.body.count < length ?? Self.mostBody {
      guard try read(connection, into: &answer.answer.body) > 0 else { break }
    }
    guard answer.answer.body.count == length ?? answer.answer.body.count else {
      throw Failure(message: "\(path): the answer was cut off; the program has ended, or gave up")
    }
    return answer.answer
  }

  private static func endOfHeader(_ bytes: [UInt8]) -> Int? {
    let end = Array("\r\n\r\n".utf8)
    guard bytes.count >= end.count else { return nil }
    return (0...(bytes.count - end.count)).first { bytes[$0..<($0 + end.count)].elementsEqual(end) }
  }

  private static func header(_ bytes: ArraySlice<UInt8>) -> (answer: SocketAnswer, length: Int?)? {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
    var answer = SocketAnswer(status: status, contentType: "", body: [])
    var length: Int?
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      switch line[..<colon].lowercased() {
      case "content-type": answer.contentType = String(value)
      case "content-length":
        guard let count = Int(value), (0...mostBody).contains(count) else { return nil }
        length = count
      default: break
      }
    }
    return (answer, length)
  }

  /// How many bytes came; 0 at the end.
  private func read(_ connection: Int32, into bytes: inout [UInt8]) throws -> Int {
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { room in
      var count = recv(connection, room.baseAddress, room.count, 0)
      while count < 0, errno == EINTR { count = recv(connection, room.baseAddress, room.count, 0) }
      guard count >= 0 else { throw failure(errno) }
      bytes.append(contentsOf: room[..<count])
      return count
    }
  }
}
