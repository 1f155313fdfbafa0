// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The seed of a fuzz test: SIZER_FUZZ_SEED, or a new one, which is printed.
func fuzzSeed(_ what: String) -> UInt64 {
  let given = ProcessInfo.processInfo.environment["SIZER_FUZZ_SEED"].flatMap { UInt64($0) }
  let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
  print("\(what): SIZER_FUZZ_SEED=\(seed) repeats this run")
  return seed
}
