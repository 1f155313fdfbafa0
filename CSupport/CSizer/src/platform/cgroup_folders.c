// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/cgroup_folders.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/backoff.h"
#include "platform/clock.h"
#include "platform/pages.h"
#include "platform/proc_file.h"
#include "platform/refusals.h"

// Where the files of this process's control groups are, read from /proc.

enum { TEXT = 16 * 1024 };

/// What is at hand while folders are looked for; in pages of its own, the folders first.
typedef struct search {
  cgroup_folder folders[CGROUP_FOLDERS];
  const char *root, *controller;
  char groups[TEXT];                    // /proc/…/cgroup
  const char *own[CGROUP_FOLDERS];      // the group's name in it, or NULL
  size_t mount_root[CGROUP_FOLDERS];    // how long the root of the best mount is
  char candidate[sizeof(((cgroup_folder *)0)->folder) + 64];
  char lines[2 * TEXT];                 // of mountinfo, a part at a time
} search;

// Whether a list with commas has the word.
static bool lists(const char *list, const char *word) {
  const size_t width = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, word, width) == 0 && (at[width] == ',' || at[width] == 0)) return true;
  return false;
}

// "0::/path" is version 2, "4:memory,other:/path" may be version 1.
static void read_group(search *search, char *line) {
  char *controllers = strchr(line, ':');
  char *name = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!name || name[1] != '/') return;
  *controllers++ = 0;
  *name++ = 0;
  if (!*controllers) search->own[CGROUP_FOLDER_V2] = name;
  else if (lists(controllers, search->controller)) search->own[CGROUP_FOLDER_V1] = name;
}

static csizer_status unreadable(const char *path) {
  if (errno != EMFILE && errno != ENFILE && errno != ENOMEM) return CSIZER_OK;
  return csizer_refusal_tell(CSIZER_UNREADABLE, errno, path);
}

// The thread's own file: a main thread that has ended is in no group any more. `ret_length` is 0 where there is none.
static csizer_status read_groups(search *search, size_t *ret_length) {
  snprintf(search->candidate, sizeof search->candidate, "%s/proc/thread-self/cgroup", search->root);
  const ssize_t length = csizer_proc_read_whole(search->candidate, search->groups, sizeof search->groups - 1);
  *ret_length = length < 0 ? 0 : (size_t)length;
  return length < 0 ? unreadable("/proc/thread-self/cgroup") : CSIZER_OK;
}

static void parse_groups(search *search, size_t length) {
  search->groups[length] = 0;
  for (char *line = search->groups, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    read_group(search, line);
  }
}

// Cuts the next field off; blanks in it are written \040.
static char *take_field(char **at) {
  char *field = *at, *to = field;
  if (!field) return NULL;
  char *end = strchr(field, ' ');
  *at = end ? end + 1 : NULL;
  if (end) *end = 0;
  for (char *from = field; *from; to++) {
    bool is_octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
                    from[3] >= '0' && from[3] <= '7';
    *to = is_octal ? (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0')) : *from;
    from += is_octal ? 4 : 1;
  }
  *to = 0;
  return field;
}

// What follows the mount's root in the group's name; NULL when the group is outside of what the mount shows. A root
// that is above the namespace's shows itself only: what the way down to the group is called can't be known.
static const char *below(const char *mount_root, const char *group) {
  if (strncmp(mount_root, "/..", 3) == 0 && strcmp(mount_root, group) != 0) return "";
  size_t width = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
  if (strncmp(group, mount_root, width) != 0 || (group[width] != '/' && group[width] != 0)) return NULL;
  const char *rest = group + width;
  return strstr(rest, "/..") ? NULL : rest;
}

// The mount that shows the most of the tree wins.
static void consider(search *search, int hierarchy, const char *mount_root, const char *mount_point) {
  const char *group = search->own[hierarchy];
  cgroup_folder *folder = &search->folders[hierarchy];
  if (!group || (folder->is_found && search->mount_root[hierarchy] <= strlen(mount_root))) return;
  const char *rest = below(mount_root, group);
  if (!rest) return;
  char *candidate = search->candidate;
  int length = snprintf(candidate, sizeof folder->folder, "%s%s%s", search->root, mount_point, rest);
  if (length <= 0 || (size_t)length >= sizeof folder->folder) return;
  if (candidate[length - 1] == '/') candidate[--length] = 0;
  strcpy(candidate + length, "/cgroup.procs");  // there is room for it
  if (access(candidate, F_OK) != 0) return;     // something else is mounted over it
  candidate[length] = 0;
  memcpy(folder->folder, candidate, (size_t)length + 1);
  folder->is_found = true;
  folder->base = strlen(search->root) + strlen(mount_point);
  search->mount_root[hierarchy] = strlen(mount_root);
}

// "31 23 0:28 ROOT POINT options … - TYPE source super-options"
static void read_mount(search *search, char *line) {
  for (int i = 0; i < 3; i++) take_field(&line);
  const char *mount_root = take_field(&line), *mount_point = take_field(&line);
  char *rest = line ? strstr(line, " - ") : NULL;
  if (!rest) return;
  rest += 3;
  const char *type = take_field(&rest);
  take_field(&rest);
  if (strcmp(type, "cgroup2") == 0) consider(search, CGROUP_FOLDER_V2, mount_root, mount_point);
  else if (strcmp(type, "cgroup") == 0 && rest && lists(rest, search->controller))
    consider(search, CGROUP_FOLDER_V1, mount_root, mount_point);
}

// A line that does not fit is no cgroup's.
static csizer_status read_mounts(search *search) {
  snprintf(search->candidate, sizeof search->candidate, "%s/proc/thread-self/mountinfo", search->root);
  int file = csizer_proc_open(search->candidate);
  if (file < 0) return unreadable("/proc/thread-self/mountinfo");
  const size_t room = sizeof search->lines - 1;
  size_t filled = 0;
  bool is_cut = false;
  for (ssize_t count; (count = csizer_proc_read(file, search->lines + filled, room - filled, -1)) > 0;) {
    filled += (size_t)count;
    search->lines[filled] = 0;
    char *line = search->lines;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
      *end = 0;
      if (!is_cut) read_mount(search, line);
      is_cut = false;
    }
    filled -= (size_t)(line - search->lines);
    memmove(search->lines, line, filled);
    if (filled == room) {
      is_cut = true;
      filled = 0;
    }
  }
  close(file);
  return CSIZER_OK;
}

static csizer_status find_folders(search *search, size_t length) {
  parse_groups(search, length);
  const bool is_in_any = search->own[CGROUP_FOLDER_V1] || search->own[CGROUP_FOLDER_V2];
  return is_in_any ? read_mounts(search) : CSIZER_OK;
}

// ---- What was found last ----

enum { BELIEVED_SECONDS = 60 };

// For csizer_cgroup_folders_find_again, of the whole process. Guarded by `is_taken`; who finds it taken does without.
static struct {
  bool is_taken;  // atomic
  bool is_known;
  uint64_t until;  // nanoseconds, monotonic
  char root[256];
  size_t length;
  char groups[4096];
  struct folder_identity {
    dev_t device;
    ino_t inode;
  } identities[CGROUP_FOLDERS];
  cgroup_folder folders[CGROUP_FOLDERS];
} last;

static bool take_last(void) { return !__atomic_exchange_n(&last.is_taken, true, __ATOMIC_ACQUIRE); }
static void give_last(void) { __atomic_store_n(&last.is_taken, false, __ATOMIC_RELEASE); }

void csizer_cgroup_folders_forget(void) {
  while (!take_last()) csizer_backoff(0);
  last.is_known = false;
  give_last();
}

void csizer_cgroup_folders_begin_in_child(void) { last.is_taken = last.is_known = false; }

static bool identify(const cgroup_folder *folder, struct folder_identity *ret) {
  struct stat status;
  if (!folder->is_found || stat(folder->folder, &status)) return !folder->is_found;
  *ret = (struct folder_identity){status.st_dev, status.st_ino};
  return true;
}

static void copy_folder(cgroup_folder *to, const cgroup_folder *from) {
  to->is_found = from->is_found;
  to->base = from->base;
  memcpy(to->folder, from->folder, strlen(from->folder) + 1);
}

// A group's inode is its own as long as it is there: a folder that has it is that group, whatever is mounted since.
static bool is_as_before(const search *search, size_t length) {
  if (!last.is_known || clock_monotonic() >= last.until || strcmp(last.root, search->root) != 0 ||
      last.length != length || memcmp(last.groups, search->groups, length) != 0)
    return false;
  for (int i = 0; i < CGROUP_FOLDERS; i++) {
    struct folder_identity now = last.identities[i];
    if (!identify(&last.folders[i], &now)) return false;
    if (now.device != last.identities[i].device || now.inode != last.identities[i].inode) return false;
  }
  return true;
}

static bool recall(search *search, size_t length) {
  if (!take_last()) return false;
  const bool is_known = is_as_before(search, length);
  for (int i = 0; is_known && i < CGROUP_FOLDERS; i++) copy_folder(&search->folders[i], &last.folders[i]);
  give_last();
  return is_known;
}

// `groups` is the text before it was taken apart.
static void remember(const search *search, const char *groups, size_t length) {
  if (!take_last()) return;
  last.is_known = strlen(search->root) < sizeof last.root;
  for (int i = 0; last.is_known && i < CGROUP_FOLDERS; i++) {
    copy_folder(&last.folders[i], &search->folders[i]);
    last.is_known = identify(&last.folders[i], &last.identities[i]);
  }
  if (last.is_known) strcpy(last.root, search->root);
  memcpy(last.groups, groups, length);
  last.length = length;
  last.until = clock_monotonic() + BELIEVED_SECONDS * (uint64_t)1000000000;
  give_last();
}

// ---- The search ----

static csizer_status find_again(search *search, size_t length) {
  char groups[sizeof last.groups];
  if (recall(search, length)) return CSIZER_OK;
  const bool fits = length <= sizeof groups;
  if (fits) memcpy(groups, search->groups, length);
  const csizer_status status = find_folders(search, length);
  if (fits && !status) remember(search, groups, length);
  return status;
}

static csizer_status begin_search(const char *root, const char *controller,
                                  csizer_status (*find)(search *search, size_t length), cgroup_folder **ret_folders) {
  search *search = csizer_pages_map(sizeof *search);
  if (!search) return CSIZER_NO_MEMORY;
  search->root = root;
  search->controller = controller;
  size_t length;
  csizer_status status = read_groups(search, &length);
  if (!status) status = find(search, length);
  if (status) csizer_pages_unmap(search, sizeof *search);
  else *ret_folders = search->folders;
  return status;
}

csizer_status csizer_cgroup_folders_find(const char *root, const char *controller, cgroup_folder **ret_folders) {
  return begin_search(root, controller, find_folders, ret_folders);
}

csizer_status csizer_cgroup_folders_find_again(const char *root, cgroup_folder **ret_folders) {
  return begin_search(root, "memory", find_again, ret_folders);
}

void csizer_cgroup_folders_destroy(cgroup_folder *folders) {
  if (folders) csizer_pages_unmap(folders, sizeof(search));
}

bool csizer_cgroup_folder_up(cgroup_folder *folder) {
  char *end = strrchr(folder->folder, '/');
  if (!end || strlen(folder->folder) <= folder->base) return false;
  *end = 0;
  return strlen(folder->folder) >= folder->base;
}
