// SPDX-License-Identifier: Apache-2.0

/// All figures of `snapshot`.
struct HostFigures: Codable, CustomStringConvertible {
  var monitoring: MonitoringFigures
  var heaps: [HeapFigures] = []
  /// Sizes that were not measured, and why.
  var leftOut: [String] = []

  init(monitoring: MonitoringFigures) { self.monitoring = monitoring }

  /// For people.
  var description: String {
    """
    Snapshots of \(LiveHeap.sessionCount.grouped) tracked sessions in a heap of other blocks; ms, medians

    \(heaps.pauseTable)

    resident    MiB that the process has; huge: the part that the kernel did put into huge pages
    pause       how long others waited; of a fork: until it returned
    total       until the snapshot is there; child: the processor time of its child, the rest is waiting for a core
    ratio       of the pauses, rounds in turns while the process was idle
    \(leftOut.map { "left out    \($0)\n" }.joined())
    A busy thread, whose requests allocate, write to old memory and make a tracked object; latencies in ms

    \(heaps.workerTable)

    during      while a snapshot is under way, from the call until it returns
    worst       the slowest request meanwhile
    huge        MiB that are left in huge pages afterwards: the kernel splits those that are written to while a child \
    shares them

    Watching the process's memory with nothing tracked, processor time

    \(monitoring.table)
    """
  }
}
