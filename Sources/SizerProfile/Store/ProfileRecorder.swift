// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Writes a profile while it is recorded: what ``append(_:)`` was given is in the file when it returns, and stays there when the
/// process is killed or the disk is full. Any thread may call; one at a time is served.
package final class ProfileRecorder: Sendable {
  /// nil once it is finished.
  private let session: Mutex<Session?>
  private let origin: Origin
  /// The process that opened the file. Another that was forked from it has the same descriptors and none of the locks: what it wrote or
  /// tidied up would ruin the file.
  private let owner = getpid()

  /// A class, so that a forked process can leave it alone altogether.
  private final class Session {
    var writer: ProfileWriter

    init(_ writer: consuming ProfileWriter) { self.writer = writer }
  }

  /// Makes a file at `path`, an empty profile that only the owner may read. A file that is there is not overwritten (`alreadyExists`).
  package init(path: String, place: String = "ClassTracker.record(to:)") throws(ProfileError) {
    origin = Origin(path: path, place: place)
    let file = try FilePath(origin)
    try file.create()
    do throws(ProfileError) {
      let connection = try Connection(uri: try file.resolved().uri(), for: .writing, origin: origin)
      // Somebody who looks at the file with other tools may hold it for a moment.
      connection.wait(milliseconds: 250)
      let writer = try ProfileWriter(connection)
      // From here on with a log: readers do not wait for us, nor we for them. Before, so that the file was complete or empty.
      // The first look makes the log, which is how others know that the file is still recorded.
      try writer.connection.execute(
        "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=4194304; SELECT count(*) FROM snapshots")
      session = Mutex(Session(writer))
    } catch {
      file.remove()
      throw error
    }
  }

  deinit {
    guard getpid() != owner else { return }
    // Leaked on purpose: closing would tidy up files that are the parent's.
    session.withLockIfAvailable { session in
      if let session { _ = Unmanaged.passRetained(session) }
    }
  }

  /// Writes what came since the last delta, in one transaction: all of it is in the file afterwards, or nothing. After a failure the same
  /// delta can be tried again; one that leaves it out does not fit (`inconsistent`).
  package func append(_ delta: History.Delta) throws(ProfileError) {
    try write { (session) throws(ProfileError) in
      try session.writer.transaction { (writer) throws(ProfileError) in try writer.add(delta) }
    }
  }

  /// Puts `traces`, which now have symbols, in place of those that were recorded, and closes: the profile is one file afterwards. What
  /// was recorded stays readable if that fails, and the recorder is closed all the same. Does nothing when it is closed already.
  package func finish(traces: [StackTrace]? = nil) throws(ProfileError) {
    guard getpid() == owner else { throw forked }
    try session.withLock { (open) throws(ProfileError) in
      guard let session = open.take() else { return }
      if let traces {
        try session.writer.transaction { (writer) throws(ProfileError) in try writer.replace(traces: traces) }
      }
      try session.writer.close()
    }
  }

  private func write(_ body: (Session) throws(ProfileError) -> Void) throws(ProfileError) {
    // Before the lock: in a forked process it may be held for ever.
    guard getpid() == owner else { throw forked }
    try session.withLock { (session) throws(ProfileError) in
      guard let session else { throw origin.error(.closed, "is no longer recorded; start a new recording") }
      try body(session)
    }
  }

  private var forked: ProfileError {
    origin.error(.closed, "is recorded by the process that this one was forked from; start a recording of its own")
  }
}

extension ProfileWriter {
  /// All that `body` writes, or nothing.
  mutating func transaction(
    _ body: (inout ProfileWriter) throws(ProfileError) -> Void
  ) throws(ProfileError) {
    try begin()
    do throws(ProfileError) {
      try body(&self)
      try commit()
    } catch {
      rollback()
      throw error
    }
  }

  /// Moves the log into the file and ends it; the connection is good for nothing but closing then.
  mutating func close() throws(ProfileError) {
    guard try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0 else {
      throw origin.error(
        .busy, "is held by a reader: all is recorded, part of it in -wal, which belongs to the file now")
    }
    try connection.execute("PRAGMA journal_mode=DELETE")
  }
}
