// SPDX-License-Identifier: Apache-2.0

extension ClassTracker {
  /// Whether the child that takes a frozen snapshot may work with two threads; true until it is unset. It goes for all
  /// trackers of the process, and for snapshots that begin from then on.
  ///
  /// A second thread saves time where objects lie in 64 MiB or more, and there is none in smaller heaps, where the
  /// process may run on one processor only, and where the quota of a control group is below two (`cpu.max`,
  /// `cpu.cfs_quota_us`). Sizes are the same with one. Snapshots in place and images of the heap have one always.
  ///
  /// Any thread; O(1).
  public static var usesTwoProcessors: Bool {
    get { Engine.usesTwoProcessors }
    set { Engine.usesTwoProcessors = newValue }
  }
}
