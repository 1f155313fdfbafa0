// SPDX-License-Identifier: Apache-2.0
package import SizerProfile
import Synchronization

/// What whoever asks a running process wants to know of its tracker.
extension ClassTracker {
  /// How often and for how long threads had to wait for snapshots.
  package struct Pauses: Sendable, Hashable {
    package var count = 0
    package var total = Duration.zero
    package var longest = Duration.zero

    package init() {}

    package mutating func add(_ pause: Duration) {
      count += 1
      total += pause
      longest = max(longest, pause)
    }
  }

  /// Those of all snapshots since the tracker was made or cleared. Linear in their number.
  package var pauses: Pauses {
    state.withLock { state in state.snapshots.reduce(into: Pauses()) { $0.add($1.pause) } }
  }

  /// Whether snapshots go into a file.
  package var isRecording: Bool { recording.withLock { $0 != nil } }

  /// The patterns that classes are tracked by, sorted.
  package var trackedPatterns: [String] { state.withLock { $0.patterns.sorted() } }

  /// What tells this process from others, as it is found.
  package var tags: [String: String] { ProcessTags.ofThisProcess(started: state.withLock { $0.started }) }

  /// A copy of the recording as it is at one moment between two snapshots, in one file that `body` may read while it is
  /// called. Calls have no names in it yet. Snapshots wait meanwhile, some milliseconds for each megabyte.
  ///
  /// - Throws: `closed` when nothing is recorded, and what else keeps a file from being made beside the recording.
  package func withCopyOfRecording<Result>(_ body: (_ path: String) -> Result) throws(ProfileError) -> Result {
    let operation = "ClassTracker.withCopyOfRecording(_:)"
    return try Engine.preferringOwnStack { () throws(ProfileError) in
      let draft = try recording.withLock { (recording) throws(ProfileError) in
        guard let recording else { throw Self.noRecording(operation) }
        return try recording.copy(operation: operation)
      }
      return withExtendedLifetime(draft) { body(draft.path) }
    }
  }
}
