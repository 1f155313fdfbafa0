// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// What an object made and freed costs, by what is tracked: rounds of all ways in turns.
struct EventBenchmark {
  var effort: TrackingBenchmark.Effort
  var floor: FloorProcess
  /// Only ways with this in their title, and the floor.
  var only: String?

  func run() throws -> [EventFigures] {
    let wanted = try EventWay.all(living: effort.living).filter { $0.isFloor || only.map($0.title.contains) ?? true }
    let grounds = Set(wanted.lazy.filter { !$0.isFloor }.map(\.ground))
    let ways = wanted.filter { grounds.contains($0.ground) }
    var times = [[Double]](repeating: [], count: ways.count)
    for round in -1..<effort.rounds {  // one to warm up
      // Every other round the other way about: a neighbour that comes and goes in step would always meet the same one.
      let order = round.isMultiple(of: 2) ? Array(ways.indices) : ways.indices.reversed()
      for index in order {
        if round < 0 { try check(ways[index]) } else { times[index].append(try measure(ways[index])) }
      }
    }
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

  /// Whether all objects of the loop are seen, and no others.
  private func check(_ way: EventWay) throws {
    guard let tracker = try way.track?() else { return }
    defer { tracker.close() }
    let churn = way.churn(pairs: 6_400)
    _ = churn.nanosecondsPerPair
    let expected = way.tracksPairs ? churn.objectCount : 0
    let seen = tracker.statistics.objects.count
    guard seen == expected else {
      throw BenchError("\(way.title): \(expected.grouped) objects were made, \(seen.grouped) seen")
    }
  }
}

/// One way to run the loop.
struct EventWay {
  var title: String
  var threads = 1
  var extraCalls = 0
  var living = 1
  var isFloor = false
  /// Whether the loop's own objects are tracked.
  var tracksPairs = false
  var target: EventTarget?
  /// Starts tracking; nil where nothing is tracked.
  var track: (() throws -> ClassTracker)?

  /// What a way has in common with its floor.
  struct Ground: Hashable {
    var threads: Int
    var living: Int
  }

  var ground: Ground { Ground(threads: threads, living: living) }

  func churn(pairs: Int) -> Churn { Churn(pairs: pairs, threads: threads, extraCalls: extraCalls, living: living) }

  /// A class that the loop makes no objects of.
  private final class Bystander {}

  static func all(living: [Int]) throws -> [EventWay] {
    var ways: [EventWay] = []
    for threads in [1, 2, 4, 8] {
      let (linked, another) = (EventTarget(overFloor: 2), EventTarget(overFloor: 3))
      ways.append(EventWay(title: "(a) without Sizer", threads: threads, isFloor: true))
      ways.append(EventWay(title: "(b) linked, nothing tracked", threads: threads, target: linked))
      if threads == 1 {
        ways.append(EventWay(title: "(c) another class tracked", target: another) { try tracker(of: Bystander.self) })
      }
      ways.append(
        EventWay(
          title: "(d) its class tracked", threads: threads, tracksPairs: true,
          target: threads == 1 ? EventTarget(overFloor: 35) : nil
        ) { try tracker(of: Pair.self) })
    }
    for depth in [16, 32] {
      ways.append(
        EventWay(
          title: "(e) with a trace of \(depth) calls", extraCalls: try callsToAdd(for: depth), tracksPairs: true,
          target: depth == 16 ? EventTarget(overFloor: 150) : nil
        ) { try tracker(of: Pair.self, traceDepth: depth) })
    }
    return ways + living.flatMap(replacing)
  }

  /// Ways to replace one of so many living objects at random.
  private static func replacing(_ living: Int) -> [EventWay] {
    let title = ", one of \(living.grouped) living"
    return [
      EventWay(title: "(a) without Sizer" + title, living: living, isFloor: true),
      EventWay(title: "(b) linked" + title, living: living, target: EventTarget(overFloor: 10)),
      EventWay(title: "(d) tracked" + title, living: living, tracksPairs: true, target: EventTarget(overFloor: 380)) {
        try tracker(of: Pair.self)
      },
    ]
  }

  private static func tracker(of type: AnyClass, traceDepth: Int? = nil) throws -> ClassTracker {
    let tracker = ClassTracker(maximumTraceDepth: traceDepth ?? 1)
    try tracker.track(class: type, trace: traceDepth != nil)
    return tracker
  }

  /// How many calls must be added for a stack that is as deep, which a trace of the loop as it is tells.
  private static func callsToAdd(for depth: Int) throws -> Int {
    let tracker = try tracker(of: Pair.self, traceDepth: 256)
    defer { tracker.close() }
    _ = Churn(pairs: 1).nanosecondsPerPair
    guard let calls = tracker.statistics.objects.first?.trace?.frames.count, calls <= depth else {
      throw BenchError("the loop's stack has no trace, or it is deeper than \(depth) calls by itself")
    }
    return depth - calls
  }
}
