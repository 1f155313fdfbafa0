// SPDX-License-Identifier: Apache-2.0

/// What works in this process, and why something does not.
///
/// Decided when the program is loaded, but for `tracking` and `memoryReturn`, which a filter of system calls may change
/// later; the environment variable `SIZER_ENTRY_POINTS` (`replace`, `interpose` or `off`) chooses.
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

  /// Whether tasks can be told apart from other blocks.
  public struct Tasks: Sendable, Hashable {
    /// Whether the program's tasks can be found; also in a program that makes none.
    public var isAvailable: Bool
    /// Why not, and what to do; empty when they can.
    public var reason: String
  }

  /// How births and deaths of tracked objects are recorded. They are exact either way.
  public struct Tracking: Sendable, Hashable {
    /// Whether they take no lock, but for one now and then that needs more room: the system has membarrier(2), and
    /// Sizer is told of each thread's end.
    public var isLockFree: Bool
    /// Why each takes a lock, which costs more, the most where several threads make tracked objects; empty when none
    /// does.
    public var reason: String
  }

  /// Whether the census gives memory back when nothing lives any more where it was used.
  public struct MemoryReturn: Sendable, Hashable {
    /// Whether the system has what it takes: membarrier(2).
    public var isAvailable: Bool
    /// Why not; empty when it has.
    public var reason: String
  }

  /// Whose sizes are reported.
  public var allocator: Allocator
  /// Whether the census is complete.
  public var allocationHook: AllocationHook
  /// Whether the program's Swift is as Sizer assumes, part by part: asked of live objects, once per process. What rests
  /// on a broken one is unresolved or refused.
  public var runtime: [RuntimeAssumption]
  /// Whether stacks can be recorded.
  public var stackCapture: StackCapture
  /// Whether tasks are found.
  public var tasks: Tasks
  /// Whether births and deaths of tracked objects take locks.
  public var tracking: Tracking
  /// Whether the census's memory shrinks with the heap.
  public var memoryReturn: MemoryReturn
  /// Bytes of memory that Sizer holds for itself: its tables, of the heap map the pages in use, and what the runtime
  /// allocated on its account. They are in no size; snapshots say the same (`Snapshot.overheadBytes`).
  public var overheadBytes: Int

  /// Seven lines, one for each of the first seven; of the runtime what does not hold or was not asked.
  public var description: String {
    func clause(_ state: String, _ reason: String) -> String { reason.isEmpty ? state : "\(state) (\(reason))" }
    return """
      allocator: \(clause(allocator.name, allocator.reason))
      allocation hook: \(clause(allocationHook.state.rawValue, allocationHook.reason))
      runtime: \(runtimeClause)
      stack capture: \(clause(stackCapture.isAvailable ? "libunwind" : "none", stackCapture.reason))
      tracking: \(clause(tracking.isLockFree ? "without locks" : "with locks", tracking.reason))
      memory: \(clause(memoryReturn.isAvailable ? "given back" : "kept", memoryReturn.reason))
      tasks: \(clause(tasks.isAvailable ? "found" : "lost", tasks.reason))
      """
  }

  private var runtimeClause: String {
    let rest = runtime.filter { $0.state != .holds }
    return rest.isEmpty ? "as expected" : rest.map(\.description).joined(separator: "; ")
  }
}

extension HeapSizer {
  /// What works in this process. Time: linear in the memory of the heap map (`overheadBytes` is counted anew).
  public static var capabilities: Capabilities { Engine.preferringOwnStack { Engine.capabilities } }
}
