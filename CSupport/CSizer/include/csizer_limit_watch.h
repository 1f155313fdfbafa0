// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIMIT_WATCH_H
#define CSIZER_LIMIT_WATCH_H
#include <stdbool.h>
#include <stdint.h>

#include "csizer_status.h"

// What the process's control groups say of their memory, versions 1 and 2: for snapshots, and to be there before a
// limit is reached. errno is kept; nothing comes from the measured heap.

/// The memory of one control group, in bytes, none above INT64_MAX: of the one with the lowest limit among the
/// process's own and those above it that can be seen, or, where none has a limit, of the nearest that counts. A limit
/// is memory.max or memory.high, whichever is lower, or version 1's. File pages count, also those that the kernel could
/// drop.
typedef struct csizer_group_memory {
  uint64_t current;
  /// 0: there is none.
  uint64_t limit;
  /// The most it ever was; 0 where the kernel does not tell (before 5.19 in version 2).
  uint64_t peak;
} csizer_group_memory;

/// Reads them now, in some 5 µs, from two files that stay open, as csizer_process_memory_read has it; the first time,
/// and once a second, some 100 µs more, to find which group that is: a new limit, or a move to another group, may stay
/// unseen for so long, and for a minute that a new mount shows more groups. CSIZER_UNSUPPORTED, `ret` as it was: the
/// process is in no group that counts memory and can be seen. CSIZER_UNREADABLE when no descriptor is left,
/// CSIZER_NO_MEMORY. Any thread.
csizer_status csizer_group_memory_read(csizer_group_memory *ret);

/// Looks again and again whether a limit is near. For one thread at a time.
typedef struct csizer_limit_watch csizer_limit_watch;

/// How far it is.
typedef struct csizer_limit_use {
  /// Bytes in use, without clean file pages that nobody used lately: the kernel drops these when the limit is reached.
  uint64_t used;
  uint64_t limit;
} csizer_limit_use;

/// A watch, which csizer_limit_watch_close ends. CSIZER_NO_MEMORY.
csizer_status csizer_limit_watch_open(csizer_limit_watch **ret_watch);

/// NULL is fine.
void csizer_limit_watch_close(csizer_limit_watch *watch);

/// Whether of some limit so many millionths are in use, and of which; `ret_use` is as it was otherwise. Some
/// microseconds for each limit, whose files are opened, read and closed. Limits that changed, and groups that the
/// process was moved to, are seen after 200 looks.
bool csizer_limit_watch_look(csizer_limit_watch *watch, uint32_t millionths, csizer_limit_use *ret_use);

#endif
