// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FROZEN_H
#define CSIZER_FROZEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_headroom.h"
#include "csizer_sizing.h"

/// Frozen sizings: fork(2) gives a child that has a consistent image of the whole process, and the process goes on at
/// once; the child walks the image and leaves the sizes in memory that both share.
///
/// The child has only the thread that forked, and for a large heap one of its own that libc does not know. So every
/// lock that another thread held is held in it for ever: it takes none, and enters neither the Swift runtime nor malloc
/// nor the loader. It asks the allocator only what is answered without a lock. A type that it meets and whose layout is
/// not compiled yet goes back to the parent as unknown, which compiles it and takes the sizing again. Objects of other
/// threads may be half made: a fault costs the object that was being sized, and the child goes on with the next.
///
/// The host is not disturbed: the child is made by clone(2) without a signal at its end, so that neither SIGCHLD
/// handlers nor waitpid(-1) meet it; no handler of pthread_atfork(3) runs; it closes its copies of all descriptors,
/// blocks all signals, and dies with the thread that waits for it. Debuggers do not see it and it leaves no core. When
/// memory runs out it is the first to go; but it may take its whole control group along (memory.oom.group), and so it
/// must not come to that: csizer_headroom.h. What remains visible: a host that waits with __WALL may reap it, and one
/// that execs while it is under way finds it as a zombie.

/// A child under way.
typedef struct csizer_child {
  int process;
} csizer_child;

/// How a child ended.
typedef enum csizer_child_end {
  /// It did its work; csizer_frozen_report says how well.
  CSIZER_CHILD_DONE = 0,
  /// Somebody or something ended it: the results are not complete.
  CSIZER_CHILD_DIED = 1,
  /// It made no progress for longer than it was given, and was killed.
  CSIZER_CHILD_STUCK = 2,
  /// The memory that the host may still take came near its end, and the child was killed for that:
  /// csizer_headroom_shortage says more.
  CSIZER_CHILD_NO_ROOM = 3,
  /// The kernel killed it for memory. No other child is made in this process (csizer_headroom_open).
  CSIZER_CHILD_KILLED_FOR_MEMORY = 4,
} csizer_child_end;

/// What the child found beside the sizes.
typedef struct csizer_frozen_report {
  csizer_status status;
  /// Objects whose layout is unknown (csizer_totals).
  uint64_t unresolved;
  /// The part of the sizes that is estimate (csizer_totals).
  uint64_t estimated_bytes;
  /// Usable bytes of all living Swift objects of the process, of the raw blocks that these own, and of dead objects
  /// whose blocks unowned references keep.
  uint64_t heap_objects, heap_raw, heap_dead;
  /// Types that csizer_sizing_learn may be able to compile: the sizes are not exact yet.
  uint32_t unknown;
  /// How many objects were looked at in sweeps that two threads share, and how many of these by the second; 0: it was
  /// not there. Not how many objects there are.
  uint64_t swept, swept_by_second;
} csizer_frozen_report;

/// As csizer_sizing_prepare, and makes the allocator ready for what the child asks it. No other thread may use
/// `layouts`.
csizer_status csizer_frozen_prepare(csizer_lifetimes *lifetimes, csizer_layouts *layouts);

/// Whether a map's objects are worth a second processor, by csizer_heapmap_open_bytes.
bool csizer_frozen_is_large(const csizer_heapmap *map);

/// How many processors a child may use for the objects of a map: one unless the heap is large, and never more than
/// `most`, than the thread may run on, and than whole ones are in its control groups' quotas. Reads files of /proc and
/// of these: not while anybody waits.
uint32_t csizer_frozen_processors(const csizer_heapmap *map, uint32_t most);

/// Forks a child that sizes with a fresh walk of the parent's, and names referents where that is asked for. Holding,
/// which may end at once when this returns. `processors`: how many threads the child may have at most; what it finds
/// does not depend on how many it has. CSIZER_REFUSED when the kernel refuses the fork, CSIZER_NO_ROOM when it does so
/// for memory.
csizer_status csizer_frozen_start(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys, uint32_t processors,
                                  csizer_child *ret_child);

/// Waits for the child's end; kills it when it makes no progress for so many nanoseconds, or when there is no head room
/// any more (NULL: nobody looks). The thread that made it.
csizer_child_end csizer_frozen_await(csizer_sizing *sizing, csizer_child child, uint64_t patience,
                                     csizer_headroom *headroom);

/// What the child found. After its end.
csizer_frozen_report csizer_frozen_report_of(const csizer_sizing *sizing);

/// What goes wrong on purpose.
typedef enum csizer_frozen_fault {
  CSIZER_FAULT_NONE = 0,
  CSIZER_FAULT_FORK,   // the kernel refuses
  CSIZER_FAULT_DEATH,  // the child is killed before its work is done
  CSIZER_FAULT_HANG,   // the child never ends
  CSIZER_FAULT_CRASH,  // the child faults at every other object
  CSIZER_FAULT_MEMORY,  // the kernel refuses the memory for the results
  CSIZER_FAULT_SLOW,    // the fork takes 100 ms and more
  CSIZER_FAULT_NO_ROOM,  // the kernel refuses for memory
} csizer_frozen_fault;

/// Tests only: what happens to the next `times` children. A global, for it must reach snapshots that any thread takes.
void csizer_frozen_fail(csizer_frozen_fault fault, uint32_t times);

#endif
