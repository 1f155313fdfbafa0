// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Synchronization

extension ClassTracker {
  /// Starts to record into a new file: from now on each snapshot is in the file when
  /// ``createSnapshot(_:mode:fragmentation:heap:)`` returns, and stays there when the process is killed. Snapshots
  /// taken before are not in it; all objects are.
  ///
  ///     try tracker.record(to: "server.sizer", tags: ["service.version": "1.10"])
  ///
  /// A snapshot that the file does not take (a full disk) is written with the next one; until then `createSnapshot`
  /// throws `notWritten`, though the snapshot is in ``statistics``. However long that lasts, what waits takes no memory
  /// beyond what the tracker holds for its statistics and the changes of one snapshot; what the file has stays there,
  /// readable. What still waits when the recording ends is tried once more, and is then not in the file.
  ///
  /// When somebody removes, renames, replaces, cuts or overwrites the file or its log (`-wal`), that snapshot and every
  /// later one is `notWritten`, and nothing is written there any more. ``statistics`` has everything: write it, end the
  /// recording, and begin another elsewhere.
  ///
  /// The recording ends with ``stopRecording()``, ``clear()``, ``close()`` and the tracker. Stacks get names and lines
  /// then.
  /// The file also says whose it is, so that profiles of many processes can be asked together (`Statistics.tags`):
  /// `service.name`, `service.version`, `service.instance.id`, `host.name`, `k8s.pod.name`, `k8s.namespace.name`,
  /// `container.id`, `process.pid`, `process.executable.path`, `process.executable.build_id.gnu`,
  /// `process.start_unix_nano`, `process.runtime.version` and `sizer.version`, as far as they are known. They come from
  /// `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, the host and the control group.
  /// - Parameters:
  ///   - path: where no file is yet; it gets mode 0600.
  ///   - tags: more of them, which go before those that are found; up to 128, with names of up to 1,024 bytes and
  ///     values of up to 16,384.
  /// - Throws: `alreadyExists` and what else keeps a file from being made; `inconsistent` for tags that no profile
  ///   holds; `closed` when the tracker is closed; `busy` while it records already. Nothing is changed then.
  public func record(to path: String, tags: [String: String] = [:]) throws(ProfileError) {
    let operation = "ClassTracker.record(to:tags:)"
    try Engine.preferringOwnStack { () throws(ProfileError) in try startRecording(to: path, tags, operation) }
  }

  /// The same, and what snapshots tell of the whole heap is forgotten as soon as it is in the file: some 100 bytes for
  /// each type and snapshot, which ``statistics`` and later recordings lack then.
  package func record(to path: String, keepsHeaps: Bool, tags: [String: String] = [:]) throws(ProfileError) {
    let operation = "ClassTracker.record(to:tags:)"
    try Engine.preferringOwnStack { () throws(ProfileError) in
      try startRecording(to: path, tags, keepsHeaps: keepsHeaps, operation)
    }
  }

  private func startRecording(
    to path: String, _ tags: [String: String], keepsHeaps: Bool = true, _ operation: String
  ) throws(ProfileError) {
    // A snapshot that is under way is not yet the recording's.
    try snapshotting.withLock { (_) throws(ProfileError) in
      try recording.withLock { (recording) throws(ProfileError) in
        // Nobody closes or clears the tracker meanwhile: that takes the same lock.
        guard let lifetimes = try? lifetimes.get(), state.withLock({ !$0.isClosed }) else {
          throw ProfileError(.closed, operation, "the tracker is closed", advice: "make a new one")
        }
        guard recording == nil else {
          throw ProfileError(.busy, operation, "the tracker records already", advice: "stop that recording first")
        }
        let found = ProcessTags.ofThisProcess(started: state.withLock { $0.started })
        let recorder = try ProfileRecorder(path: path, tags: found.merging(tags) { _, given in given })
        recording = state.withLock { Recording(recorder, $0, lifetimes, keepsHeaps: keepsHeaps) }
      }
    }
  }

  /// Ends the recording: stacks get names and lines, the profile is one file. Births and deaths up to this call are in
  /// it. Nothing happens when none is under way, or when another thread is just ending it. Snapshots do not wait while
  /// names and lines are looked up.
  ///
  /// What is left is read once more.
  ///
  /// - Throws: `full`, `ioFailure`, `busy` when somebody holds the file, what was recorded stays readable then;
  ///   `notFound` or `corrupted` when the file is not what was recorded. The recording has ended all the same.
  public func stopRecording() throws(ProfileError) {
    try Engine.preferringOwnStack { () throws(ProfileError) in try takeRecording()?.finish() }
  }
}

extension ClassTracker {
  /// Adds to the file what it lacks, if one is recorded: the snapshot that was just taken, with an image of the heap if
  /// there is one, and those that it did not take before.
  func writeSnapshots(heap: RecordedHeap? = nil, operation: String) throws(SizerError) {
    do {
      try recording.withLock { (recording) throws(ProfileError) in
        guard recording != nil else {
          if heap != nil { throw Self.noRecording(operation) }
          return
        }
        if let heap { recording!.attach(heap, toSnapshot: state.withLock { $0.snapshots.count - 1 }) }
        defer { recording!.dropHeap() }
        try catchUp(&recording!)
      }
    } catch {
      throw SizerError(
        code: .notWritten, operation: operation, path: error.path,
        message: "the snapshot was taken, but not written: \(error.message)", cause: .profile(error))
    }
  }

  /// What whoever wants to add to a recording is told when there is none.
  static func noRecording(_ operation: String) -> ProfileError {
    ProfileError(.closed, operation, "the tracker records nothing", advice: "call record(to:) first")
  }

  /// Ends the recording in one moment of the tracker's, in which `untracking` and `body` run, before and after the last
  /// look at its objects. What is left to do takes long and needs no lock: the caller finishes what it gets.
  func takeRecording(
    untracking: (inout TrackerState) -> Void = { _ in }, _ body: (inout TrackerState) -> Void = { _ in }
  ) -> Recording? {
    recording.withLock { recording in
      var ended = recording.take()
      // It keeps in mind why a snapshot was not taken, and says so when it is finished.
      if ended != nil { try? catchUp(&ended!) }
      state.withLock { state in
        untracking(&state)
        if let lifetimes = try? lifetimes.get() { ended?.drawUpRest(state, lifetimes) }
        body(&state)
      }
      return ended
    }
  }

  /// Snapshot by snapshot; the tracker's lock is free while the file is written.
  private func catchUp(_ recording: inout Recording) throws(ProfileError) {
    guard let lifetimes = try? lifetimes.get() else { return }
    repeat { try recording.write() } while state.withLock { recording.drawUpSnapshot($0, lifetimes) }
    if !recording.keepsHeaps { state.withLock { $0.forgetHeaps(of: recording.written) } }
  }
}
