// SPDX-License-Identifier: Apache-2.0

/// What a finished recording left.
struct Finished: Sendable {
  let path: FilePath
  let files: RecordedFiles
  let rows: [WrittenRows]

  /// Throws when it is not what was recorded. O(the file's length).
  func verify() throws(ProfileError) {
    try files.checkFinished()
    try ProfileWriter.verify(path, rows)
  }
}

/// A recording's open file. A class, so that a forked process can leave it alone altogether.
final class RecordingSession {
  private var writer: ProfileWriter
  /// Where the file really is.
  private let path: FilePath
  private var files: RecordedFiles
  /// What happened to the files: nothing is written from then on.
  private var loss: ProfileError?

  /// Fills an empty file.
  init(_ file: FilePath, _ tags: [String: String]) throws(ProfileError) {
    let connection = try Connection(uri: file.uri(), for: .writing, origin: file.origin)
    // Somebody who looks at the file with other tools may hold it for a moment.
    connection.wait(milliseconds: 250)
    var writer = try ProfileWriter(connection)
    try writer.transaction { (writer) throws(ProfileError) in try writer.add(tags: tags) }
    // From here on with a log: readers do not wait for us, nor we for them. Before, so that the file was complete or
    // empty. The first look makes the log, which is how others know that the file is still recorded.
    try writer.connection.execute(
      "PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=\(RecordedFiles.logLimit); SELECT count(*) FROM snapshots")
    try writer.waitForDisk()
    files = try RecordedFiles(profile: file, descriptors: writer.connection.descriptors)
    path = file
    self.writer = writer
  }

  /// All that `body` writes, or nothing; all of it where it belongs.
  func transaction(_ body: (inout ProfileWriter) throws(ProfileError) -> Void) throws(ProfileError) {
    try check()
    // Also when it failed: SQLite may have written to the log before it knew.
    defer { try? files.remember() }
    try writer.transaction(body)
    // Somebody may just have taken the file away. What is in it now is there once more when it is tried again
    // elsewhere.
    try lookAgain()
  }

  /// The file and its log as one file: SQLite writes each row that there is at one moment.
  func copy(operation: String) throws(ProfileError) -> OutputDraft {
    try check()
    let origin = Origin(path: path.text, operation: operation)
    let draft = try origin.translating { () throws(OutputError) in
      try OutputDraft(for: try OutputTarget(path: path.text))
    }
    let copy = try FilePath(Origin(path: draft.path, operation: operation))
    try writer.connection.execute("VACUUM INTO '\(copy.uri())'")
    return draft
  }

  /// The last to be written, and the log's part put into the file. The connection is closed next.
  func finish(traces: [StackTrace]?) throws(ProfileError) -> Finished {
    do throws(ProfileError) {
      try check()
      if let traces {
        try transaction { (writer) throws(ProfileError) in try writer.replace(traces: traces) }
      }
      try lookAgain()
      try writer.close()
      return Finished(path: path, files: files, rows: writer.committedRows)
    } catch {
      leaveWhatIsNotOurs()
      throw error
    }
  }

  /// Throws when the files are not as they were left.
  private func check() throws(ProfileError) {
    if let loss { throw loss }
    do throws(ProfileError) {
      // What others wrote may do no harm: a view of their own, the log moved into the file.
      if try files.check() {
        try ProfileWriter.verify(path, writer.committedRows)
        try files.remember()
      }
    } catch {
      // That somebody holds it, or that there are no descriptors left, passes.
      if [.notFound, .corrupted, .notAProfile, .closed].contains(error.code) { loss = error }
      throw error
    }
  }

  private func lookAgain() throws(ProfileError) {
    do throws(ProfileError) {
      _ = try files.check(afterWriting: true)
    } catch {
      loss = error
      throw error
    }
  }

  /// Closing puts the log into the file and removes what has the log's name: other files, when ours were taken away.
  func leaveWhatIsNotOurs() {
    if loss == nil { try? lookAgain() }
    if loss != nil { writer.connection.leaveLog() }
    // Leaked on purpose: closing would close what has the descriptors' numbers now.
    if !files.areOpen { _ = Unmanaged.passRetained(self) }
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
        .busy, "is held by a reader: all is recorded, part of it in -wal", "keep the two files together")
    }
    try connection.execute("PRAGMA journal_mode=DELETE")
  }
}
