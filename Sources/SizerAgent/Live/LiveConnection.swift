// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A client that is being served. Nothing here waits.
struct LiveConnection {
  enum State {
    /// The request comes.
    case reading(HTTPReader)
    /// It is there and waits for its turn.
    case waiting(HTTPRequest)
    /// The answer goes; when it has gone, the rest of a request that was refused is read and dropped.
    case writing(LiveAnswer, isFarewell: Bool)
    case leaving
    case over
  }

  let descriptor: Int32
  let peer: pid_t
  let start: ContinuousClock.Instant
  private var state = State.reading(HTTPReader())
  /// When patience ends; nothing ends while it waits for its turn.
  private(set) var deadline: ContinuousClock.Instant
  private let limits: LiveLimits

  init(_ descriptor: Int32, peer: pid_t, _ limits: LiveLimits) {
    self.descriptor = descriptor
    self.peer = peer
    self.limits = limits
    start = .now
    deadline = start + limits.patience
  }

  /// What is to be looked out for: poll(2) tells of a client that has gone away in any case.
  var events: Int16 {
    switch state {
    case .reading, .leaving: Int16(POLLIN)
    case .writing: Int16(POLLOUT)
    case .waiting, .over: 0
    }
  }

  var isOver: Bool { if case .over = state { true } else { false } }

  /// The request, when it waits for its turn.
  var request: HTTPRequest? { if case .waiting(let request) = state { request } else { nil } }

  /// Whether nobody would miss an answer that was asked for.
  var isIdle: Bool {
    switch state {
    case .reading, .leaving, .over: true
    case .waiting, .writing: false
    }
  }

  /// Bytes that the client has not taken yet.
  var unread: Int { if case .writing(let answer, _) = state { answer.left } else { 0 } }

  // MARK: - What happens

  /// Takes and gives what can be now.
  mutating func exchange(events: Int16) {
    let hasGone = events & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    switch state {
    case .reading: read()
    case .leaving: leave()
    case .waiting: if hasGone { state = .over }
    case .writing: if hasGone { state = .over } else { write() }
    case .over: break
    }
  }

  /// The answer to the request that waited, as much of it as goes at once.
  mutating func answer(_ response: HTTPResponse, hasBody: Bool = true) {
    begin(response, hasBody: hasBody, isFarewell: false)
  }

  /// Says why there is no answer, and hears the client out.
  mutating func refuse(_ refusal: HTTPRefusal) { begin(HTTPResponse(refusal), isFarewell: true) }

  /// The thread was at work for so long and heard nobody.
  mutating func excuse(_ duration: Duration) { deadline += duration }

  /// Ends what took too long.
  mutating func expire() {
    switch state {
    case .reading(let reader) where reader.hasBegun:
      refuse(HTTPRefusal(408, "the request did not come in \(limits.patience.components.seconds) s"))
    case .waiting: break
    default: state = .over
    }
  }

  /// Leaves the descriptor alone: it is the program's by now.
  mutating func expel() { state = .over }

  private mutating func begin(_ response: HTTPResponse, hasBody: Bool = true, isFarewell: Bool) {
    let answer = LiveAnswer(response, hasBody: hasBody)
    state = .writing(answer, isFarewell: isFarewell)
    deadline = .now + limits.readingPatience.base + limits.readingPatience.eachMiB * (answer.left >> 20)
    write()
  }

  private mutating func read() {
    guard case .reading(var reader) = state else { return }
    withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { room in
      // One piece for a turn: who floods waits for the others.
      let count = recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
      guard count > 0 else {
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        if count == 0, reader.hasBegun {
          return refuse(HTTPRefusal(400, "the request ends before its header does; an empty line ends it"))
        }
        return state = .over
      }
      do throws(HTTPRefusal) {
        let request = try reader.add(UnsafeRawBufferPointer(rebasing: room[..<count]))
        state = request.map { .waiting($0) } ?? .reading(reader)
      } catch {
        refuse(error)
      }
    }
  }

  private mutating func write() {
    guard case .writing(var answer, let isFarewell) = state else { return }
    switch answer.send(to: descriptor) {
    case .more: state = .writing(answer, isFarewell: isFarewell)
    case .failed: state = .over
    case .done where isFarewell:
      // Closed with something unread the socket would take the answer back from a client that is still sending.
      shutdown(descriptor, Int32(SHUT_WR))
      (state, deadline) = (.leaving, .now + limits.farewell)
      leave()
    case .done: state = .over
    }
  }

  /// Until the client has heard.
  private mutating func leave() {
    withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { room in
      let count = recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { state = .over }
    }
  }
}

/// An answer on its way.
struct LiveAnswer {
  private let head: [UInt8]
  private let body: HTTPResponse.Body
  private var sent = 0

  /// - Parameter hasBody: Whether the body goes, of which the head tells in any case.
  init(_ response: HTTPResponse, hasBody: Bool) {
    head = response.head
    body = hasBody ? response.body : .bytes([])
  }

  var left: Int { head.count + body.count - sent }

  enum Outcome { case done, more, failed }

  /// As much as the socket takes now, and some 256 KiB at a time: others wait, too.
  mutating func send(to descriptor: Int32) -> Outcome {
    let turn = 1 << 18
    if sent < head.count {
      let status = head.withUnsafeBytes { Self.send($0[sent...], to: descriptor) }
      guard status > 0 else { return status == 0 ? .more : .failed }
      sent += status
      if sent < head.count { return .more }
    }
    guard left > 0 else { return .done }
    let status = body.withBytes(from: sent - head.count) { Self.send($0.prefix(turn), to: descriptor) }
    guard status >= 0 else { return .failed }
    sent += status
    return left == 0 ? .done : .more
  }

  /// How much went; below zero when the client has gone away. No signal tells that.
  private static func send(_ bytes: Slice<UnsafeRawBufferPointer>, to descriptor: Int32) -> Int {
    let piece = UnsafeRawBufferPointer(rebasing: bytes)
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    let status = Glibc.send(descriptor, piece.baseAddress, piece.count, flags)
    return status < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : status
  }
}
