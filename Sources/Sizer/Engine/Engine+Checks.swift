// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  /// Tests only: whether the engine was built with its invariants as code, as debug builds are.
  package static var hasInvariants: Bool { csizer_checks_are_built() }

  /// Tests only: what does not hold of all that must always be true of the census and of tracking; nil when all
  /// of it holds.
  /// Births and deaths of tracked objects wait meanwhile.
  package static func brokenInvariant() -> String? { csizer_checks_run().map { String(cString: $0) } }
}
