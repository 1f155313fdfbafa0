// SPDX-License-Identifier: Apache-2.0
import Glibc
import SeededRandom
import SizerAgent
import Synchronization
import TestSupport
import Testing

/// The serving itself, with an answer that is known; what a process says of its heap is tried in Tests/Agent/run.
@Suite("Serving at a live socket")
struct LiveServerTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("socket") }
  private static let get = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
  private static let body = "GET /a b=c\n"

  init() throws { folder = try TemporaryFolder() }

  private func serve(
    at path: String? = nil, _ limits: LiveLimits = LiveLimits(),
    answer: @escaping LiveServer.Answer = LiveServerTests.echo
  ) throws -> LiveServer {
    let server = try LiveServer(at: path ?? self.path)
    #expect(server.start(limits: limits, answer: answer))
    return server
  }

  private static func echo(_ request: HTTPRequest) -> HTTPResponse {
    let pairs = request.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let text = ([request.method, request.path] + pairs).joined(separator: " ") + "\n"
    return HTTPResponse(contentType: "text/plain", body: .bytes(Array(text.utf8)))
  }

  private static let full =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\nCache-Control: no-store\r\n"
    + "Connection: close\r\n\r\n" + body

  private func isAnswered(within seconds: Double = 30) throws -> Bool {
    let start = ContinuousClock.now
    let isRight = try RawClient.ask(path, Self.get) == Self.full
    return isRight && ContinuousClock.now - start < .seconds(seconds)
  }

  private func status(_ answer: String) -> String {
    answer.split(separator: " ").dropFirst().first.map(String.init) ?? ""
  }

  /// What a process leaves that was killed.
  private func leaveSocket(at path: String) throws {
    try run(["python3", "-c", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path]).expectDone()
  }

  @Test("HEAD gets what GET gets, without the body")
  func head() throws {
    let server = try serve()
    defer { server.stop() }
    let asked = Self.get.replacing("GET", with: "HEAD")
    #expect(try RawClient.ask(path, asked) == String(Self.full.dropLast(Self.body.count)))
    #expect(try isAnswered())
  }

  // MARK: - The file

  @Test("nobody but the owner may connect, and the file is gone at the end")
  func life() throws {
    let server = try serve()
    var status = stat()
    #expect(lstat(path, &status) == 0)
    #expect(status.st_mode == S_IFSOCK | 0o600)
    for _ in 0..<3 { #expect(try isAnswered()) }
    server.stop()
    #expect(folder.files == [])
    #expect(throws: ChildError.self) { try RawClient(path) }
  }

  @Test("a socket that nothing listens at is replaced, one in use is not, nor what is none")
  func places() throws {
    let first = try serve()
    let refusal = #expect(throws: LiveSocketError.self) { try LiveServer(at: path) }
    #expect(refusal?.message == "\(path) is another process's, which listens there; name another one, with %p in it")
    #expect(try isAnswered())
    let other = folder.path("other")
    try leaveSocket(at: other)
    let second = try serve(at: other)
    #expect(try RawClient.ask(other, Self.get) == Self.full)
    for (name, make) in [("file", "touch"), ("folder", "mkdir")] {
      try run([make, folder.path(name)]).expectDone()
      let refusal = #expect(throws: LiveSocketError.self) { try LiveServer(at: folder.path(name)) }
      #expect(refusal?.message == "\(folder.path(name)) is there and no socket of this user's; name another place")
    }
    symlink("other", folder.path("link"))
    #expect(throws: LiveSocketError.self) { try LiveServer(at: folder.path("link")) }
    #expect(throws: LiveSocketError.self) { try LiveServer(at: folder.path("nowhere/socket")) }
    #expect(folder.files == ["file", "folder", "link", "other", "socket"])
    first.stop()
    second.stop()
    #expect(folder.files == ["file", "folder", "link"])
  }

  @Test("a file that took the place of the socket stays")
  func replaced() throws {
    let server = try serve()
    unlink(path)
    try run(["touch", path]).expectDone()
    server.stop()
    #expect(folder.files == ["socket"])
  }

  @Test("of several that start at once at one path one gets it")
  func race() throws {
    for _ in 0..<20 {
      try leaveSocket(at: path)
      let servers = Mutex<[LiveServer]>([])
      withThreads(4) { if let server = try? LiveServer(at: path) { servers.withLock { $0.append(server) } } }
      #expect(servers.withLock { $0.count } == 1)
      #expect(servers.withLock { $0[0] }.start { Self.echo($0) })
      #expect(try isAnswered())
      servers.withLock { $0[0].stop() }
    }
  }

  private func withThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    final class Work: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var threads = [pthread_t](repeating: pthread_t(), count: count)
    for number in threads.indices {
      let work = Unmanaged.passRetained(Work(body)).toOpaque()
      pthread_create(
        &threads[number], nil,
        { work in
          Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().run()
          return nil
        }, work)
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  @Test("a path may be longer than an address, for who listens and for who asks")
  func longPath() throws {
    let deep = folder.path(String(repeating: "a", count: 200))
    mkdir(deep, 0o700)
    let server = try serve(at: "\(deep)/socket")
    let ended = try sizer("attach", "\(deep)/socket", "a", "b=c")
    #expect(ended.output == Self.body)
    #expect(ended.errors == "")
    server.stop()
    #expect(rmdir(deep) == 0)
  }

  // MARK: - Clients

  @Test("what can be asked in other words is answered, too")
  func forms() throws {
    let server = try serve()
    defer { server.stop() }
    for request in [
      "GET /a?b=c HTTP/1.0\n\n", "GET http://x/a?b=c HTTP/1.1\r\nHost: x\r\n\r\nmore that nobody asked for",
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
    ] {
      #expect(try RawClient.ask(path, request).hasSuffix("\r\n\r\n\(Self.body)"))
    }
    // A client that says that it has said all is still one that listens.
    let client = try RawClient(path)
    client.send(Self.get)
    shutdown(client.descriptor, Int32(SHUT_WR))
    #expect(client.readAll() == Self.full)
  }

  @Test("rubbish gets 4xx and one line, and costs nobody else anything")
  func rubbish() throws {
    let server = try serve()
    defer { server.stop() }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<100 {
      let bytes = (0..<(1 + random.below(9_000))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let client = try RawClient(path)
      client.send(bytes)
      shutdown(client.descriptor, Int32(SHUT_WR))
      let answer = client.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 4"))
      let body = answer.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
      #expect(body.hasPrefix("{\"error\":\"") && body.hasSuffix("\"}\n") && body.count(where: \.isNewline) == 1)
    }
    #expect(try isAnswered())
  }

  @Test(
    "who sends without end is told to stop, and can read it",
    arguments: [("GET /", "414"), ("GET / HTTP/1.0\n", "431")])
  func floodOfBytes(_ start: String, _ wanted: String) throws {
    var limits = LiveLimits()
    limits.farewell = .seconds(20)
    let server = try serve(limits)
    defer { server.stop() }
    let client = try RawClient(path)
    client.send(start)
    // Clients that send before they read would not come to it.
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16)
    for _ in 0..<64 { #expect(client.send(piece) == piece.count) }
    shutdown(client.descriptor, Int32(SHUT_WR))
    #expect(status(client.readAll()) == wanted)
    #expect(try isAnswered())
  }

  @Test("who says nothing, or too slowly, is sent away, and others are answered meanwhile")
  func slow() throws {
    var limits = LiveLimits()
    limits.patience = .seconds(5)
    let server = try serve(limits)
    defer { server.stop() }
    let silent = try RawClient(path)
    let slow = try RawClient(path)
    let start = ContinuousClock.now
    for byte in Self.get.utf8 {
      guard slow.send([byte]) == 1 else { break }
      if ContinuousClock.now - start < .seconds(2) { #expect(try isAnswered(within: 4)) }
      usleep(500_000)
    }
    #expect(status(slow.readAll()) == "408")
    #expect(silent.readAll() == "")
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("who does not read what it asked for is left, and others are answered meanwhile")
  func deaf() throws {
    var limits = LiveLimits()
    limits.readingPatience = (.seconds(5), .zero)
    let large = [UInt8](repeating: UInt8(ascii: "x"), count: 20 << 20)
    let server = try serve(limits) { request in
      request.path == "/large" ? HTTPResponse(contentType: "text/plain", body: .bytes(large)) : Self.echo(request)
    }
    defer { server.stop() }
    let deaf = try RawClient(path)
    deaf.send("GET /large HTTP/1.0\n\n")
    #expect(try isAnswered(within: 4))
    sleep(8)
    let got = deaf.readAll()
    #expect(got.hasPrefix("HTTP/1.1 200 OK\r\n") && got.utf8.count < large.count)
    // Read at once it is all there.
    let whole = try RawClient.ask(path, "GET /large HTTP/1.0\n\n")
    #expect(whole.utf8.count > large.count && whole.hasSuffix(String(repeating: "x", count: large.count)))
  }

  @Test("what has not been read holds up what is not read yet, and no more than that")
  func unread() throws {
    var limits = LiveLimits()
    limits.unreadBytes = 1 << 20
    limits.readingPatience = (.seconds(5), .zero)
    let large = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
    let asked = Atomic(0)
    let server = try serve(limits) { request in
      asked.add(1, ordering: .relaxed)
      return HTTPResponse(contentType: "text/plain", body: .bytes(large))
    }
    defer { server.stop() }
    let clients = try (0..<4).map { _ in try RawClient(path) }
    for client in clients { client.send(Self.get) }
    #expect(eventually { asked.load(ordering: .relaxed) == 1 })
    usleep(300_000)
    #expect(asked.load(ordering: .relaxed) == 1)
    let last = clients[3].readAll()
    #expect(last.utf8.count > large.count)
    // Each in its turn, when the one before has been left.
    #expect(eventually { asked.load(ordering: .relaxed) == 4 })
    withExtendedLifetime(clients) {}
  }

  @Test("a client that goes away in between hurts nobody")
  func gone() throws {
    let server = try serve { request in
      usleep(request.path == "/a" ? 0 : 200_000)
      return HTTPResponse(contentType: "text/plain", body: .bytes([UInt8](repeating: 0, count: 4 << 20)))
    }
    defer { server.stop() }
    for request in ["GET /slow HTTP/1.0\n\n", "GET /a HTTP/1.0\n\n", "GET /", ""] {
      for _ in 0..<3 { try RawClient(path).send(request) }
    }
    #expect(try RawClient.ask(path, Self.get).utf8.count > 4 << 20)
  }

  @Test("connections that ask for nothing make room for those that do")
  func floodOfConnections() throws {
    let server = try serve()
    defer { server.stop() }
    var idle: [RawClient] = []
    for _ in 0..<300 {
      idle.append(try RawClient(path))
      if idle.count % 50 == 0 { #expect(try isAnswered(within: 4)) }
    }
    // Of one process so many stay; the others are sent away at once.
    let closed = idle.count { client in
      var byte: UInt8 = 0
      return recv(client.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 0
    }
    #expect(closed >= 300 - LiveLimits().connectionsOfProcess)
  }

  @Test("a process that asks for much at once is told to wait, and others are served in between")
  func floodOfRequests() throws {
    var limits = LiveLimits()
    limits.connectionsOfProcess = 4
    let server = try serve(limits) { request in
      if request.path == "/slow" { usleep(300_000) }
      return Self.echo(request)
    }
    defer { server.stop() }
    let clients = try (0..<12).map { _ in try RawClient(path) }
    for client in clients { client.send("GET /slow HTTP/1.0\n\n") }
    // Another process: it waits for four at most, and for the rest after each.
    let start = ContinuousClock.now
    let ended = try sizer("attach", path, "a", "b=c")
    #expect(ended.output == Self.body)
    #expect(ContinuousClock.now - start < .seconds(20))
    let answers = Dictionary(grouping: clients.map { status($0.readAll()) }) { $0 }.mapValues(\.count)
    #expect(answers["200"] ?? 0 >= 4)
    #expect((answers["200"] ?? 0) + (answers["429"] ?? 0) + (answers[""] ?? 0) == 12)
  }

  @Test("the thread works half of the time at most")
  func rest() throws {
    let work = Mutex((count: 0, last: ContinuousClock.now, shortest: Duration.seconds(9)))
    let server = try serve { request in
      let now = ContinuousClock.now
      work.withLock { work in
        if work.count > 0 { work.shortest = min(work.shortest, now - work.last) }
      }
      usleep(50_000)
      work.withLock { work in (work.count, work.last) = (work.count + 1, .now) }
      return Self.echo(request)
    }
    defer { server.stop() }
    for _ in 0..<6 { #expect(try isAnswered()) }
    #expect(work.withLock { $0.count } == 6)
    #expect(work.withLock { $0.shortest } >= .milliseconds(49))
  }

  @Test("a closed listener is no longer served, and what has its number then is left alone")
  func closedByHost() throws {
    var server: LiveServer? = try serve()
    #expect(try isAnswered())
    // What a program does that closes all it did not open: the one listener with this path.
    let inode = try run(["awk", "$8 == \"\(path)\" && $4 == \"00010000\" { print $7 }", "/proc/net/unix"]).output
    let number = try #require(
      (3..<1_024 as Range<Int32>).first { descriptor in
        var status = stat()
        return fstat(descriptor, &status) == 0 && "\(status.st_ino)\n" == inode
      })
    let own = try RawClient.listen(folder.path("own"))
    #expect(dup2(own, number) == number)
    close(own)
    // The thread still waits at what was there, and looks up some time.
    if let client = try? RawClient(path) {
      let start = ContinuousClock.now
      client.send(Self.get)
      #expect(client.readAll() == "")
      #expect(ContinuousClock.now - start < .seconds(30))
    }
    server?.stop()
    server = nil
    let client = try RawClient(folder.path("own"))
    usleep(300_000)
    let accepted = accept(number, nil, nil)
    #expect(accepted >= 0)
    Glibc.send(accepted, "mine", 4, 0)
    close(accepted)
    close(number)
    #expect(client.readAll() == "mine")
    #expect(folder.files == ["own"])
  }
}

extension Ended {
  fileprivate func expectDone() { #expect(status == 0, "\(errors)") }
}
