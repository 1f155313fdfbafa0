// SPDX-License-Identifier: Apache-2.0

/// What was recorded, as a value: sorted, filtered and printed without touching the tracker that recorded it.
public struct Statistics: Sendable {
  package let history: History

  package init(_ history: History) {
    self.history = history
  }

  /// The snapshots, in order of time.
  public var snapshots: [Snapshot] { history.snapshots }
}
