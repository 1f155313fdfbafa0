// SPDX-License-Identifier: Apache-2.0
import CSizer

/// What the engine knows of the process as a whole.
extension Engine {
  /// Whether the calling thread is the process's only one.
  static var hasOneThread: Bool { csizer_process_has_one_thread() }

  static var capabilities: Capabilities {
    Capabilities(
      allocator: allocator, allocationHook: allocationHook, stackCapture: stackCapture, overheadBytes: overheadBytes)
  }

  private static var allocator: Capabilities.Allocator {
    let isUniform = csizer_allocator_has_uniform_pages()
    let serves = csizer_allocator_serves_process()
    let reason =
      !serves
      ? "another library has taken malloc's place: sizes are not to be trusted; link Sizer's jemalloc first"
      : isUniform ? "" : "not jemalloc: the package's trait Jemalloc is off; ownership of addresses can't be asked"
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
