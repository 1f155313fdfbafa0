// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FAULT_GUARD_H
#define CSIZER_FAULT_GUARD_H
#include <stdbool.h>
#include <stdint.h>

// A fault of ours must not be the host's. While layouts are compiled, everything that is read was looked at before
// (metadata_check.h); this catches what was overlooked, what a value witness does with metadata that it does not fit,
// and files that are cut while they are mapped.
//
// Why it does a host no harm:
//  - Handlers are there only while a type that was never met is compiled, milliseconds in a program's life, and
//    afterwards those that were there before are there again; unless somebody has put his own there meanwhile: then
//    these stay, and no later guard goes over a handler that may call ours.
//  - Only a fault that the kernel reports of a thread that is inside of csizer_guard_call is caught. All others, of
//    other threads or sent by somebody, go to the handler that was there before, as it asked to be called (SA_SIGINFO,
//    SA_ONSTACK, SA_NODEFER, SA_RESETHAND, its mask), or end the process by the same signal as without us.
//  - It is left by a jump, so nothing that holds a lock of somebody else's may run inside: the Swift runtime and the
//    loader are called with the guard paused. A fault in there is the host's, as it would be if the
//    host had called: a process that ends is better than one whose locks are never released. That is why the runtime is
//    asked only about what was looked at.

/// Runs `body`; false when it faulted, anywhere in the middle. May be nested: the innermost one catches.
bool csizer_guard_call(void (*body)(void *context), void *context);

/// How many faults were caught in this process so far.
unsigned csizer_guard_faults(void);

/// The address that the last fault was at which was caught in the calling thread.
uintptr_t csizer_guard_fault_address(void);

/// From here to csizer_guard_resume, which takes what this answers, faults of this thread are the host's. Costs
/// nothing.
void *csizer_guard_pause(void);
void csizer_guard_resume(void *guard);

#endif
