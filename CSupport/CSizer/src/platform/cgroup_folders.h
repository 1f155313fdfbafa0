// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CGROUP_FOLDERS_H
#define CSIZER_CGROUP_FOLDERS_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_status.h"

/// Which hierarchy.
enum { CGROUP_FOLDER_V2, CGROUP_FOLDER_V1, CGROUP_FOLDERS };

/// Where a control group's files are. `base` characters of the path are the mount point, above which there is nothing
/// to see.
typedef struct cgroup_folder {
  bool is_found;
  size_t base;
  char folder[4096];
} cgroup_folder;

/// Finds the folders of the calling thread's groups, of each hierarchy that has the controller ("memory"). Two names
/// are put together: /proc/…/cgroup says which group, /proc/…/mountinfo where groups can be seen, and how much of the
/// tree (a container sees a part, a cgroup namespace renames it). Free with csizer_cgroup_folders_destroy.
/// CSIZER_UNREADABLE when no descriptor is left.
csizer_status csizer_cgroup_folders_find(const char *root, const char *controller, cgroup_folder **ret_folders);
void csizer_cgroup_folders_destroy(cgroup_folder *folders);

/// The same of memory for who asks every second: as long as /proc/…/cgroup says what it said, and the folders that were
/// found then are still the same ones, mounts are looked through once a minute only, which takes most of the time.
csizer_status csizer_cgroup_folders_find_again(const char *root, cgroup_folder **ret_folders);

/// Remembers nothing of that any more.
void csizer_cgroup_folders_forget(void);

/// The same in the one thread of a forked child: whoever was at it may be missing.
void csizer_cgroup_folders_begin_in_child(void);

/// Goes to the group above; false at the mount point.
bool csizer_cgroup_folder_up(cgroup_folder *folder);

#endif
