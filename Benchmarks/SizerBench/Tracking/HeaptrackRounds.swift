// SPDX-License-Identifier: Apache-2.0

import Foundation
import Sizer
import TrackingLoop

/// The loop under heaptrack, beside the same loop that is tracked, in rounds: each is compared with a plain run of its
/// own round.
struct HeaptrackRounds {
  private static let pairs = 300_000
  private static let rounds = 9
  /// More calls than the loop's stack has: heaptrack takes all of them, too.
  private static let traceDepth = 64

  private struct Job {
    var title: String
    /// Nanoseconds for each pair.
    var run: () throws -> Double
  }

  /// Nothing where heaptrack is not installed.
  static func figures() throws -> [PeerFigures] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "SizerBench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    guard !Peers.output(of: ["heaptrack", "--version"]).isEmpty else { return [] }
    let jobs = try jobs(recording: folder.appending(path: "recording").path)
    let times = try inTurns(jobs, rounds: rounds) { try $0.run() }
    let rows = jobs.indices.map { index in
      let ratio = zip(times[index], times[0]).map { $0 / $1 }.median
      return PeerFigures(title: jobs[index].title, nanoseconds: times[index].median, ratio: ratio.rounded(to: 2))
    }
    let event = zip(times[1], times[0]).map { ($0 - $1) / 2 }.median
    return rows + [PeerFigures(title: "heaptrack: for each malloc or free", nanoseconds: event)]
  }

  /// The plain run first.
  private static func jobs(recording: String) throws -> [Job] {
    let churn = Churn(pairs: pairs)
    let floor = [try FloorProcess.executable().path] + FloorProcess.arguments(churn)
    return [
      Job(title: "the loop by itself, a pair") { try time(floor) },
      Job(title: "heaptrack: the loop, a pair") { try time(["heaptrack", "-o", recording] + floor) },
      Job(title: "Sizer: the loop tracked, a pair") { try time(churn, trace: false) },
      Job(title: "Sizer: the loop traced, a pair") { try time(churn, trace: true) },
    ]
  }

  private static func time(_ command: [String]) throws -> Double {
    let output = Peers.output(of: command)
    // heaptrack says more than the program does.
    guard let time = output.split(separator: "\n").lazy.compactMap({ Double($0) }).last else {
      throw BenchError("\(command.joined(separator: " ")) printed no time: \(output)")
    }
    return time
  }

  private static func time(_ churn: Churn, trace: Bool) throws -> Double {
    let tracker = ClassTracker(maximumTraceDepth: traceDepth)
    defer { tracker.close() }
    try tracker.track(class: Pair.self, trace: trace)
    return churn.nanosecondsPerPair
  }
}
