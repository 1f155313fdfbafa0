// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Writes a profile while it is recorded: what ``append(_:)`` was given is in the file when it returns, and stays there
/// when the process is killed or the disk is full. Any thread may call; one at a time is served.
package final class ProfileRecorder: Sendable {
  /// nil once it is finished.
  private let session: Mutex<RecordingSession?>
  private let origin: Origin
  /// The process that opened the file. Another that was forked from it has the same descriptors and none of the locks:
  /// what it wrote or tidied up would ruin the file.
  private let owner = getpid()

  /// Makes a file at `path`, a profile that only the owner may read and that holds no more than `tags`. A file that is
  /// there is not overwritten (`alreadyExists`).
  package init(
    path: String, tags: [String: String] = [:], operation: String = "ClassTracker.record(to:tags:)"
  ) throws(ProfileError) {
    origin = Origin(path: path, operation: operation)
    let file = try FilePath(origin)
    let opened = try holdingSignals { () throws(ProfileError) in
      try file.create()
      do throws(ProfileError) {
        return try RecordingSession(try file.resolved(), tags)
      } catch {
        file.remove()
        throw error
      }
    }
    session = Mutex(opened)
  }

  deinit {
    guard getpid() == owner else {
      // Leaked on purpose: closing would tidy up files that are the parent's.
      session.withLockIfAvailable { session in
        if let session { _ = Unmanaged.passRetained(session) }
      }
      return
    }
    // Closing writes, too. Nobody else is here any more.
    session.withLockIfAvailable { session in
      holdingSignals {
        session?.leaveWhatIsNotOurs()
        session = nil
      }
    }
  }

  /// Writes what came since the last delta, in one transaction: all of it is in the file afterwards, or nothing. After
  /// a failure the same delta can be tried again; one that leaves it out does not fit (`inconsistent`).
  ///
  /// Once the file or its log was removed, renamed, replaced, cut or overwritten, nothing is written any more, and each
  /// call says so (`notFound`, `corrupted`; `closed` when the program closed descriptors that it did not open).
  package func append(_ delta: History.Delta) throws(ProfileError) {
    try write { (session) throws(ProfileError) in
      try session.transaction { (writer) throws(ProfileError) in try writer.add(delta) }
    }
  }

  /// All that is in the file by now, in one file beside it, which is gone with what is returned.
  package func copy(operation: String) throws(ProfileError) -> OutputDraft {
    var draft: OutputDraft?
    try write { (session) throws(ProfileError) in draft = try session.copy(operation: operation) }
    return draft!
  }

  /// Puts `traces`, which now have symbols, in place of those that were recorded, and closes: the profile is one file
  /// afterwards, which is read once more to be sure of it. What was recorded stays readable if that fails, and the
  /// recorder is closed all the same. Does nothing when it is closed already.
  package func finish(traces: [StackTrace]? = nil) throws(ProfileError) {
    guard getpid() == owner else { throw forked }
    try holdingSignals { () throws(ProfileError) in
      let finished = try session.withLock { (open) throws(ProfileError) in
        // Closed when it is released: here, where signals are held.
        try open.take()?.finish(traces: traces)
      }
      try finished?.verify()
    }
  }

  private func write(_ body: (RecordingSession) throws(ProfileError) -> Void) throws(ProfileError) {
    // Before the lock: in a forked process it may be held for ever.
    guard getpid() == owner else { throw forked }
    try holdingSignals { () throws(ProfileError) in
      try session.withLock { (session) throws(ProfileError) in
        guard let session else { throw origin.error(.closed, "is no longer recorded", "start a new recording") }
        try body(session)
      }
    }
  }

  private var forked: ProfileError {
    origin.error(
      .closed, "is recorded by the process that this one was forked from", "start a recording of this one's own")
  }
}
