// SPDX-License-Identifier: Apache-2.0

/// How a busy thread fared before, during and after snapshots.
struct WorkerFigures: Codable {
  struct Phase: Codable {
    var requests: Int
    var perSecond: Double
    var p99Ms: Double
    var worstMs: Double
  }

  var before: Phase
  var during: Phase
  var after: Phase
  /// The snapshots' median pause while the thread was busy.
  var pauseMs: Double

  /// Whether the 99th percentile rose by no more than the pause.
  var isReached: Bool

  /// - Parameters:
  ///   - requests: in order.
  ///   - start: when watching began, for as long as `watch`; `end`: when the last snapshot was over.
  init(_ requests: [Worker.Request], from start: Int64, snapshots: [Span], end: Int64, watch: Duration) {
    let time = Int64(watch / .nanoseconds(1))
    before = WorkerFigures.phase(requests, [start..<start + time])
    during = WorkerFigures.phase(requests, snapshots.map { $0.start..<$0.end })
    after = WorkerFigures.phase(requests, [end..<end + time])
    pauseMs = snapshots.map { milliseconds($0.pause) }.median.rounded(to: 3)
    isReached = during.p99Ms <= before.p99Ms + pauseMs
  }

  /// The requests that were under way in these times, and how many of them ended there for each second. Both are in
  /// order.
  private static func phase(_ requests: [Worker.Request], _ times: [Range<Int64>]) -> Phase {
    var latencies: [Double] = []
    var ended = 0
    var next = 0
    for time in times {
      while next < requests.count, requests[next].end <= time.lowerBound { next += 1 }
      while next < requests.count, requests[next].start < time.upperBound {
        latencies.append(milliseconds(requests[next].nanoseconds))
        if requests[next].end < time.upperBound { ended += 1 }
        next += 1
      }
    }
    latencies.sort()
    let seconds = times.reduce(0.0) { $0 + milliseconds($1.upperBound - $1.lowerBound) } / 1_000
    return Phase(
      requests: latencies.count, perSecond: (Double(ended) / max(seconds, 1e-9)).rounded(to: 0),
      p99Ms: latencies.isEmpty ? 0 : latencies[(latencies.count - 1) * 99 / 100].rounded(to: 4),
      worstMs: (latencies.last ?? 0).rounded(to: 3))
  }
}
