// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import SizerAgent
import Testing

@Suite("Requests at the live socket")
struct HTTPReaderTests {
  private enum Outcome: Hashable {
    case request(HTTPRequest)
    case refused(Int)
    case unfinished
  }

  /// What comes of bytes that arrive in pieces of these lengths, repeated.
  private func read(_ bytes: [UInt8], pieces: [Int] = [.max]) -> Outcome {
    var reader = HTTPReader()
    var rest = bytes[...]
    var turn = 0
    do {
      while !rest.isEmpty {
        let piece = Array(rest.prefix(max(1, pieces[turn % pieces.count])))
        rest = rest.dropFirst(piece.count)
        turn += 1
        if let request = try piece.withUnsafeBytes({ try reader.add($0) }) { return .request(request) }
      }
      return .unfinished
    } catch {
      guard let error = error as? HTTPRefusal else {
        Issue.record("refused by \(error)")
        return .unfinished
      }
      #expect((400..<500).contains(error.status))
      #expect(!error.message.isEmpty && !error.message.contains(where: \.isNewline))
      return .refused(error.status)
    }
  }

  private func read(_ text: String) -> Outcome { read(Array(text.utf8)) }

  @Test(
    "a request is its method, its path and what stands behind a question mark",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", [:]),
      ("GET / HTTP/1.0\r\n\r\n", "GET", "/", [:]),
      ("\r\nGET / HTTP/1.0\n\n", "GET", "/", [:]),
      ("POST /a?b=c&d&=e HTTP/1.1\r\nhOST:\r\nX:\t y z \r\n\r\n", "POST", "/a", ["b": "c", "d": "", "": "e"]),
      ("GET /why?to=%41.B%3cInt%3E+x=y HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/why", ["to": "A.B<Int> x=y"]),
      ("GET /a+b%20%c3%A4? HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a+b ä", [:]),
      ("GET http://host:80/a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a", ["b": "c"]),
      ("GET HTTP://host?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", ["b": "c"]),
      ("GET http://host HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", [:]),
      ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "PUT", "/", [:]),
      ("PUT / HTTP/1.1\r\nHost: x\r\ncontent-length:  0\t\r\n\r\nmore", "PUT", "/", [:]),
    ] as [(String, String, String, [String: String])])
  func requests(_ text: String, _ method: String, _ path: String, _ parameters: [String: String]) {
    #expect(read(text) == .request(HTTPRequest(method: method, path: path, parameters: parameters)))
  }

  @Test(
    "what is no request is refused",
    arguments: [
      ("\u{0}\u{1}\u{2}\n", 400), ("GET\n", 400), ("GET /\n", 400), ("GET  / HTTP/1.1\n", 400),
      ("GET / HTTP/1.1 \n", 400), (" GET / HTTP/1.1\n", 400), ("G(T / HTTP/1.1\n", 400), ("GET / HTTP/2\n", 400),
      ("GET / http/1.1\n", 400), ("GET * HTTP/1.1\n", 400), ("GET a HTTP/1.1\n", 400), ("GET /ä HTTP/1.1\n", 400),
      ("GET /\u{7F} HTTP/1.1\n", 400), ("GET /%4 HTTP/1.1\n", 400), ("GET /%zz HTTP/1.1\n", 400),
      ("GET /%00 HTTP/1.1\n", 400), ("GET /%ff HTTP/1.1\n", 400), ("GET /?a=1&a=2 HTTP/1.1\n", 400),
      ("GET /\rx HTTP/1.1\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
      ("GET / HTTP/1.1\r\nHost\r\n", 400), ("GET / HTTP/1.1\r\nHost : a\r\n", 400), ("GET / HTTP/1.1\r\n: a\r\n", 400),
      ("GET / HTTP/1.1\r\nA: b\r\n c\r\n", 400), ("GET / HTTP/1.1\r\nA: b\rc\r\n", 400),
      ("GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n", 400), ("GET / HTTP/1.1\r\nContent-Length: -1\r\n", 400),
      ("GET / HTTP/1.1\r\nContent-Length:\r\n", 400),
      ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
      ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
      ("GET / HTTP/1.1\r\nContent-Length: 4097\r\n", 413),
      ("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n", 413),
    ] as [(String, Int)])
  func refusals(_ text: String, _ status: Int) {
    #expect(read(text) == .refused(status))
  }

  @Test("what is too much is refused before it ends, and the most there may be is not")
  func limits() {
    func line(_ count: Int) -> String { "GET /" + String(repeating: "a", count: count - 14) + " HTTP/1.1" }
    let most = HTTPReader.Limits.firstLine
    #expect(read(line(most)) == .unfinished)
    #expect(read(line(most + 1)) == .refused(414))
    let start = "GET / HTTP/1.1\nHost: a\n"
    func field(_ count: Int) -> String { "A: " + String(repeating: "a", count: count - 3) }
    #expect(read(start + field(HTTPReader.Limits.line)) == .unfinished)
    #expect(read(start + field(HTTPReader.Limits.line + 1)) == .refused(431))
    let fields = String(repeating: "A: b\n", count: HTTPReader.Limits.fields - 1)
    #expect(read(start + fields + "\n") == .request(HTTPRequest(method: "GET", path: "/")))
    #expect(read(start + fields + "A: b\n") == .refused(431))
    #expect(read(String(repeating: "\n", count: HTTPReader.Limits.head)) == .unfinished)
    #expect(read(String(repeating: "\n", count: HTTPReader.Limits.head + 1)) == .refused(431))
    let body = "POST / HTTP/1.0\nContent-Length: 4096\n\n" + String(repeating: "b", count: 4_095)
    #expect(read(body) == .unfinished)
    #expect(read(body + "b") == .request(HTTPRequest(method: "POST", path: "/")))
  }

  private static var seed: UInt64 {
    let given = ProcessInfo.processInfo.environment["SIZER_FUZZ_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("requests: SIZER_FUZZ_SEED=\(seed) repeats this run")
    return seed
  }

  @Test("what a client writes is what is read, in whatever pieces it comes")
  func models() {
    var random = SeededGenerator(seed: Self.seed)
    for _ in 0..<3_000 {
      let model = Self.model(&random)
      let bytes = Self.written(model, &random)
      let pieces = (0...3).map { _ in 1 + random.below(40) }
      #expect(read(bytes, pieces: pieces) == .request(model))
      // Cut short it is no request yet, or refused only for what is there.
      #expect(read(bytes.dropLast(1 + random.below(bytes.count - 1))) == .unfinished)
    }
  }

  @Test("whatever comes is a request, a refusal or unfinished, and does not depend on the pieces")
  func rubbish() {
    var random = SeededGenerator(seed: Self.seed)
    for _ in 0..<20_000 {
      var bytes = random.chance(0.1) ? [] : Self.written(Self.model(&random), &random)
      for _ in 0...random.below(4) {
        let place = random.below(bytes.count + 1)
        let end = min(bytes.count, place + random.below(4))
        let interesting = Array("\r\n %:?&=/\0\u{7F}\t".utf8) + [0xFF, UInt8(random.below(256))]
        let new = (0..<random.below(5)).map { _ in interesting[random.below(interesting.count)] }
        bytes.replaceSubrange(place..<end, with: new)
      }
      let whole = read(bytes)
      #expect(read(bytes, pieces: [1]) == whole)
      #expect(read(bytes, pieces: [1 + random.below(30), 1 + random.below(5)]) == whole)
    }
  }

  private static let texts = ["", "a", "limit", "App.Box<Int>", "ä ö%", "a/b", "=&?#", "+", "日本", "\t\"\\"]

  private static func model(_ random: inout SeededGenerator) -> HTTPRequest {
    var request = HTTPRequest(method: ["GET", "POST", "DELETE", "X-Y"][random.below(4)], path: "/")
    request.path += (0..<random.below(3)).map { _ in texts[random.below(texts.count)] }.joined(separator: "/")
    for _ in 0..<random.below(4) {
      request.parameters[texts[random.below(texts.count)]] = texts[random.below(texts.count)]
    }
    return request
  }

  /// As clients write it, each in its way.
  private static func written(_ request: HTTPRequest, _ random: inout SeededGenerator) -> [UInt8] {
    func escaped(_ text: String, _ random: inout SeededGenerator) -> String {
      text.utf8.map { byte in
        let isPlain = (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "/")
        if isPlain, random.chance(0.9) { return String(UnicodeScalar(byte)) }
        return "%" + String(format: random.chance(0.5) ? "%02x" : "%02X", byte)
      }.joined()
    }
    let pairs = request.parameters.sorted { $0.key < $1.key }.map { name, value in
      let pair = escaped(name, &random) + "=" + escaped(value, &random)
      return value.isEmpty && !name.isEmpty && random.chance(0.5) ? String(pair.dropLast()) : pair
    }
    let query = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    let end = random.chance(0.8) ? "\r\n" : "\n"
    let path = "/" + escaped(String(request.path.dropFirst()), &random)
    let host = ["Host: x", "host:", "HOST: \t a.b "][random.below(3)]
    let lines = ["\(request.method) \(path)\(query) HTTP/1.1", host, "User-Agent: a (b; c)", ""]
    return Array(lines.map { $0 + end }.joined().utf8)
  }
}
