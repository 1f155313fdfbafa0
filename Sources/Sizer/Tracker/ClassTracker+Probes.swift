// SPDX-License-Identifier: Apache-2.0

extension ClassTracker {
  /// Whether births and deaths of tracked objects are told to profilers outside of the process, by USDT probes; false
  /// until it is set. It goes for all trackers of the process.
  ///
  /// The probes are `otel_memory:alloc(address, bytes, weight)`, where both figures are the usable bytes of the
  /// object's block, and `otel_memory:free(address)`: those that OpenTelemetry's eBPF profiler attaches to
  /// (open-telemetry/opentelemetry-ebpf-profiler, design-docs/00003-memory-profiling). Objects that were there before
  /// they were tracked have no birth to tell. Without an observer a birth costs a look at two words more; with one, the
  /// trap that the kernel sets, some microseconds.
  ///
  /// Any thread; O(1).
  public static var emitsProbes: Bool {
    get { Engine.emitsProbes }
    set { Engine.emitsProbes = newValue }
  }
}
