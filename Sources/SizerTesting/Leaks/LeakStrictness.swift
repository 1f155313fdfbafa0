// SPDX-License-Identifier: Apache-2.0

/// Which leaks fail a test.
public enum LeakStrictness: Sendable, Hashable {
  /// Those that are proved. Others are told as warnings (with Swift 6.3 and Swift Testing).
  case proved
  /// Those that are visible or suspected, too (`LeakGroup.Grade`).
  case strict
}

/// Whose objects an expectation looks at.
public enum LeakScope: Sendable, Hashable {
  /// What the body makes, on whichever threads its task runs, and what the tasks make that it starts: children,
  /// `async let`, and `Task { }`. What runs beside it is not seen, so that tests may run in parallel. Detached tasks,
  /// threads, and dispatch queues that the body uses are not seen, either.
  case task
  /// What anybody makes while the body runs: for what the body leaves to other threads. Nothing else may run beside
  /// it: use an exit test, a serialised suite that runs alone, or a process of its own.
  case process
}
