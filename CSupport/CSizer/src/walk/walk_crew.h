// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_CREW_H
#define CSIZER_WALK_CREW_H
#include <setjmp.h>

#include "walk/walk_internal.h"

// Sweeps by several workers, and what they come to does not depend on how many there are or how fast each is.
//
// In turns: first all workers do plain objects, until no plain object leads to one that is not done; all else that they
// meet is left aside. What is reached that way does not depend on the order, and each object is counted by the worker
// that has taken its unit. Then the first worker alone scans what is aside, in the order of addresses. So whatever
// depends on an order (whose a block is that two lead to, what is an estimate) has the same one each time.
//
// Only in a heap that stands still: a frozen child's.

typedef struct walk_crew walk_crew;

enum { CREW_MOST = 2 };

/// A crew that sweeps for a walk from now on: the calling thread alone.
csizer_status csizer_crew_create(csizer_walk *walk, walk_crew **ret_crew);

/// One more, whose thread has begun csizer_crew_work with the next number, from 1 on, or is going to. Between sweeps.
void csizer_crew_admit(walk_crew *crew);

/// When no other works any more. The walk sweeps by itself again.
void csizer_crew_destroy(walk_crew *crew);

/// What the thread of each other runs, until it is dismissed. It may be one that libc knows nothing of and that shares
/// the first worker's thread-local storage: it calls nothing that uses any, but for the allocator's look-ups, during
/// which no other thread of the crew makes one.
void csizer_crew_work(walk_crew *crew, unsigned number);

/// The others return from csizer_crew_work.
void csizer_crew_dismiss(walk_crew *crew);

/// Sweeps until nothing waits, or so little that the queue is quicker. The walk is sweeping.
void csizer_crew_sweep(walk_crew *crew);

/// Counts all objects that live and were not seen, the dead among them as such, and what these own. May be called again
/// when a fault has left it: it goes on behind the object that faulted.
csizer_status csizer_crew_count_all(walk_crew *crew);

/// In the handler of a fault: where to jump to when the calling thread, by the kernel's number, reads objects that are
/// only left aside when they can't be read. NULL: it does something else.
sigjmp_buf *csizer_crew_after_fault(walk_crew *crew, int thread);

#endif
