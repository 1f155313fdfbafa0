// SPDX-License-Identifier: Apache-2.0

/// The loop for stacks that differ from one object to the next. Apart from the other loop, which pays nothing for it.
enum Paths {
  /// Four calls, each from one of four places.
  static let most = 1 << (2 * 4)

  /// As the other loop's.
  @inline(never)
  static func descend(_ calls: Int, pairs: Int, paths: Int) -> Int {
    calls == 0 ? churn(pairs, paths: paths) : descend(calls - 1, pairs: pairs, paths: paths) &* 31 ^ calls
  }

  /// The paths in turns: one comes again when all others have been.
  @inline(never)
  private static func churn(_ pairs: Int, paths: Int) -> Int {
    var (sum, path) = (0, 0)
    for number in 0..<pairs {
      sum &+= make(number, by: most | path)
      path = path + 1 < paths ? path + 1 : 0
    }
    return sum
  }

  /// Makes an object where nothing but a leading one is left of the path. What goes into each call and what is done
  /// with its answer is another thing each time: the optimiser makes one call of those that are alike.
  @inline(never)
  private static func make(_ number: Int, by path: Int) -> Int {
    if path == 1 { return Pair(number).second }
    let rest = path >> 2
    switch path & 3 {
    case 0: return make(number &+ path, by: rest) &* 31 ^ path
    case 1: return ~make(~number, by: rest) &- path
    case 2: return (make(number ^ path, by: rest) | path) &+ 7
    default: return make(number | 1, by: rest) & path ^ 5
    }
  }
}
