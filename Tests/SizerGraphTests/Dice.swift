// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom

extension SeededGenerator {
  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
  mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
}

/// The seed of a fuzz test: SIZER_FUZZ_SEED, or a new one, which is printed.
func fuzzSeed(_ what: String) -> UInt64 {
  let given = ProcessInfo.processInfo.environment["SIZER_FUZZ_SEED"].flatMap { UInt64($0) }
  let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
  print("\(what): SIZER_FUZZ_SEED=\(seed) repeats this run")
  return seed
}
