// SPDX-License-Identifier: Apache-2.0

/// What works in this process, and why something does not.
///
/// Decided when the program is loaded; the environment variable `SIZER_ENTRY_POINTS` (`replace`, `interpose` or `off`)
/// chooses.
public struct Capabilities: Sendable, Hashable, CustomStringConvertible {
  /// The allocator whose sizes are reported.
  public struct Allocator: Sendable, Hashable {
    /// Its name and version: `jemalloc 5.3.0…`, or `libc`.
    public var name: String
    /// Whether sizes are exact and the allocator can be asked whose a block is: jemalloc, serving this process's
    /// malloc.
    public var isExact: Bool
    /// What limits it; empty when nothing does.
    public var reason: String
  }

  /// How births and deaths of Swift objects are seen.
  public struct AllocationHook: Sendable, Hashable {
    /// How much of them is seen.
    public enum State: String, Sendable {
      /// The runtime's entry points are replaced: every object of the process is in the census.
      case replaced
      /// Only calls from outside the runtime's own library are seen; there is no census.
      case interposed
      /// Nothing is seen.
      case off
    }
    /// What is seen in this process.
    public var state: State
    /// Why it is not `replaced`; empty when it is.
    public var reason: String
  }

  /// Whether stacks can be recorded, and what will be known of their calls.
  public struct StackCapture: Sendable, Hashable {
    /// Whether libunwind is here: ``ClassTracker`` can record where objects are made.
    public var isAvailable: Bool
    /// Whether libdw is here: calls have names, files and lines, otherwise addresses only.
    public var hasLines: Bool
    /// What limits it; empty when nothing does.
    public var reason: String
  }

  /// Whose sizes are reported.
  public var allocator: Allocator
  /// Whether the census is complete.
  public var allocationHook: AllocationHook
  /// Whether stacks can be recorded.
  public var stackCapture: StackCapture
  /// Bytes of memory that Sizer holds for itself: its tables, of the heap map the pages in use, and what the runtime
  /// allocated on its account. They are in no size; snapshots say the same (``Snapshot/overheadBytes``).
  public var overheadBytes: Int

  /// Three lines, one for each of the three.
  public var description: String {
    func clause(_ state: String, _ reason: String) -> String { reason.isEmpty ? state : "\(state) (\(reason))" }
    return """
      allocator: \(clause(allocator.name, allocator.reason))
      allocation hook: \(clause(allocationHook.state.rawValue, allocationHook.reason))
      stack capture: \(clause(stackCapture.isAvailable ? "libunwind" : "none", stackCapture.reason))
      """
  }
}

extension HeapSizer {
  /// What works in this process. Time: linear in the memory of the heap map (`overheadBytes` is counted anew).
  public static var capabilities: Capabilities { Engine.preferringOwnStack { Engine.capabilities } }
}
