// SPDX-License-Identifier: Apache-2.0

/// What the loop makes and frees: a header and two words, 32 bytes.
public final class Pair {
  /// What it was made with.
  public let first: Int
  /// The same, all bits turned.
  public let second: Int

  /// An object of this number.
  @inline(never)
  public init(_ number: Int) {
    first = number
    second = ~number
  }
}
