// SPDX-License-Identifier: Apache-2.0

/// Reads a request of HTTP/1.1 or 1.0 (RFC 9112) from its bytes as they come, whoever sends them and in whatever
/// pieces: in time linear in their number, and in memory for one line. A body is read and dropped: no verb takes one.
package struct HTTPReader: Sendable {
  /// What is too much, in bytes; of a line without its end.
  package enum Limits {
    package static let firstLine = 4_096
    package static let line = 8_192
    /// All lines together.
    package static let head = 16_384
    package static let fields = 64
    package static let body = 4_096
  }

  private enum Part {
    case firstLine
    case fields
    case body(left: Int)
  }
  private var part = Part.firstLine
  private var line: [UInt8] = []
  private var headCount = 0
  private var fieldCount = 0
  private var hasHost = false
  private var bodyLength: Int?
  private var request = HTTPRequest(method: "", path: "")
  private var isCurrent = false

  package init() {}

  /// Whether anything of a request has come.
  package var hasBegun: Bool { headCount > 0 }

  /// Takes what came next. What follows the end of the request is not looked at.
  ///
  /// - Returns: the request when it is there as a whole.
  /// - Throws: as soon as it can become none; nothing is to be added then.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> HTTPRequest? {
    for byte in bytes {
      if case .body(let left) = part {
        part = .body(left: left - 1)
        if left == 1 { return request }
        continue
      }
      headCount += 1
      guard headCount <= Limits.head else {
        throw HTTPRefusal(431, "the header has more than \(Limits.head) bytes; send less")
      }
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        try checkLength()
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if try endLine() { return request }
      line.removeAll(keepingCapacity: true)
    }
    return nil
  }

  private func checkLength() throws(HTTPRefusal) {
    if case .firstLine = part {
      guard line.count <= Limits.firstLine else {
        throw HTTPRefusal(414, "the first line has more than \(Limits.firstLine) bytes; ask for less")
      }
    } else {
      guard line.count <= Limits.line else {
        throw HTTPRefusal(431, "a line of the header has more than \(Limits.line) bytes; send less")
      }
    }
  }

  /// Whether the request is whole.
  private mutating func endLine() throws(HTTPRefusal) -> Bool {
    switch part {
    case .firstLine:
      // RFC 9112, 2.2: an empty line may come before.
      if line.isEmpty { return false }
      (request, isCurrent) = try HTTPRequest.parse(line: line)
      part = .fields
      return false
    case .fields where line.isEmpty:
      guard hasHost || !isCurrent else { throw HTTPRefusal(400, "the header has no Host; add one, or ask by HTTP/1.0") }
      part = .body(left: bodyLength ?? 0)
      return bodyLength ?? 0 == 0
    case .fields:
      try addField()
      return false
    case .body: return true
    }
  }

  private mutating func addField() throws(HTTPRefusal) {
    fieldCount += 1
    guard fieldCount <= Limits.fields else {
      throw HTTPRefusal(431, "the header has more than \(Limits.fields) lines; send less")
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), HTTPText.isToken(line[..<colon]) else {
      throw HTTPRefusal(400, "a line of the header is no name, colon and value")
    }
    let value = line[line.index(after: colon)...]
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
      throw HTTPRefusal(400, "a line of the header has control characters")
    }
    switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
    case "host":
      guard !hasHost else { throw HTTPRefusal(400, "the header has Host twice; leave one out") }
      hasHost = true
    case "content-length": try setLength(value)
    case "transfer-encoding": throw HTTPRefusal(411, "no body is taken in pieces; send none")
    default: break
    }
  }

  private mutating func setLength(_ value: ArraySlice<UInt8>) throws(HTTPRefusal) {
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let digits = value.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    guard bodyLength == nil, !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw HTTPRefusal(400, "Content-Length is no number, or there twice")
    }
    let length = digits.reduce(0) { sum, digit in min(sum * 10 + Int(digit - 0x30), Limits.body + 1) }
    guard length <= Limits.body else {
      throw HTTPRefusal(413, "the body has more than \(Limits.body) bytes; none is needed")
    }
    bodyLength = length
  }
}
