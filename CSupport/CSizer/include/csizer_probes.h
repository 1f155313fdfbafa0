// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PROBES_H
#define CSIZER_PROBES_H
#include <stdbool.h>

/// Probes for profilers outside of the process (USDT): births and deaths of tracked objects, under the names and with
/// the arguments that OpenTelemetry's eBPF profiler reads
/// (open-telemetry/opentelemetry-ebpf-profiler, design-docs/00003-memory-profiling):
///
///     otel_memory:alloc(address, bytes, weight)    usable bytes; the weight is the same: each object is told
///     otel_memory:free(address)
///
/// Both have a semaphore: without an observer a birth and a death cost a look at the switch and at that. With one each
/// costs what the observer takes, some microseconds.

/// Turns the probes on or off, for the whole process; off at the start. Any thread.
void csizer_probes_enable(bool are_on);

/// Whether they are on. Any thread.
bool csizer_probes_are_enabled(void);

#endif
