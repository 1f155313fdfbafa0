// SPDX-License-Identifier: Apache-2.0
// How many processors there are for us: by the scheduler's mask and by the control groups of version 1 and 2
// (Documentation/admin-guide/cgroup-v2.rst, cpu.max; Documentation/scheduler/sched-bwc.rst of the kernel).
#define _GNU_SOURCE
#include "platform/processors.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/cgroup_folders.h"
#include "platform/proc_file.h"

// By the system call: libc's set has room for fewer than a kernel may have.
static uint32_t in_mask(void) {
  uint64_t mask[1024];
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  uint32_t count = 0;
  for (long i = 0; i < bytes / (long)sizeof *mask; i++) count += (uint32_t)__builtin_popcountll(mask[i]);
  return count;
}

static ssize_t read_file(const cgroup_folder *group, const char *name, char *text, size_t size) {
  char path[sizeof group->folder + 64];
  snprintf(path, sizeof path, "%s/%s", group->folder, name);
  return csizer_proc_read_whole(path, text, size);
}

static bool read_number(const cgroup_folder *group, const char *name, uint64_t *ret) {
  char text[64];
  const ssize_t length = read_file(group, name, text, sizeof text);
  const char *at = text;
  return length > 0 && csizer_proc_decimal(&at, text + length, ret);
}

// "QUOTA PERIOD", or "max PERIOD".
static bool read_v2(const cgroup_folder *group, uint64_t *ret_quota, uint64_t *ret_period) {
  char text[64];
  const ssize_t length = read_file(group, "cpu.max", text, sizeof text);
  if (length <= 0) return false;
  const char *at = text, *end = text + length;
  return csizer_proc_decimal(&at, end, ret_quota) && *at++ == ' ' && csizer_proc_decimal(&at, end, ret_period);
}

// A quota of -1 is none.
static bool read_v1(const cgroup_folder *group, uint64_t *ret_quota, uint64_t *ret_period) {
  return read_number(group, "cpu.cfs_quota_us", ret_quota) && read_number(group, "cpu.cfs_period_us", ret_period);
}

// The least of the group's and of those above that can be seen.
static uint64_t in_quotas(cgroup_folder *group, bool is_v2) {
  uint64_t least = UINT32_MAX, quota, period;
  if (!group->is_found) return least;
  do {
    const bool has_quota = is_v2 ? read_v2(group, &quota, &period) : read_v1(group, &quota, &period);
    if (has_quota && period && quota / period < least) least = quota / period;
  } while (csizer_cgroup_folder_up(group));
  return least;
}

uint32_t csizer_processors_allowed(const char *root) {
  cgroup_folder *folders;
  if (csizer_cgroup_folders_find(root, "cpu", &folders)) return 1;
  uint64_t count = in_mask();
  const uint64_t v2 = in_quotas(&folders[CGROUP_FOLDER_V2], true), v1 = in_quotas(&folders[CGROUP_FOLDER_V1], false);
  csizer_cgroup_folders_destroy(folders);
  if (v2 < count) count = v2;
  if (v1 < count) count = v1;
  return count ? (uint32_t)count : 1;
}
