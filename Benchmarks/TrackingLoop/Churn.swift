// SPDX-License-Identifier: Apache-2.0

/// The loop whose cost is measured, in a library of its own: SizerBench and TrackingFloor run the same machine code.
public struct Churn: Sendable {
  /// How many objects each thread makes and frees.
  public var pairs: Int
  /// How many threads do that at the same time.
  public var threads: Int
  /// So many more calls stand on the stack.
  public var extraCalls: Int
  /// So many objects live all the time, of which each new one replaces one at random: their memory comes from no cache.
  /// 1: each object is freed before the next one is made.
  public var living: Int
  /// By so many paths of calls the objects are made in turns; always by one where more than one object lives.
  public var stacks: Int

  /// What a loop can be told at most: times stay in their range, and the calls fit a thread's stack.
  public static let most = Churn(
    pairs: 1_000_000_000_000, threads: 1_024, extraCalls: 10_000, living: 100_000_000, stacks: Paths.most)

  /// A loop of these numbers.
  public init(pairs: Int, threads: Int = 1, extraCalls: Int = 0, living: Int = 1, stacks: Int = 1) {
    self.pairs = pairs
    self.threads = threads
    self.extraCalls = extraCalls
    self.living = living
    self.stacks = stacks
  }

  /// Nanoseconds of processor time for an object made and freed, on average over the threads.
  public var nanosecondsPerPair: Double {
    if living > 1 { return nanosecondsPerReplacement }
    if stacks > 1 { return nanosecondsPerPairByPaths }
    let time = Team.run(threads: threads) { ready in
      // The allocator's cache and the unwinder's are each thread's own: its first objects are not the loop's.
      let warm = Churn.descend(extraCalls, pairs: pairs / 64)
      return ready { Churn.descend(extraCalls, pairs: pairs) } &+ warm
    }
    return Double(time) / (Double(pairs) * Double(threads))
  }

  private var nanosecondsPerReplacement: Double {
    let time = Team.run(threads: threads) { ready in
      var objects = (0..<max(living / threads, 1)).map(Pair.init)
      let warm = Churn.replace(&objects, pairs: pairs / 64)
      return ready { Churn.replace(&objects, pairs: pairs) } &+ warm
    }
    return Double(time) / (Double(pairs) * Double(threads))
  }

  private var nanosecondsPerPairByPaths: Double {
    let time = Team.run(threads: threads) { ready in
      let warm = Paths.descend(extraCalls, pairs: pairs / 64, paths: stacks)
      return ready { Paths.descend(extraCalls, pairs: pairs, paths: stacks) } &+ warm
    }
    return Double(time) / (Double(pairs) * Double(threads))
  }

  /// How many objects a run makes in all.
  public var objectCount: Int {
    (pairs + pairs / 64) * threads + (living > 1 ? max(living / threads, 1) * threads : 0)
  }

  /// Knuth's generator and a multiplication for a division: what is measured is memory, not arithmetic.
  @inline(never)
  private static func replace(_ objects: inout [Pair], pairs: Int) -> Int {
    var (sum, state) = (0, UInt64(truncatingIfNeeded: objects.count))
    for number in 0..<pairs {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let place = Int(((state >> 32) &* UInt64(objects.count)) >> 32)
      let object = Pair(number)
      sum &+= object.second
      objects[place] = object
    }
    return sum
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
