// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Makes what is to leak. A word that this left on the stack would still see it, and it were held: so it is made in a
/// frame of its own, and the stack where that was is swept.
package func plantApart<Value>(_ plant: () throws -> Value) rethrows -> Value {
  let planted = try inFrameOfItsOwn(plant)
  sweepStack()
  return planted
}

@inline(never)
private func inFrameOfItsOwn<Value>(_ plant: () throws -> Value) rethrows -> Value { try plant() }

@inline(never)
private func sweepStack() {
  withUnsafeTemporaryAllocation(of: UInt.self, capacity: 16_384) { words in
    words.initialize(repeating: 0)
    withExtendedLifetime(words[Int(getpid()) % words.count]) {}
  }
}
