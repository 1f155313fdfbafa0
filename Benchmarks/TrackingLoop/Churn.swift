// SPDX-License-Identifier: Apache-2.0

/// The loop whose cost is measured, in a library of its own: SizerBench and TrackingFloor run the same machine code.
public struct Churn: Sendable {
  /// How many objects each thread makes and frees.
  public var pairs: Int
  /// How many threads do that at the same time.
  public var threads: Int
  /// So many more calls stand on the stack.
  public var extraCalls: Int

  /// What a loop can be told at most: times stay in their range, and the calls fit a thread's stack.
  public static let most = Churn(pairs: 1_000_000_000_000, threads: 1_024, extraCalls: 10_000)

  /// A loop of these numbers.
  public init(pairs: Int, threads: Int = 1, extraCalls: Int = 0) {
    self.pairs = pairs
    self.threads = threads
    self.extraCalls = extraCalls
  }

  /// Nanoseconds of processor time for an object made and freed, on average over the threads.
  public var nanosecondsPerPair: Double {
    let time = Team.run(threads: threads) { ready in
      // The allocator's cache and the unwinder's are each thread's own: its first objects are not the loop's.
      let warm = Churn.descend(extraCalls, pairs: pairs / 64)
      return ready { Churn.descend(extraCalls, pairs: pairs) } &+ warm
    }
    return Double(time) / (Double(pairs) * Double(threads))
  }

  /// What follows the call is two operations, so that the optimiser can't make a loop of it.
  @inline(never)
  private static func descend(_ calls: Int, pairs: Int) -> Int {
    calls == 0 ? churn(pairs) : descend(calls - 1, pairs: pairs) &* 31 ^ calls
  }

  @inline(never)
  private static func churn(_ pairs: Int) -> Int {
    var sum = 0
    for number in 0..<pairs {
      sum &+= Pair(number).second
    }
    return sum
  }
}
