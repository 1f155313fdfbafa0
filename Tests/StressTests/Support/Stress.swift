// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

/// Frozen snapshots of processes that do their worst. The tests take turns: faults, children and signals are the whole
/// process's.
///
/// `SIZER_STRESS_SECONDS` says how long all of them take together, 60 unless given; the leak proof takes as long again.
@Suite(.serialized) enum Stress {
  /// How long a test may go on that has so much of the whole. Some tests take as long as they take, together some 20
  /// seconds.
  static func time(share: Double) -> Duration { .seconds(max(seconds - 20, 1) * share) }

  /// The whole, for what has to be tried as long as all others together.
  static var whole: Duration { .seconds(seconds) }

  private static var seconds: Double { getenv("SIZER_STRESS_SECONDS").flatMap { Double(String(cString: $0)) } ?? 60 }

  /// Calls `body` again and again until the time is over, once at least; answers how often. Every now and then, and at
  /// the end, the engine is held to its invariants.
  @discardableResult
  static func repeating(share: Double, _ body: () throws -> Void) rethrows -> Int {
    try repeating(for: time(share: share), body)
  }

  /// The same for so long.
  @discardableResult
  static func repeating(for duration: Duration, _ body: () throws -> Void) rethrows -> Int {
    let end = ContinuousClock.now + duration
    var count = 0
    repeat {
      try body()
      count += 1
      if count.isMultiple(of: 50) { #expect(Engine.brokenInvariant() == nil) }
    } while ContinuousClock.now < end
    #expect(Engine.brokenInvariant() == nil)
    #if DEBUG
      #expect(Engine.hasInvariants)
    #endif
    return count
  }
}
