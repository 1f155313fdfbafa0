// SPDX-License-Identifier: Apache-2.0
// How near the limits of the control groups are.
#include "csizer_limit_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "platform/backoff.h"
#include "platform/cgroup_folders.h"
#include "platform/cgroups.h"
#include "platform/clock.h"
#include "platform/limits_root.h"
#include "platform/pages.h"

static csizer_status find(csizer_cgroups *groups) {
  groups->count = 0;
  return csizer_cgroups_find(groups, csizer_limits_root());
}

// ---- The memory of the group that counts ----

// Which group has the lowest limit, for as long as that is believed: to find it takes ten times as long as to ask it.
// Guarded by `is_taken`; who finds it taken looks for himself.
static struct {
  bool is_taken;  // atomic
  bool is_known;
  uint64_t until;  // nanoseconds, monotonic
  uint64_t limit;
  cgroup_account account;
  char folder[CGROUP_PATH], root[256];
} nearest;

enum { BELIEVED = 1000000000 };

static bool take_nearest(void) { return !__atomic_exchange_n(&nearest.is_taken, true, __ATOMIC_ACQUIRE); }
static void give_nearest(void) { __atomic_store_n(&nearest.is_taken, false, __ATOMIC_RELEASE); }

void csizer_group_memory_forget(void) {
  while (!take_nearest()) csizer_backoff(0);
  nearest.is_known = false;
  give_nearest();
  csizer_cgroup_folders_forget();
}

// In the child of a fork the one who had it may be missing.
static void begin_in_child(void) {
  nearest.is_taken = nearest.is_known = false;
  csizer_cgroup_folders_begin_in_child();
}

__attribute__((constructor)) static void survive_forks(void) { pthread_atfork(NULL, NULL, begin_in_child); }

static csizer_status ask(const char *folder, cgroup_account account, uint64_t limit, csizer_group_memory *ret) {
  csizer_group_memory memory = {.limit = limit};
  const bool is_made = *csizer_limits_root();  // for a test, of plain files: open ones would outlive their names
  const bool is_read = *folder && (is_made ? csizer_cgroups_usage(folder, account, &memory.current)
                                           : csizer_cgroups_kept_usage(folder, account, &memory.current));
  if (!is_read) return CSIZER_UNSUPPORTED;
  const bool has_peak = is_made ? csizer_cgroups_peak(folder, account, &memory.peak)
                                : csizer_cgroups_kept_peak(folder, account, &memory.peak);
  if (!has_peak) memory.peak = 0;
  *ret = memory;
  return CSIZER_OK;
}

static csizer_status find_nearest_in(csizer_cgroups *groups, csizer_group_memory *ret) {
  groups->is_quick = true;
  csizer_status status = find(groups);
  if (status) return status;
  const cgroup_limit *lowest = NULL;
  for (uint32_t i = 0; i < groups->count; i++)
    if (!lowest || groups->limits[i].bytes < lowest->bytes) lowest = &groups->limits[i];
  const char *folder = lowest ? lowest->folder : groups->own_folder;
  const cgroup_account account = lowest ? lowest->account : groups->own_account;
  const uint64_t limit = lowest ? lowest->bytes : 0;
  status = ask(folder, account, limit, ret);
  if (status || !take_nearest()) return status;
  nearest.is_known = true;
  nearest.until = clock_monotonic() + BELIEVED;
  nearest.limit = limit;
  nearest.account = account;
  memcpy(nearest.folder, folder, strlen(folder) + 1);
  snprintf(nearest.root, sizeof nearest.root, "%s", csizer_limits_root());
  give_nearest();
  return CSIZER_OK;
}

static csizer_status find_nearest(csizer_group_memory *ret) {
  csizer_cgroups *groups = csizer_pages_map(sizeof *groups);
  if (!groups) return CSIZER_NO_MEMORY;
  csizer_status status = find_nearest_in(groups, ret);
  csizer_pages_unmap(groups, sizeof *groups);
  return status;
}

static bool ask_nearest(csizer_group_memory *ret) {
  if (!take_nearest()) return false;
  const bool is_answered = nearest.is_known && clock_monotonic() < nearest.until &&
                           strcmp(nearest.root, csizer_limits_root()) == 0 &&
                           ask(nearest.folder, nearest.account, nearest.limit, ret) == CSIZER_OK;
  give_nearest();
  return is_answered;
}

csizer_status csizer_group_memory_read(csizer_group_memory *ret) {
  int saved_errno = errno;
  csizer_status status = ask_nearest(ret) ? CSIZER_OK : find_nearest(ret);
  errno = saved_errno;
  return status;
}

// ---- The watch ----

struct csizer_limit_watch {
  uint32_t looks;
  csizer_cgroups groups;
};

// What a group could give back is asked only when it seems to be needed, and then not at every look: it may take the
// kernel a millisecond to sum it up.
enum { LOOKS_UNTIL_FOUND_AGAIN = 200, LOOKS_UNTIL_THOROUGH = 4 };

csizer_status csizer_limit_watch_open(csizer_limit_watch **ret_watch) {
  *ret_watch = csizer_pages_map(sizeof **ret_watch);
  return *ret_watch ? CSIZER_OK : CSIZER_NO_MEMORY;
}

void csizer_limit_watch_close(csizer_limit_watch *watch) {
  if (watch) csizer_pages_unmap(watch, sizeof *watch);
}

static bool has_reached(uint64_t used, uint64_t limit, uint32_t millionths) {
  return used >= limit / 1000000 * millionths + limit % 1000000 * millionths / 1000000;
}

// Room is what is left of the limit; 0 also when more is in use.
static bool is_near(csizer_limit_watch *watch, uint32_t index, uint32_t millionths, csizer_limit_use *ret_use) {
  cgroup_limit *limit = &watch->groups.limits[index];
  uint64_t current, room;
  if (!csizer_cgroups_usage(limit->folder, limit->account, &current)) return false;
  if (!has_reached(current, limit->bytes, millionths)) {
    limit->reclaimable = 0;
    return false;
  }
  bool is_thorough = !limit->reclaimable || watch->looks % LOOKS_UNTIL_THOROUGH == 0;
  if (!csizer_cgroups_room(&watch->groups, index, is_thorough, &room)) return false;
  uint64_t used = limit->bytes - room;
  if (!has_reached(used, limit->bytes, millionths)) return false;
  *ret_use = (csizer_limit_use){.used = used, .limit = limit->bytes};
  return true;
}

bool csizer_limit_watch_look(csizer_limit_watch *watch, uint32_t millionths, csizer_limit_use *ret_use) {
  int saved_errno = errno;
  if (watch->looks++ % LOOKS_UNTIL_FOUND_AGAIN == 0 && find(&watch->groups)) watch->looks = 0;  // and soon again
  bool is_reached = false;
  for (uint32_t i = 0; i < watch->groups.count && !is_reached; i++)
    is_reached = is_near(watch, i, millionths, ret_use);
  errno = saved_errno;
  return is_reached;
}
