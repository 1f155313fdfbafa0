// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CGROUPS_H
#define CSIZER_CGROUPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

// The memory limits of this process's control groups, of version 1 and 2 (Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst of the kernel): of its own group and of all above it that can be seen. A container mostly sees
// its own group alone.
//
// Files are opened, read and closed at each look, but for two of the group that snapshots tell of.

enum { CGROUP_PATH = 4096, CGROUP_LIMITS = 16, CGROUP_TEXT = 16 * 1024 };

/// What a group counts, and by which names.
typedef enum cgroup_account {
  CGROUP_V2 = 0,
  CGROUP_V1 = 1,
  CGROUP_V1_WITH_SWAP = 2,  // memory and swap together
} cgroup_account;

/// A limit that is in force.
typedef struct cgroup_limit {
  uint64_t bytes;
  /// Clean pages of files that nobody used lately: the kernel takes them back at once when the limit is reached.
  uint64_t reclaimable;
  cgroup_account account;
  char folder[CGROUP_PATH];
} cgroup_limit;

/// The limits of one process. Large: it lies in pages of its own, of which few are touched.
typedef struct csizer_cgroups {
  /// Set by who asks every second: the folders may be those that were found before (cgroup_folders.h), and nothing is
  /// asked about kills.
  bool is_quick;
  uint32_t count;
  cgroup_limit limits[CGROUP_LIMITS];
  /// When the kernel kills one process of a group for memory, more goes with it: `memory.oom.group` is set, systemd
  /// would stop the service, or nobody is killed and all stand still.
  bool die_together;
  /// The nearest group that counts memory; empty when none does.
  cgroup_account own_account;
  char own_folder[CGROUP_PATH];
  /// Where kills are counted; empty when nowhere.
  cgroup_account kills_account;
  char kills_folder[CGROUP_PATH];
  /// Scratch.
  char path[CGROUP_PATH + 64];
  char text[CGROUP_TEXT];
} csizer_cgroups;

/// Finds the limits that hold for the calling thread's process. `root` stands before each path: tests read trees of
/// their own. `groups` is zeroed, or was found before and has no limits any more. CSIZER_UNREADABLE when no descriptor
/// is left; a system without cgroups has none.
csizer_status csizer_cgroups_find(csizer_cgroups *groups, const char *root);

/// How much may still be taken before the limit is reached; `is_thorough` looks again at what could be taken back,
/// which may take the kernel some time. False when it can't be read.
bool csizer_cgroups_room(csizer_cgroups *groups, uint32_t limit, bool is_thorough, uint64_t *ret_room);

/// What a group counts now, of all it has; false when it can't be read. 4 KiB of stack.
bool csizer_cgroups_usage(const char *folder, cgroup_account account, uint64_t *ret_bytes);

/// The most that was; false where it is not told.
bool csizer_cgroups_peak(const char *folder, cgroup_account account, uint64_t *ret_bytes);

/// The same two of the one group of this process that is asked again and again: the kernel's files stay open
/// (kept_file.h).
bool csizer_cgroups_kept_usage(const char *folder, cgroup_account account, uint64_t *ret_bytes);
bool csizer_cgroups_kept_peak(const char *folder, cgroup_account account, uint64_t *ret_bytes);

/// From now on csizer_group_memory_read believes nothing that it found before. limit_watch.c
void csizer_group_memory_forget(void);

/// How many processes of the own group were killed for memory; 0 when nobody counts.
uint64_t csizer_cgroups_kills(csizer_cgroups *groups);

#endif
