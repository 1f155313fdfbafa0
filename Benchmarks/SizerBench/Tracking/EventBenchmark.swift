// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// What an object made and freed costs, by what is tracked: rounds of all ways in turns.
struct EventBenchmark {
  var effort: TrackingBenchmark.Effort
  var floor: FloorProcess
  /// Only ways with this in their title, and their floors.
  var only: String?

  func run() throws -> [EventFigures] {
    let all = EventWay.all(living: effort.living)
    let grounds = Set(all.lazy.filter { $0.isNamed(by: only) }.map(\.ground))
    let ways = try all.filter { $0.isFloor ? grounds.contains($0.ground) : $0.isNamed(by: only) }
      .map { try $0.deepened() }
    for way in ways { try check(way) }
    let times = try inTurns(ways, rounds: effort.rounds, measure)
    return ways.indices.map { index in
      // Against the floor of the same round, with as many threads and objects.
      let floor = ways.firstIndex { $0.isFloor && $0.ground == ways[index].ground }!
      return EventFigures(ways[index], times[index], floor: times[floor])
    }
  }

  private func measure(_ way: EventWay) throws -> Double {
    let churn = way.churn(pairs: effort.pairs)
    if way.isFloor { return try floor.nanosecondsPerPair(churn) }
    let tracker = try way.track?()
    defer { tracker?.close() }
    return churn.nanosecondsPerPair
  }

  /// Whether all objects of the loop are seen, and no others, and with the stacks that the title says.
  private func check(_ way: EventWay) throws {
    guard let tracker = try way.track?() else { return }
    defer { tracker.close() }
    let churn = way.churn(pairs: 6_400)
    _ = churn.nanosecondsPerPair
    let expected = way.tracksPairs ? churn.objectCount : 0
    let objects = tracker.statistics.objects
    guard objects.count == expected else {
      throw BenchError("\(way.title): \(expected.grouped) objects were made, \(objects.count.grouped) seen")
    }
    if let depth = way.traceDepth { try check(objects.map(\.trace), of: way, depth: depth) }
  }

  /// A thread's engine knows 32 stacks again (`KNOWN_STACKS`), and replaces one of them when it meets another. So a
  /// stack is none of them when as many others, and more, came since it was there last. The objects are in the order
  /// of their birth, so their traces tell.
  private func check(_ traces: [StackTrace?], of way: EventWay, depth: Int) throws {
    let stacks = traces.map { $0?.returnAddresses ?? [] }
    guard stacks.last?.count == depth, stacks.allSatisfy({ !$0.isEmpty }) else {
      throw BenchError("\(way.title): the last stack has \(stacks.last?.count ?? 0) calls, or one has none")
    }
    var last: [[UInt64]: Int] = [:]
    var nearest = Int.max
    for (number, stack) in stacks.enumerated() {
      if let before = last.updateValue(number, forKey: stack) { nearest = min(nearest, number - before) }
    }
    // The objects that warm the loop up are called from another line of it.
    guard way.stacks == 1 ? last.count <= 2 : nearest == way.stacks && nearest > 4 * 32 else {
      throw BenchError("\(way.title): \(last.count) stacks, one of them again after \(nearest) objects")
    }
  }
}
