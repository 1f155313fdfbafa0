// SPDX-License-Identifier: Apache-2.0

import Foundation
import Sizer
import TrackingLoop

/// What it costs to watch the process's memory with nothing tracked.
struct MonitoringBenchmark {
  var effort: HostBenchmark.Effort

  func run() throws -> MonitoringFigures {
    let samples = try samples()
    let waking = self.share { Thread.sleep(forTimeInterval: 0.1) }
    return MonitoringFigures(
      sampleMicroseconds: samples.median.rounded(to: 1),
      averageMicroseconds: (samples.reduce(0, +) / Double(samples.count)).rounded(to: 1),
      percentOfCore: (try backgroundShare() * 100).rounded(to: 4), wakingPercentOfCore: (waking * 100).rounded(to: 4))
  }

  /// Microseconds of processor time of each.
  private func samples() throws -> [Double] {
    let tracker = ClassTracker()
    defer { tracker.close() }
    return try (0..<effort.samples).map { _ in
      let start = processorTime
      try tracker.createSnapshot()
      return Double(processorTime - start) / 1_000
    }
  }

  /// The part of a core that ten samples a second take, waking up included, while nothing else runs in the process.
  private func backgroundShare() throws -> Double {
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.startPeriodicSnapshots(every: .milliseconds(100))
    let share = self.share { Thread.sleep(forTimeInterval: effort.monitoring / .seconds(1)) }
    tracker.stopPeriodicSnapshots()
    let taken = tracker.statistics.snapshots
    guard taken.count >= Int(effort.monitoring / .seconds(1)) * 5, taken.allSatisfy({ $0.error == nil }) else {
      throw BenchError("in \(effort.monitoring) only \(taken.count) samples were taken, or some failed")
    }
    return share
  }

  /// The part of a core that the process takes while `wait` is called again and again, for as long as monitoring is
  /// watched.
  private func share(_ wait: () -> Void) -> Double {
    let start = Moment.now
    repeat { wait() } while monotonicNanoseconds - start.clock < Int64(effort.monitoring / .nanoseconds(1))
    let end = Moment.now
    return Double(end.processor - start.processor) / Double(end.clock - start.clock)
  }
}

/// What monitoring costs: processor time of one sample, and of ten a second.
struct MonitoringFigures: Codable {
  var sampleMicroseconds: Double
  var averageMicroseconds: Double
  var percentOfCore: Double
  /// What a thread takes that wakes up as often and does nothing.
  var wakingPercentOfCore: Double

  var table: Table {
    var table = Table(.text("what"), .number("cost"), .text("target"))
    table.append(
      "a sample, median", "\(sampleMicroseconds.decimals(1)) us", mark("50 us", sampleMicroseconds <= 50))
    table.append("a sample, average", "\(averageMicroseconds.decimals(1)) us", "")
    table.append(
      "10 samples a second", "\(percentOfCore.decimals(3)) %", mark("0.07 % of a core", percentOfCore <= 0.07))
    table.append("a thread that only wakes 10 times a second", "\(wakingPercentOfCore.decimals(3)) %", "")
    return table
  }
}
