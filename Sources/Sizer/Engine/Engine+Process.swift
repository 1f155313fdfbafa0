// SPDX-License-Identifier: Apache-2.0
import CSizer

/// What the engine knows of the process as a whole.
extension Engine {
  /// Whether the calling thread is the process's only one.
  static var hasOneThread: Bool { csizer_process_has_one_thread() }

  /// What the runtime that made a type calls it: in a program that Sizer is preloaded into that is not the runtime that
  /// this code runs on, which would take the type's scopes for its own.
  static func runtimeName(of type: Any.Type) -> String {
    var length = 0
    // A metatype is the address of the type's metadata.
    let text = csizer_target_type_name(unsafeBitCast(type, to: UnsafeRawPointer.self), &length)
    return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
  }

  static var capabilities: Capabilities {
    Capabilities(
      allocator: allocator, allocationHook: allocationHook, runtime: runtime, stackCapture: stackCapture,
      tasks: Capabilities.Tasks(isAvailable: tasksReason.isEmpty, reason: tasksReason), tracking: tracking,
      memoryReturn: memoryReturn, overheadBytes: overheadBytes)
  }

  /// Whether this is the agent, preloaded into a program that brings a Swift of its own.
  static var isPreloaded: Bool { csizer_is_guest() }

  /// What to do for jemalloc to serve the process: who is preloaded serves nobody.
  static var wayToJemalloc: String {
    isPreloaded
      ? "start the program by sizer run --jemalloc, or preload libjemalloc.so.2"
      : "build with the package's trait Jemalloc"
  }

  /// Why tasks can't be told from other blocks; empty where they can.
  static var tasksReason: String { String(cString: csizer_target_tasks_reason()) }

  private static var runtime: [RuntimeAssumption] {
    _ = SelfTest.isDone
    return (0..<CSIZER_ASSUMPTIONS.rawValue).map { number in
      let finding = csizer_assumption_read(csizer_assumption(rawValue: number))
      let reason = String(cString: finding.reason), consequence = String(cString: finding.consequence)
      let state: RuntimeAssumption.State =
        switch finding.state {
        case CSIZER_HOLDS: .holds
        case CSIZER_BROKEN: .broken
        default: .unchecked
        }
      return RuntimeAssumption(
        name: String(cString: finding.name), state: state,
        reason: consequence.isEmpty ? reason : "\(reason): \(consequence)")
    }
  }

  private static var tracking: Capabilities.Tracking {
    let reason = String(cString: csizer_lifetimes_locks_reason())
    return Capabilities.Tracking(isLockFree: reason.isEmpty, reason: reason)
  }

  private static var memoryReturn: Capabilities.MemoryReturn {
    let reason = String(cString: csizer_heapmap_reason())
    return Capabilities.MemoryReturn(isAvailable: reason.isEmpty, reason: reason)
  }

  private static var allocator: Capabilities.Allocator {
    let isUniform = csizer_allocator_has_uniform_pages()
    let serves = csizer_allocator_serves_process()
    let reason =
      !serves
      ? "another library has taken malloc's place: sizes are not to be trusted; link Sizer's jemalloc first"
      : isUniform ? "" : "not jemalloc: ownership of addresses can't be asked; \(wayToJemalloc)"
    return Capabilities.Allocator(
      name: String(cString: csizer_allocator_name()), isExact: serves && isUniform, reason: reason)
  }

  private static var allocationHook: Capabilities.AllocationHook {
    let state: Capabilities.AllocationHook.State =
      switch csizer_census_state() {
      case CSIZER_HOOKS_REPLACED: .replaced
      case CSIZER_HOOKS_INTERPOSED: .interposed
      default: .off
      }
    return Capabilities.AllocationHook(state: state, reason: String(cString: csizer_census_reason()))
  }

  private static var stackCapture: Capabilities.StackCapture {
    let isAvailable = csizer_trace_is_available()
    let hasLines = Symboliser.isAvailable
    let reason =
      !isAvailable
      ? String(cString: csizer_trace_reason()) : hasLines ? "" : "no names: install libdw (apt-get install libdw1)"
    return Capabilities.StackCapture(isAvailable: isAvailable, hasLines: hasLines, reason: reason)
  }
}
