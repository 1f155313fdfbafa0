// SPDX-License-Identifier: Apache-2.0

/// A column of numbers of fixed length, for passes that visit each edge of a heap in no order: no bounds are checked,
/// no buffer is
/// asked whether it is shared. Whoever uses `base` knows the length.
final class NumberColumn<Number: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Number>
  let count: Int

  init(count: Int, filledWith number: Number) {
    base = UnsafeMutablePointer<Number>.allocate(capacity: max(count, 1))
    base.initialize(repeating: number, count: count)
    self.count = count
  }

  deinit { base.deallocate() }

  /// The first numbers, as an array.
  func array(_ count: Int) -> [Number] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
