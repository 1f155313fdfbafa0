// SPDX-License-Identifier: Apache-2.0

/// What a client asks for, as far as the live socket looks at it.
package struct HTTPRequest: Sendable, Hashable {
  /// `GET` and so on, as it was written.
  package var method: String
  /// Decoded, from the first slash on.
  package var path: String
  /// What follows a question mark, decoded, by name.
  package var parameters: [String: String]

  package init(method: String, path: String, parameters: [String: String] = [:]) {
    self.method = method
    self.path = path
    self.parameters = parameters
  }
}

/// Why a request is not answered, in one line.
package struct HTTPRefusal: Error, Hashable {
  /// HTTP's number for it, 400 or above.
  package var status: Int
  package var message: String
  /// With 405, the methods that there are.
  package var allowed: String?

  package init(_ status: Int, _ message: String, allowed: String? = nil) {
    self.status = status
    self.message = message
    self.allowed = allowed
  }
}

extension HTTPRequest {
  /// The request that a first line asks for (RFC 9112, 3), and whether it is one of HTTP/1.1.
  static func parse(line: [UInt8]) throws(HTTPRefusal) -> (request: HTTPRequest, isCurrent: Bool) {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, HTTPText.isToken(words[0]), let version = HTTPText.visible(words[2]) else {
      throw HTTPRefusal(400, "the first line is no request; write GET / HTTP/1.1")
    }
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      throw HTTPRefusal(400, "this is HTTP/1.1; another version was asked for")
    }
    guard let target = HTTPText.visible(words[1]), let path = self.path(ofTarget: target) else {
      throw HTTPRefusal(400, "the target is no path; write one that begins with a slash")
    }
    var request = HTTPRequest(method: String(decoding: words[0], as: UTF8.self), path: "")
    let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    request.path = try decoded(parts[0], plusIsSpace: false)
    if parts.count > 1 { request.parameters = try parameters(parts[1]) }
    return (request, version == "HTTP/1.1")
  }

  /// A path alone, or behind a host that nobody looks at.
  private static func path(ofTarget target: String) -> Substring? {
    if target.hasPrefix("/") { return target[...] }
    let scheme = "http://"
    guard target.lowercased().hasPrefix(scheme) else { return nil }
    let rest = target.dropFirst(scheme.count)
    guard let end = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
    return rest[end] == "/" ? rest[end...] : "/" + rest[end...]
  }

  private static func parameters(_ text: Substring) throws(HTTPRefusal) -> [String: String] {
    var parameters: [String: String] = [:]
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try decoded(pair[0], plusIsSpace: true)
      let value = pair.count > 1 ? try decoded(pair[1], plusIsSpace: true) : ""
      guard parameters.updateValue(value, forKey: name) == nil else {
        throw HTTPRefusal(400, "the parameter \(name) is there twice; leave one out")
      }
    }
    return parameters
  }

  private static func decoded(_ text: Substring, plusIsSpace: Bool) throws(HTTPRefusal) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(HTTPText.digit), let low = rest.popFirst().flatMap(HTTPText.digit)
        else { throw HTTPRefusal(400, "a % in the target is not followed by two hexadecimal digits") }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw HTTPRefusal(400, "the target is no UTF-8")
    }
    return text
  }
}

/// What HTTP's texts are made of (RFC 9110, 5.6).
enum HTTPText {
  static func isToken(_ bytes: some Collection<UInt8>) -> Bool { !bytes.isEmpty && bytes.allSatisfy(isTokenByte) }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// Text of ASCII that is seen, without spaces; nil for any other.
  static func visible(_ bytes: ArraySlice<UInt8>) -> String? {
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
