// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/cgroups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/cgroup_folders.h"
#include "platform/kept_file.h"
#include "platform/proc_file.h"

// The names by account.
static const char *const usage_names[] = {"memory.current", "memory.usage_in_bytes", "memory.memsw.usage_in_bytes"};
static const char *const peak_names[] = {"memory.peak", "memory.max_usage_in_bytes", "memory.memsw.max_usage_in_bytes"};
static const char *const kills_names[] = {"memory.events", "memory.oom_control", "memory.oom_control"};
// Version 1 counts the group's own pages under the plain names, those of groups below too under these.
static const char *const idle_keys[] = {"inactive_file", "total_inactive_file", "total_inactive_file"};
static const char *const dirty_keys[] = {"file_dirty", "total_dirty", "total_dirty"};
static const char *const writeback_keys[] = {"file_writeback", "total_writeback", "total_writeback"};

// Reads a file of a group into the scratch text; its length, or -1.
static ssize_t read_file(csizer_cgroups *groups, const char *folder, const char *name) {
  int length = snprintf(groups->path, sizeof groups->path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof groups->path) return -1;
  return csizer_proc_read_whole(groups->path, groups->text, sizeof groups->text);
}

static bool parse_number(const char *text, size_t length, void *ret) {
  const char *at = text;
  uint64_t number;
  if (!csizer_proc_decimal(&at, text + length, &number) || *at != '\n') return false;
  *(uint64_t *)ret = number;
  return true;
}

enum { FILE_PATH = CGROUP_PATH + 64, NUMBER_TEXT = 64 };

static bool name_file(char path[static FILE_PATH], const char *folder, const char *name) {
  const int width = snprintf(path, FILE_PATH, "%s/%s", folder, name);
  return width >= 0 && width < FILE_PATH;
}

static bool read_number(const char *folder, const char *name, uint64_t *ret) {
  char path[FILE_PATH], text[NUMBER_TEXT];
  if (!name_file(path, folder, name)) return false;
  const ssize_t length = csizer_proc_read_whole(path, text, sizeof text);
  return length > 0 && parse_number(text, (size_t)length, ret);
}

static bool read_kept(kept_name kept, const char *folder, const char *name, uint64_t *ret) {
  char path[FILE_PATH], text[NUMBER_TEXT];
  return name_file(path, folder, name) && csizer_kept_read(kept, path, text, sizeof text, parse_number, ret);
}

// Of all that are met the tightest stay; a limit that no machine reaches is none.
static void add_limit(csizer_cgroups *groups, const char *folder, cgroup_account account, uint64_t bytes) {
  if (bytes >> 62) return;
  cgroup_limit *limit = &groups->limits[groups->count];
  if (groups->count < CGROUP_LIMITS) {
    groups->count++;
  } else {
    limit = groups->limits;
    for (uint32_t i = 1; i < CGROUP_LIMITS; i++)
      if (groups->limits[i].bytes > limit->bytes) limit = &groups->limits[i];
    if (limit->bytes <= bytes) return;
  }
  limit->bytes = bytes;
  limit->reclaimable = 0;
  limit->account = account;
  memcpy(limit->folder, folder, strlen(folder) + 1);
}

// At memory.high nobody is killed, but who takes more is made to wait: no host is to be slowed down either.
static void add_v2(csizer_cgroups *groups, const char *folder) {
  uint64_t number, least = UINT64_MAX;
  if (read_number(folder, "memory.max", &number)) least = number;
  if (read_number(folder, "memory.high", &number) && number < least) least = number;
  add_limit(groups, folder, CGROUP_V2, least);
  if (!groups->is_quick && read_number(folder, "memory.oom.group", &number) && number) groups->die_together = true;
}

static void add_v1(csizer_cgroups *groups, const char *folder) {
  uint64_t number;
  if (read_number(folder, "memory.limit_in_bytes", &number)) add_limit(groups, folder, CGROUP_V1, number);
  if (read_number(folder, "memory.memsw.limit_in_bytes", &number))
    add_limit(groups, folder, CGROUP_V1_WITH_SWAP, number);
  if (groups->is_quick) return;
  ssize_t length = read_file(groups, folder, "memory.oom_control");
  if (length > 0 && csizer_proc_figure(groups->text, (size_t)length, "oom_kill_disable", &number) && number)
    groups->die_together = true;
}

// Whether groups below this one count here: in old kernels not unless told so.
static bool counts_below(const char *folder) {
  uint64_t number;
  return !read_number(folder, "memory.use_hierarchy", &number) || number;
}

static void add_all(csizer_cgroups *groups, cgroup_folder *own, cgroup_account account) {
  // systemd stops a service of which one process was killed (OOMPolicy=stop, its default).
  if (strstr(own->folder, ".service/")) groups->die_together = true;
  size_t length = strlen(own->folder);
  if (length > 8 && strcmp(own->folder + length - 8, ".service") == 0) groups->die_together = true;
  while (true) {
    if (account == CGROUP_V2) add_v2(groups, own->folder);
    else add_v1(groups, own->folder);
    uint64_t usage;
    if (!*groups->own_folder && csizer_cgroups_usage(own->folder, account, &usage)) {
      groups->own_account = account;
      memcpy(groups->own_folder, own->folder, strlen(own->folder) + 1);
    }
    if (!groups->is_quick && !*groups->kills_folder && read_file(groups, own->folder, kills_names[account]) > 0) {
      groups->kills_account = account;
      memcpy(groups->kills_folder, own->folder, strlen(own->folder) + 1);
    }
    if (!csizer_cgroup_folder_up(own)) return;
    if (account == CGROUP_V1 && !counts_below(own->folder)) return;
  }
}

csizer_status csizer_cgroups_find(csizer_cgroups *groups, const char *root) {
  groups->die_together = false;
  *groups->own_folder = *groups->kills_folder = 0;
  cgroup_folder *folders;
  csizer_status status = groups->is_quick ? csizer_cgroup_folders_find_again(root, &folders)
                                          : csizer_cgroup_folders_find(root, "memory", &folders);
  if (status) return status;
  if (folders[CGROUP_FOLDER_V2].is_found) add_all(groups, &folders[CGROUP_FOLDER_V2], CGROUP_V2);
  if (folders[CGROUP_FOLDER_V1].is_found) add_all(groups, &folders[CGROUP_FOLDER_V1], CGROUP_V1);
  csizer_cgroup_folders_destroy(folders);
  return CSIZER_OK;
}

// Pages that are dirty or being written have to wait for the disk first.
static bool read_reclaimable(csizer_cgroups *groups, cgroup_limit *limit) {
  ssize_t length = read_file(groups, limit->folder, "memory.stat");
  uint64_t idle = 0, dirty = 0, writeback = 0;
  if (length < 0) return false;
  const char *text = groups->text;
  csizer_proc_figure(text, (size_t)length, idle_keys[limit->account], &idle);
  csizer_proc_figure(text, (size_t)length, dirty_keys[limit->account], &dirty);
  csizer_proc_figure(text, (size_t)length, writeback_keys[limit->account], &writeback);
  uint64_t busy = dirty + writeback;
  limit->reclaimable = idle > busy ? idle - busy : 0;
  return true;
}

bool csizer_cgroups_usage(const char *folder, cgroup_account account, uint64_t *ret_bytes) {
  return read_number(folder, usage_names[account], ret_bytes);
}

bool csizer_cgroups_peak(const char *folder, cgroup_account account, uint64_t *ret_bytes) {
  return read_number(folder, peak_names[account], ret_bytes);
}

bool csizer_cgroups_kept_usage(const char *folder, cgroup_account account, uint64_t *ret_bytes) {
  return read_kept(KEPT_GROUP_USAGE, folder, usage_names[account], ret_bytes);
}

bool csizer_cgroups_kept_peak(const char *folder, cgroup_account account, uint64_t *ret_bytes) {
  return read_kept(KEPT_GROUP_PEAK, folder, peak_names[account], ret_bytes);
}

bool csizer_cgroups_room(csizer_cgroups *groups, uint32_t index, bool is_thorough, uint64_t *ret_room) {
  cgroup_limit *limit = &groups->limits[index];
  if (is_thorough && !read_reclaimable(groups, limit)) limit->reclaimable = 0;
  uint64_t used;
  if (!csizer_cgroups_usage(limit->folder, limit->account, &used)) return false;
  used -= used < limit->reclaimable ? used : limit->reclaimable;
  *ret_room = limit->bytes > used ? limit->bytes - used : 0;
  return true;
}

uint64_t csizer_cgroups_kills(csizer_cgroups *groups) {
  uint64_t kills = 0;
  if (!*groups->kills_folder) return 0;
  ssize_t length = read_file(groups, groups->kills_folder, kills_names[groups->kills_account]);
  return length > 0 && csizer_proc_figure(groups->text, (size_t)length, "oom_kill", &kills) ? kills : 0;
}
