// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FROZEN_CHILD_H
#define CSIZER_FROZEN_CHILD_H
#include <setjmp.h>

#include "csizer_frozen.h"
#include "walk/walk_internal.h"

// A child that has a frozen image of the process, whatever it does with it: csizer_frozen.h.

/// The fault that the next child is to have: csizer_frozen_fail. frozen.c
csizer_frozen_fault csizer_frozen_take_fault(void);

/// What the kernel would answer that refuses a child: CSIZER_OK unless the fault is such a refusal.
csizer_status csizer_frozen_refusal(csizer_frozen_fault fault);

/// Makes a child; true in it. In the parent `ret_status` says how it went.
bool csizer_child_fork(csizer_child *ret_child, csizer_status *ret_status);

/// In the child, first of all: it dies with the process `parent`, leaves all descriptors but `file`, and is the first
/// to go when memory runs out.
enum { CSIZER_NO_FILE = -1 };
void csizer_child_begin(int parent, int file);

/// Where a fault of the child's first thread leads back to. The child is a copy: no other process sees its globals.
extern sigjmp_buf csizer_child_after_fault;
void csizer_child_catch_faults(void);

// frozen_crew.c
/// Lets a child's walk sweep with a crew, where there may be two workers and that is worth it; what the system refuses
/// is done without. Faults are caught.
void csizer_child_hire(csizer_walk *walk, uint32_t processors);
/// In the handler of a fault, where the calling thread's work goes on; NULL: where the first thread says
/// (csizer_child_after_fault). A thread that can't go on ends the child.
sigjmp_buf *csizer_child_after_fault_of_crew(void);

/// Tells the parent that all is done, and ends.
__attribute__((noreturn)) void csizer_child_end_done(uint32_t *is_done);

/// As csizer_frozen_await, for any child that counts its steps and says when it is done.
csizer_child_end csizer_child_await(const uint32_t *is_done, const uint32_t *steps, csizer_child child,
                                    uint64_t patience, csizer_headroom *headroom);

#endif
