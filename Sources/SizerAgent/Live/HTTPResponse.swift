// SPDX-License-Identifier: Apache-2.0
package import SizerProfile

/// What a client gets.
package struct HTTPResponse: Sendable {
  /// What an answer consists of.
  package enum Body: Sendable {
    case bytes([UInt8])
    case file(MappedFile)
    case pieces([[UInt8]])

    package var count: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .file(let file): file.count
      case .pieces(let pieces): pieces.reduce(0) { $0 + $1.count }
      }
    }

    /// What lies in one piece from a place on, for the length of the call; the place is not the end.
    func withBytes<Result>(from place: Int, _ body: (Slice<UnsafeRawBufferPointer>) -> Result) -> Result {
      switch self {
      case .bytes(let bytes): return bytes.withUnsafeBytes { body($0[place...]) }
      case .file(let file): return file.withBytes { body($0[place...]) }
      case .pieces(let pieces):
        var (number, place) = (0, place)
        while place >= pieces[number].count {
          place -= pieces[number].count
          number += 1
        }
        return pieces[number].withUnsafeBytes { body($0[place...]) }
      }
    }
  }

  package var status: Int
  package var contentType: String
  package var body: Body
  /// With 405, the methods that there are.
  package var allowed: String?

  package init(status: Int = 200, contentType: String, body: Body) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  /// One JSON object on a line, whose members `body` writes.
  package static func json(_ body: (inout JSONWriter) -> Void) -> HTTPResponse {
    var writer = JSONWriter(escapesMarkup: false)
    writer.beginObject()
    body(&writer)
    writer.endObject()
    return HTTPResponse(contentType: "application/json", body: .bytes(writer.bytes + [UInt8(ascii: "\n")]))
  }

  /// Why there is no other.
  package init(_ refusal: HTTPRefusal) {
    self = .json { $0.texts(["error": refusal.message]) }
    status = refusal.status
    allowed = refusal.allowed
  }

  /// All that comes before the body.
  var head: [UInt8] {
    var lines = [
      "HTTP/1.1 \(status) \(Self.phrases[status] ?? "Refused")", "Content-Type: \(contentType)",
      "Content-Length: \(body.count)", "Cache-Control: no-store", "Connection: close",
    ]
    if let allowed { lines.append("Allow: \(allowed)") }
    return Array(lines.map { $0 + "\r\n" }.joined().utf8) + Array("\r\n".utf8)
  }

  private static let phrases = [
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    409: "Conflict", 411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    501: "Not Implemented", 503: "Service Unavailable",
  ]
}
