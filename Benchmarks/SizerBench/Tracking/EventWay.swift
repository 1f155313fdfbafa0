// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// One way to run the loop.
struct EventWay {
  var title: String
  var threads = 1
  var extraCalls = 0
  var living = 1
  var stacks = 1
  var isFloor = false
  /// Whether the loop's own objects are tracked.
  var tracksPairs = false
  /// How many calls the stack is to have, where traces are taken.
  var traceDepth: Int?
  var target: EventTarget?
  /// Starts tracking; nil where nothing is tracked.
  var track: (() throws -> ClassTracker)?

  /// What a way has in common with its floor.
  struct Ground: Hashable {
    var threads: Int
    var living: Int
    var stacks: Int
  }

  var ground: Ground { Ground(threads: threads, living: living, stacks: stacks) }

  func churn(pairs: Int) -> Churn {
    Churn(pairs: pairs, threads: threads, extraCalls: extraCalls, living: living, stacks: stacks)
  }

  /// Whether it is one of those that are asked for. A floor comes along with the others.
  func isNamed(by text: String?) -> Bool { !isFloor && text.map { title.contains($0) } ?? true }

  /// With as many calls as its traces are to have.
  func deepened() throws -> EventWay {
    guard let traceDepth else { return self }
    var way = self
    way.extraCalls = try EventWay.callsToAdd(for: traceDepth, stacks: stacks)
    return way
  }

  /// How many calls must be added for a stack that is as deep, which a trace of the loop as it is tells.
  private static func callsToAdd(for depth: Int, stacks: Int) throws -> Int {
    let tracker = try tracker(of: Pair.self, traceDepth: 256)
    defer { tracker.close() }
    _ = Churn(pairs: 1, stacks: stacks).nanosecondsPerPair
    guard let calls = tracker.statistics.objects.first?.trace?.returnAddresses.count, calls <= depth else {
      throw BenchError("the loop's stack has no trace, or it is deeper than \(depth) calls by itself")
    }
    return depth - calls
  }

  private static func tracker(of type: AnyClass, traceDepth: Int? = nil) throws -> ClassTracker {
    let tracker = ClassTracker(maximumTraceDepth: traceDepth ?? 1)
    try tracker.track(class: type, trace: traceDepth != nil)
    return tracker
  }
}

extension EventWay {
  /// A class that the loop makes no objects of.
  private final class Bystander {}

  /// Every way, the floors among them.
  static func all(living: [Int]) -> [EventWay] {
    [1, 2, 4, 8].flatMap(making) + traced + living.flatMap(replacing)
  }

  private static func making(threads: Int) -> [EventWay] {
    let another = EventWay(title: "(c) another class tracked", target: EventTarget(overFloor: 3)) {
      try tracker(of: Bystander.self)
    }
    return [
      EventWay(title: "(a) without Sizer", threads: threads, isFloor: true),
      EventWay(title: "(b) linked, nothing tracked", threads: threads, target: EventTarget(overFloor: 2)),
    ] + (threads == 1 ? [another] : []) + [
      EventWay(
        title: "(d) its class tracked", threads: threads, tracksPairs: true, target: EventTarget(overFloor: 35)
      ) { try tracker(of: Pair.self) }
    ]
  }

  private static var traced: [EventWay] {
    let stacks = Churn.most.stacks
    return [
      traced(depth: 16, "the stack just seen", target: EventTarget(overFloor: 55)),
      traced(depth: 32, "the stack just seen"),
      EventWay(title: "(a) without Sizer, \(stacks) stacks in turns", stacks: stacks, isFloor: true),
      traced(depth: 16, "none of its thread's last stacks", stacks: stacks, target: EventTarget(overFloor: 150)),
    ]
  }

  private static func traced(
    depth: Int, _ which: String, stacks: Int = 1, target: EventTarget? = nil
  ) -> EventWay {
    EventWay(
      title: "(e) traced, \(depth) calls, \(which)", stacks: stacks, tracksPairs: true, traceDepth: depth,
      target: target
    ) { try tracker(of: Pair.self, traceDepth: depth) }
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
}

extension StackTrace {
  /// Where its calls return to, without those that the compiler took apart.
  var returnAddresses: [UInt64] { frames.filter { !$0.isInlined }.map(\.address) }
}
