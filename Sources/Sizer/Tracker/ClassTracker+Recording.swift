// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Starts to record into a new file: from now on each snapshot is in the file when ``createSnapshot(_:mode:)`` returns, and stays there
  /// when the process is killed. Snapshots taken before are not in it; all objects are.
  ///
  /// A snapshot that the file does not take (a full disk) is written with the next one; until then `createSnapshot` throws
  /// `notWritten`, though the snapshot is in ``statistics``. Stacks get names and lines when the recording stops.
  /// - Parameter path: where no file is yet; it gets mode 0600.
  /// - Throws: `alreadyExists` and what else keeps a file from being made; `closed` when the tracker is closed; `busy` while it
  ///   records already.
  public func record(to path: String) throws(ProfileError) {
    let place = "ClassTracker.record(to:)"
    guard let lifetimes = try? lifetimes.get(), state.withLock({ !$0.isClosed }) else {
      throw ProfileError(code: .closed, message: "the tracker is closed; make a new one", place: place)
    }
    // A snapshot that is under way is not yet the recording's.
    try snapshotting.withLock { (_) throws(ProfileError) in
      try recording.withLock { (recording) throws(ProfileError) in
        guard recording == nil else {
          throw ProfileError(
            code: .busy, message: "the tracker records already; stop that recording first", place: place)
        }
        let recorder = try ProfileRecorder(path: path)
        recording = state.withLock { $0.isClosed ? nil : Recording(recorder, $0, lifetimes) }
      }
    }
  }

  /// Ends the recording: stacks get names and lines, the profile is one file. Nothing happens when none is under way.
  ///
  /// - Throws: `full`, `ioFailure`; what was recorded stays readable, and the recording has ended all the same.
  public func stopRecording() throws(ProfileError) {
    try recording.withLock { (recording) throws(ProfileError) in
      guard var ended = recording.take() else { return }
      if let lifetimes = try? lifetimes.get() {
        state.withLock { ended.note(nil, $0, lifetimes) }
      }
      try ended.finish()
    }
  }
}

extension ClassTracker {
  /// Adds a snapshot that was just taken to the file, if one is recorded.
  func write(_ snapshot: Snapshot, _ lifetimes: Lifetimes, place: String) throws(SizerError) {
    do {
      try recording.withLock { (recording) throws(ProfileError) in
        state.withLock { recording?.note(snapshot, $0, lifetimes) }
        try recording?.write()
      }
    } catch {
      throw SizerError(
        code: .notWritten, message: "the snapshot was taken, but not written: \(error)", place: place)
    }
  }
}
