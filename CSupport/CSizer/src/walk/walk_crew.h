// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_CREW_H
#define CSIZER_WALK_CREW_H
#include <setjmp.h>

#include "walk/walk_internal.h"

// Sweeps by two workers, and what they come to does not depend on how fast each is, nor on whether the second comes.
//
// Each pass over the map is a turn and what it leaves. In the turn there are two jobs, one for each half of the map:
// each counts the plain objects that wait in its half, and marks what they lead to there; what lies in the other half
// it logs, and the other reads that in the next turn. So within a turn nobody reads what anybody writes, and nobody
// waits. What is not plain is left aside by the jobs, and when the turn is over the first worker alone scans it, in the
// order of the jobs' lists: whatever depends on an order (whose a block is that two lead to) has the same one each
// time.
//
// An object that can't be read is left aside, too, before any of its references was followed; the first worker then
// comes to it outside of all turns, and what becomes of it is the walk's matter as without a crew.
//
// Only in a heap that stands still, a frozen child's, and where the page memo knows pages.

typedef struct walk_crew walk_crew;

enum { CREW_MOST = 2 };

/// A crew of the calling thread alone; the walk sweeps with it from now on. CSIZER_UNSUPPORTED where the page memo has
/// to ask for each block.
csizer_status csizer_crew_create(csizer_walk *walk, walk_crew **ret_crew);

/// One more, whose thread has begun csizer_crew_work, or is going to. Between sweeps.
void csizer_crew_admit(walk_crew *crew);

/// When no other works any more. The walk sweeps by itself again.
void csizer_crew_destroy(walk_crew *crew);

/// What the second worker's thread runs, until it is dismissed. It may be one that libc knows nothing of and that
/// shares the first worker's thread-local storage: it calls nothing that uses any, but for the allocator's look-ups,
/// during which no other thread of the crew makes one.
void csizer_crew_work(walk_crew *crew);

/// The second returns from csizer_crew_work.
void csizer_crew_dismiss(walk_crew *crew);

/// Whether a crew is worth its turns here: by a look at some hundred units of the heap, nearly all objects are plain.
/// Depends on the heap alone.
bool csizer_crew_pays(walk_crew *crew);

/// Whether there is a crew, and it has not found out that it is not worth while.
bool csizer_crew_works(const walk_crew *crew);

/// Goes over the map once, in which the walk is sweeping. How many objects were scanned or left aside; SIZE_MAX: more
/// are known to wait.
size_t csizer_crew_pass(walk_crew *crew);

/// After the last pass of a sweep: marks in the map what is only in a log.
void csizer_crew_end_passes(walk_crew *crew);

/// After a fault outside of all turns: what was left aside and not scanned waits again, and what is only in a log is
/// marked.
void csizer_crew_put_back(walk_crew *crew);

/// What a sweep was left with is forgotten.
void csizer_crew_forget(walk_crew *crew);

/// In the handler of a fault: where to jump to when the calling thread, by the kernel's number, reads an object that is
/// left aside when it can't be read. NULL: it does something else.
sigjmp_buf *csizer_crew_after_fault(walk_crew *crew, int thread);

/// Whether workers are in a turn: a fault for which csizer_crew_after_fault knows no place leaves it for ever then.
bool csizer_crew_is_in_turn(const walk_crew *crew);

/// How many objects the second worker has scanned, or left aside, and how many both.
void csizer_crew_shares(const walk_crew *crew, uint64_t *ret_second, uint64_t *ret_all);

#ifdef CSIZER_CHECKS
/// Tests only: called by both workers where a delay could matter, with a number of the place. NULL: nothing.
extern void (*csizer_crew_passes_by)(int place);
/// Tests only: the first worker waits for the second in each turn.
extern bool csizer_crew_is_patient;
#endif

#endif
