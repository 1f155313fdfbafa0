// SPDX-License-Identifier: Apache-2.0

extension ClassTracker {
  /// Whether the child that takes a frozen snapshot may work with two threads; true until it is unset. It goes for all
  /// trackers of the process, and for snapshots that begin from then on.
  ///
  /// A second thread saves time where objects lie in 64 MiB or more, and there is none in smaller heaps, where the
  /// process may run on one processor only, and where the quota of a control group is below two (`cpu.max`,
  /// `cpu.cfs_quota_us`). One that is kept from its processor is asked no more. Snapshots in place and images of the
  /// heap have one always. With both processors free the snapshot is there in three quarters of the time; threads of
  /// the host that are busy meanwhile get less of them.
  ///
  /// Each object and block is counted once, with one thread and with two. Which class a block is counted under that
  /// objects of two classes lead to depends on what is met first, and so on whether there are two.
  ///
  /// Any thread; O(1).
  public static var usesTwoProcessors: Bool {
    get { Engine.usesTwoProcessors }
    set { Engine.usesTwoProcessors = newValue }
  }
}
