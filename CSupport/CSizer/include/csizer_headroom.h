// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEADROOM_H
#define CSIZER_HEADROOM_H
#include <stdbool.h>
#include <stdint.h>

#include "csizer_status.h"

/// Head room: whether a frozen image fits into the memory that the process may still take, so that no limit is ever
/// reached for its sake.
///
/// Limits that kill: those of the process's control groups (memory.max, and memory.high at which the kernel slows down;
/// version 1 likewise, with swap too), with what the kernel can take back of clean file pages; and the machine's free
/// memory. Limits that refuse: RLIMIT_AS, RLIMIT_DATA, and the commit limit where vm.overcommit_memory is 2. Swap is no
/// head room: a host that is pushed out to the disk is hurt as well.
///
/// What an image costs: a copy of the page tables; the marks of the walk, a 64th of the heap; the results; 4 MiB for
/// the rest; and a copy of each page that the host writes while the child lives, at worst of all its anonymous memory.
/// That the worst case fits is too much to ask: a server that uses more than half of its limit would never get an
/// image. So what is asked for is
///
///     page tables + marks + results + 4 MiB + floor + an eighth of the anonymous memory
///
/// and whoever waits for the child looks every millisecond or five, and ends it when less than the floor is left. The
/// floor is what can be copied between two looks: 16 MiB for each thread that may write at once (as many as there are
/// processors; a processor copied 1 GB/s where this was measured, and that is 16 ms; 5 ms at three times that speed),
/// twice as much when a kill takes the whole group along, and never more than the anonymous memory, for more can't be
/// copied. Each child that had to be ended doubles the share that the next must find, up to all of it; each that was
/// not halves it.
typedef struct csizer_headroom csizer_headroom;

/// What there was too little of.
typedef enum csizer_memory_limit {
  CSIZER_LIMIT_NONE = 0,
  /// A control group's.
  CSIZER_LIMIT_GROUP = 1,
  /// The machine's own memory.
  CSIZER_LIMIT_MACHINE = 2,
  /// What the kernel may promise (vm.overcommit_memory is 2), or it refused the child.
  CSIZER_LIMIT_COMMIT = 3,
  /// RLIMIT_AS.
  CSIZER_LIMIT_ADDRESS_SPACE = 4,
  /// RLIMIT_DATA.
  CSIZER_LIMIT_DATA = 5,
  /// A child of this process was killed for memory before: none is made any more.
  CSIZER_LIMIT_KILLED = 6,
} csizer_memory_limit;

/// How much there was too little.
typedef struct csizer_shortage {
  csizer_memory_limit limit;
  /// Bytes left below the limit, and bytes that were wanted; both 0 when the kernel refused.
  uint64_t room, need;
} csizer_shortage;

/// Looks whether there is room for an image with so many bytes of results. When there is, `ret_headroom` watches over
/// it, and is closed by csizer_headroom_close; otherwise it is NULL and `ret_shortage` says what is short. Some 100 to
/// 300 µs; no lock, no allocation of the measured heap. CSIZER_UNREADABLE when /proc can't be read: then nothing is
/// known.
csizer_status csizer_headroom_open(uint64_t results, csizer_headroom **ret_headroom, csizer_shortage *ret_shortage);

/// NULL is fine.
void csizer_headroom_close(csizer_headroom *headroom);

/// How things stand while a child lives.
typedef enum csizer_room {
  /// Even if all were copied it would fit: look again in some milliseconds.
  CSIZER_ROOM_AMPLE = 0,
  /// Look again soon.
  CSIZER_ROOM_NEAR = 1,
  /// The child must go.
  CSIZER_ROOM_SHORT = 2,
} csizer_room;

/// Looks again: some microseconds for each limit.
csizer_room csizer_headroom_look(csizer_headroom *headroom);

/// What the last look found short.
csizer_shortage csizer_headroom_shortage(const csizer_headroom *headroom);

/// Whether a child that was killed, by none of us, was killed for memory: the group has counted a kill since. If so no
/// image fits any more, for the rest of this process's life. When none was counted but there was hardly any room left,
/// the next image must find twice the share, as if the child had been ended for want of room.
bool csizer_headroom_was_killed(csizer_headroom *headroom);

/// The child was ended for want of room, or did its work: the next one's share.
void csizer_headroom_learn(bool had_room);

/// Tests only: files are read below this folder instead of `/`, and what was learnt is forgotten; "" for the real ones.
/// A global, for it must reach snapshots that any thread takes. CSIZER_INVALID when the path is too long.
csizer_status csizer_headroom_set_root(const char *root);

#endif
