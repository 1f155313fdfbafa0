// SPDX-License-Identifier: Apache-2.0
import CSizerAgent
import Glibc
import SizerGraph

/// A socket that the process listens at (csizer_live_socket.h). The file is gone with it.
final class LiveSocket: Sendable {
  /// Connections that there can be at a time.
  static let mostConnections = Int(CSIZER_LIVE_MOST_CONNECTIONS)

  enum Arrival {
    case connection(Int32, peer: pid_t)
    case nobody
    /// The socket is shut, or the program has closed it.
    case over
  }

  // unsafe: made once; the manual says which calls any thread may make.
  private nonisolated(unsafe) let handle: OpaquePointer

  /// - Throws: when there can be none, with what is wrong with the path.
  init(at path: String) throws(LiveSocketError) {
    var made: OpaquePointer?
    let outcome = csizer_live_socket_open(path, &made)
    guard outcome == CSIZER_LIVE_OPEN, let made else { throw LiveSocketError(outcome, errno, path) }
    handle = made
  }

  deinit { csizer_live_socket_close(handle) }

  /// Any thread: nobody can connect any more, the file is gone, and whoever serves sees it.
  func shut() { csizer_live_socket_shut(handle) }

  var listener: Int32 { csizer_live_socket_listener(handle) }

  /// False when the program has closed the listener.
  var isListening: Bool { csizer_live_socket_is_listening(handle) }

  func accept() -> Arrival {
    var peer = pid_t()
    let connection = csizer_live_socket_accept(handle, &peer)
    if connection >= 0 { return .connection(connection, peer: peer) }
    return connection == -1 ? .nobody : .over
  }

  func holds(_ connection: Int32) -> Bool { csizer_live_socket_holds(handle, connection) }

  func drop(_ connection: Int32) { csizer_live_socket_drop(handle, connection) }
}

/// Why there is no socket at a path.
package struct LiveSocketError: Error, Hashable {
  /// The path, what is wrong, a semicolon, and what to do.
  package var message: String

  fileprivate init(_ outcome: csizer_live_outcome, _ number: Int32, _ path: String) {
    let refusal = SystemRefusal(number: number)
    let problem =
      switch outcome {
      case CSIZER_LIVE_IN_USE: "is another process's, which listens there; name another one, with %p in it"
      case CSIZER_LIVE_FOREIGN: "is there and no socket of this user's; name another place"
      case CSIZER_LIVE_OPEN_TO_OTHERS: "can't be kept from others on this file system; name another place"
      default: "can't be made: \(refusal.reason); \(refusal.advice(or: "name a place that can be written to"))"
      }
    message = "\(path) \(problem)"
  }
}
