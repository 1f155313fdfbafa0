// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer

/// Answers at a UNIX socket, on a thread of its own: one request for each connection, one after the other. A client
/// costs others at most its own turn; ``LiveLimits`` says what it may take.
package final class LiveServer: Sendable {
  package typealias Answer = @Sendable (HTTPRequest) -> HTTPResponse

  private let socket: LiveSocket

  /// Listens from now on. The file at `path` has mode 0600; see csizer_live_socket.h.
  package init(at path: String) throws(LiveSocketError) { socket = try LiveSocket(at: path) }

  deinit { socket.shut() }

  /// Serves until ``stop()``. `answer` is called on the server's thread. False when the system refuses a thread. Once.
  package func start(limits: LiveLimits = LiveLimits(), answer: @escaping Answer) -> Bool {
    Engine.startThread(named: "sizer-socket") { [socket] in
      var loop = LiveLoop(socket, limits, answer)
      loop.run()
    }
  }

  /// Nobody can connect any more, and the file is gone. Returns at once; a request that is being answered still is.
  package func stop() { socket.shut() }
}

/// What the serving thread does.
private struct LiveLoop {
  private let socket: LiveSocket
  private let limits: LiveLimits
  private let answer: LiveServer.Answer
  private var connections: [LiveConnection] = []
  /// The thread rests until then.
  private var nextWork = ContinuousClock.now
  /// Somebody knocks and can't be let in, for want of descriptors: until then nobody is.
  private var nextArrival = ContinuousClock.now

  init(_ socket: LiveSocket, _ limits: LiveLimits, _ answer: @escaping LiveServer.Answer) {
    self.socket = socket
    self.limits = limits
    self.answer = answer
  }

  mutating func run() {
    var isOpen = true
    while isOpen {
      let knocks = wait()
      expire()
      isOpen = socket.isListening && (!knocks || letIn())
      serveNext()
      sweep()
    }
    // Where the program closed the listener the file is left.
    socket.shut()
    for connection in connections { socket.drop(connection.descriptor) }
  }

  // MARK: - Waiting

  /// Waits for something to happen and does with the connections what can be done; true when somebody knocks.
  private mutating func wait() -> Bool {
    let now = ContinuousClock.now
    let hasRoom = connections.count < limits.connections || connections.contains(where: \.isIdle)
    let mayEnter = now >= nextArrival && hasRoom
    var polled = connections.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
    polled.append(pollfd(fd: mayEnter ? socket.listener : -1, events: Int16(POLLIN), revents: 0))
    let count = poll(&polled, nfds_t(polled.count), timeout(at: now))
    guard count > 0 else { return false }
    for number in connections.indices where polled[number].revents != 0 {
      // The number may be a file of the program's by now.
      if socket.holds(connections[number].descriptor) {
        connections[number].exchange(events: polled[number].revents)
      } else {
        connections[number].expel()
      }
    }
    return polled.last!.revents != 0
  }

  /// Milliseconds until something is to be done of the thread's own accord, or the listener to be looked at.
  private func timeout(at now: ContinuousClock.Instant) -> Int32 {
    var times = connections.filter { $0.request == nil }.map(\.deadline)
    if hasWork { times.append(nextWork) }
    if nextArrival > now { times.append(nextArrival) }
    times.append(now + .seconds(5))
    let (seconds, attoseconds) = max(times.min()! - now, .zero).components
    return Int32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1)
  }

  private mutating func expire() {
    let now = ContinuousClock.now
    for number in connections.indices where now >= connections[number].deadline {
      if socket.holds(connections[number].descriptor) {
        connections[number].expire()
      } else {
        connections[number].expel()
      }
    }
  }

  // MARK: - Arrivals

  /// False when the socket is over.
  private mutating func letIn() -> Bool {
    var hasCome = false
    // A flood is let in piece by piece: those who are in are looked at in between.
    for _ in 0..<limits.connections {
      if connections.count == limits.connections, !dismiss(where: { _ in true }) { return true }
      switch socket.accept() {
      case .over: return false
      case .nobody:
        if !hasCome { nextArrival = .now + .milliseconds(100) }
        return true
      case .connection(let descriptor, let peer):
        hasCome = true
        connections.append(LiveConnection(descriptor, peer: peer, limits))
        if connections.count(where: { $0.peer == peer && !$0.isOver }) > limits.connectionsOfProcess,
          !dismiss(where: { $0.peer == peer && $0.descriptor != descriptor })
        {
          connections[connections.count - 1].refuse(
            HTTPRefusal(429, "\(limits.connectionsOfProcess) requests of this process wait already; ask one by one"))
        }
        // As a rule all is there already.
        connections[connections.count - 1].exchange(events: 0)
      }
    }
    return true
  }

  /// Ends the connection that has been there longest and asked for nothing yet; false when there is none.
  private mutating func dismiss(where isMeant: (LiveConnection) -> Bool) -> Bool {
    let idle = connections.indices.filter { connections[$0].isIdle && isMeant(connections[$0]) }
    guard let oldest = idle.min(by: { connections[$0].start < connections[$1].start }) else { return false }
    socket.drop(connections[oldest].descriptor)
    connections.remove(at: oldest)
    return true
  }

  private mutating func sweep() {
    for connection in connections where connection.isOver { socket.drop(connection.descriptor) }
    connections.removeAll(where: \.isOver)
  }

  // MARK: - Work

  /// What has not been read takes memory of the program's.
  private var hasWork: Bool {
    connections.contains { $0.request != nil } && connections.reduce(0) { $0 + $1.unread } < limits.unreadBytes
  }

  /// Answers whoever has waited longest, unless the thread rests: a client that asks without end has half of its time.
  private mutating func serveNext() {
    let start = ContinuousClock.now
    guard start >= nextWork, hasWork else { return }
    let waiting = connections.indices.filter { connections[$0].request != nil }
    let next = waiting.min { connections[$0].start < connections[$1].start }!
    var request = connections[next].request!
    // RFC 9110, 9.3.2: all that GET has, but for the body.
    let isHead = request.method == "HEAD"
    if isHead { request.method = "GET" }
    let response = answer(request)
    let end = ContinuousClock.now
    nextWork = end + min(end - start, limits.longestRest)
    for number in connections.indices { connections[number].excuse(end - start) }
    guard socket.holds(connections[next].descriptor) else { return connections[next].expel() }
    connections[next].answer(response, hasBody: !isHead)
  }
}
