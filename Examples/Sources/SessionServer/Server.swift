// SPDX-License-Identifier: Apache-2.0

/// A user who is logged in.
final class Session {
  let user: String
  /// What is to be done when the user leaves.
  var onEnd: (() -> String)?

  init(user: String) { self.user = user }
}

/// Answers `login USER` and `logout USER`, one line each.
public final class Server {
  private var sessions: [String: Session] = [:]
  private let hasLeak: Bool

  /// - Parameter hasLeak: whether it has the leak that this example is about, or the cure.
  public init(hasLeak: Bool) { self.hasLeak = hasLeak }

  /// The answer to a line.
  public func answer(_ request: String) -> String {
    let words = request.split(separator: " ").map(String.init)
    guard words.count == 2 else { return "what?" }
    switch words[0] {
    case "login": return logIn(words[1])
    case "logout": return logOut(words[1])
    default: return "what?"
    }
  }

  private func logIn(_ user: String) -> String {
    let session = Session(user: user)
    if hasLeak {
      session.onEnd = { "bye, \(session.user)" }  // the session holds the closure, and the closure the session
    } else {
      session.onEnd = { [unowned session] in "bye, \(session.user)" }
    }
    sessions[user] = session
    return "hello, \(user)"
  }

  private func logOut(_ user: String) -> String {
    guard let session = sessions.removeValue(forKey: user) else { return "who?" }
    return session.onEnd?() ?? "bye"
  }
}
