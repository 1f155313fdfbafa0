// SPDX-License-Identifier: Apache-2.0
import CSizer

/// For tests: each stack that the engine reads by rules of its own is taken by libunwind, too, while a body runs.
package struct StackComparison: Sendable, CustomStringConvertible {
  private let before = csizer_trace_compared()

  /// Begins to count from here.
  package init() {}

  /// Compares all stacks of the process while `body` runs.
  package static func comparing(_ body: () async throws -> Void) async rethrows {
    csizer_trace_compare(true)
    defer { csizer_trace_compare(false) }
    try await body()
  }

  /// How many were read by rules: the same as one of the thread's last, or another one.
  package var byRules: Int { since(\.known) + since(\.read) }
  /// How many rules left to libunwind.
  package var left: Int { since(\.left) }
  /// How many of those that were read by rules libunwind sees otherwise.
  package var unequal: Int { since(\.unequal) }

  /// The numbers, and the last two stacks that are not equal, for whoever has to find out why.
  package var description: String {
    let now = csizer_trace_compared()
    let stacks = unequal == 0 ? [] : [now.unequal_trace, now.libunwind_trace].map { Self.addresses($0) }
    return (["\(since(\.known)) known, \(since(\.read)) read, \(left) left, \(unequal) unequal"] + stacks)
      .joined(separator: "\n")
  }

  private func since(_ number: KeyPath<csizer_trace_comparison, UInt64>) -> Int {
    Int(csizer_trace_compared()[keyPath: number] - before[keyPath: number])
  }

  private static func addresses(_ trace: UInt32) -> String {
    var frames: UnsafePointer<UInt>?
    let count = csizer_trace_frames(trace, &frames)
    return UnsafeBufferPointer(start: frames, count: count).map { String($0, radix: 16) }.joined(separator: " ")
  }
}
