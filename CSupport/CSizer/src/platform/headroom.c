// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_headroom.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/cgroups.h"
#include "platform/limits_root.h"
#include "platform/pages.h"
#include "platform/proc_file.h"
#include "platform/refusals.h"

// Whether there is room for a frozen image, before it is taken and while its child lives.

static const uint64_t MEBIBYTE = 1 << 20;

/// One watch. In pages of its own, of which few are touched.
struct csizer_headroom {
  /// What copies may cost at worst, and what must be left.
  uint64_t copies, floor;
  /// The machine's memory is read less often than the groups' while there is a lot.
  bool is_machine_ample, commits;
  uint32_t looks, blind;
  uint64_t least;  // room that was seen in any look
  uint64_t kills;
  csizer_shortage shortage;
  char text[16 * 1024];
  csizer_cgroups groups;
};

// Tests only.
static char root[256];

// What was learnt in this process: a child was killed for memory; how often the share was doubled.
enum { MOST_CAUTION = 3 };  // an eighth, doubled three times, is all
static bool is_forbidden;
static uint32_t caution;

csizer_status csizer_headroom_set_root(const char *path) {
  if (strlen(path) >= sizeof root) return CSIZER_INVALID;
  strcpy(root, path);
  __atomic_store_n(&is_forbidden, false, __ATOMIC_RELEASE);
  __atomic_store_n(&caution, 0, __ATOMIC_RELEASE);
  return CSIZER_OK;
}

const char *csizer_limits_root(void) { return root; }

// Relaxed: a number by itself.
void csizer_headroom_learn(bool had_room) {
  uint32_t before = __atomic_load_n(&caution, __ATOMIC_RELAXED), after;
  do after = had_room ? before - (before > 0) : before + (before < MOST_CAUTION);
  while (!__atomic_compare_exchange_n(&caution, &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

// ---- What the kernel says ----

static ssize_t read_text(csizer_headroom *headroom, const char *name) {
  char path[sizeof root + 64];
  snprintf(path, sizeof path, "%s%s", root, name);
  return csizer_proc_read_whole(path, headroom->text, sizeof headroom->text);
}

static bool read_kilobytes(const csizer_headroom *headroom, ssize_t length, const char *key, uint64_t *ret_bytes) {
  uint64_t number;
  if (!csizer_proc_figure(headroom->text, (size_t)length, key, &number) || number > INT64_MAX / 1024) return false;
  *ret_bytes = number * 1024;
  return true;
}

/// Of this process, in bytes.
typedef struct process_figures {
  uint64_t tables, anonymous, address_space, data;
  uint64_t threads;
} process_figures;

static csizer_status read_process(csizer_headroom *headroom, process_figures *ret) {
  static const char path[] = "/proc/thread-self/status";
  ssize_t length = read_text(headroom, path);
  if (length < 0) return csizer_refusal_tell(CSIZER_UNREADABLE, errno, path);
  uint64_t swapped = 0;
  process_figures process = {.threads = 1};
  // Kernels before 4.5 do not tell which part of the memory is anonymous.
  if (!read_kilobytes(headroom, length, "RssAnon:", &process.anonymous) &&
      !read_kilobytes(headroom, length, "VmRSS:", &process.anonymous))
    return csizer_refusal_tell(CSIZER_UNREADABLE, 0, path);
  if (read_kilobytes(headroom, length, "VmSwap:", &swapped)) process.anonymous += swapped;
  if (!read_kilobytes(headroom, length, "VmPTE:", &process.tables)) process.tables = process.anonymous / 512;
  read_kilobytes(headroom, length, "VmSize:", &process.address_space);
  read_kilobytes(headroom, length, "VmData:", &process.data);
  csizer_proc_figure(headroom->text, (size_t)length, "Threads:", &process.threads);
  *ret = process;
  return CSIZER_OK;
}

// MemAvailable is the kernel's own estimate of what can be had without swapping.
static bool read_machine(csizer_headroom *headroom, uint64_t *ret_available, uint64_t *ret_commit) {
  ssize_t length = read_text(headroom, "/proc/meminfo");
  if (length < 0 || !read_kilobytes(headroom, length, "MemAvailable:", ret_available)) return false;
  uint64_t limit, committed;
  *ret_commit = UINT64_MAX;
  if (headroom->commits && read_kilobytes(headroom, length, "CommitLimit:", &limit) &&
      read_kilobytes(headroom, length, "Committed_AS:", &committed))
    *ret_commit = limit > committed ? limit - committed : 0;
  return true;
}

static bool is_strict(csizer_headroom *headroom) {
  return read_text(headroom, "/proc/sys/vm/overcommit_memory") > 0 && headroom->text[0] == '2';
}

// ---- What an image costs ----

// How many threads may write at the same moment, beside the one that waits.
static uint64_t writers(uint64_t threads) {
  cpu_set_t processors;
  bool is_known = sched_getaffinity(0, sizeof processors, &processors) == 0;  // not above 1,024 of them
  long usable = is_known ? CPU_COUNT(&processors) : sysconf(_SC_NPROCESSORS_ONLN);
  uint64_t others = threads > 1 ? threads - 1 : 1;
  return usable > 0 && (uint64_t)usable < others ? (uint64_t)usable : others;
}

// Marks, lists, and those of a second worker where the heap is large enough for one.
static uint64_t own_cost(const process_figures *process, uint64_t results) {
  const uint64_t lists = process->anonymous < 64 * MEBIBYTE ? 4 * MEBIBYTE : 10 * MEBIBYTE;
  return process->tables + process->anonymous / 64 + results + lists;
}

static uint64_t floor_of(const process_figures *process, bool die_together) {
  uint64_t floor = writers(process->threads) * 16 * MEBIBYTE * (die_together ? 2 : 1);
  return floor < process->anonymous ? floor : process->anonymous;
}

static bool is_short(csizer_headroom *headroom, csizer_memory_limit limit, uint64_t room, uint64_t need) {
  if (room >= need) return false;
  headroom->shortage = (csizer_shortage){limit, room, need};
  return true;
}

// Limits that refuse what is new: the results here, the walk in the child. The host keeps some for itself.
static bool refuses(csizer_headroom *headroom, const process_figures *process, uint64_t own) {
  static const struct {
    int resource;
    csizer_memory_limit limit;
  } limits[] = {{RLIMIT_AS, CSIZER_LIMIT_ADDRESS_SPACE}, {RLIMIT_DATA, CSIZER_LIMIT_DATA}};
  const uint64_t used[] = {process->address_space, process->data};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    struct rlimit limit;
    if (getrlimit(limits[i].resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    uint64_t room = limit.rlim_cur > used[i] ? limit.rlim_cur - used[i] : 0;
    if (is_short(headroom, limits[i].limit, room, own + 16 * MEBIBYTE)) return true;
  }
  return false;
}

// Where promises are counted the child's are as large as the host's: all its private writable memory.
static bool lacks_memory(csizer_headroom *headroom, const process_figures *process, uint64_t own) {
  // Relaxed: a number by itself.
  const uint64_t share = headroom->copies >> (MOST_CAUTION - __atomic_load_n(&caution, __ATOMIC_RELAXED));
  const uint64_t need = own + headroom->floor + share;
  uint64_t available, commit, room;
  if (read_machine(headroom, &available, &commit)) {
    if (is_short(headroom, CSIZER_LIMIT_MACHINE, available, need)) return true;
    if (is_short(headroom, CSIZER_LIMIT_COMMIT, commit, process->data + own + headroom->floor)) return true;
    headroom->least = available;
    headroom->is_machine_ample = available / 4 > own + headroom->floor + headroom->copies;
  }
  for (uint32_t i = 0; i < headroom->groups.count; i++) {
    if (!csizer_cgroups_room(&headroom->groups, i, true, &room)) continue;
    if (is_short(headroom, CSIZER_LIMIT_GROUP, room, need)) return true;
    if (room < headroom->least) headroom->least = room;
  }
  return false;
}

static csizer_status measure(csizer_headroom *headroom, uint64_t results) {
  process_figures process = {0};
  csizer_status status = read_process(headroom, &process);
  if (!status) status = csizer_cgroups_find(&headroom->groups, root);
  if (status) return status;
  headroom->commits = is_strict(headroom);
  headroom->copies = process.anonymous;
  headroom->floor = floor_of(&process, headroom->groups.die_together);
  headroom->kills = csizer_cgroups_kills(&headroom->groups);
  uint64_t own = own_cost(&process, results);
  if (!refuses(headroom, &process, own)) lacks_memory(headroom, &process, own);
  return CSIZER_OK;
}

csizer_status csizer_headroom_open(uint64_t results, csizer_headroom **ret_headroom, csizer_shortage *ret_shortage) {
  *ret_headroom = NULL;
  *ret_shortage = (csizer_shortage){0};
  if (__atomic_load_n(&is_forbidden, __ATOMIC_ACQUIRE)) {
    ret_shortage->limit = CSIZER_LIMIT_KILLED;
    return CSIZER_OK;
  }
  csizer_headroom *headroom = csizer_pages_map(sizeof *headroom);
  if (!headroom) return CSIZER_NO_MEMORY;
  int saved_errno = errno;
  headroom->least = UINT64_MAX;
  csizer_status status = measure(headroom, results);
  errno = saved_errno;
  *ret_shortage = headroom->shortage;
  if (!status && !headroom->shortage.limit) *ret_headroom = headroom;
  else csizer_headroom_close(headroom);
  return status;
}

void csizer_headroom_close(csizer_headroom *headroom) {
  if (headroom) csizer_pages_unmap(headroom, sizeof *headroom);
}

// ---- While a child lives ----

// One limit that kills: what is left now, with a second, thorough look before a child is ended for it.
static csizer_room look_at_group(csizer_headroom *headroom, uint32_t limit, bool is_thorough) {
  uint64_t room;
  if (csizer_cgroups_room(&headroom->groups, limit, is_thorough, &room)) {
    headroom->blind = 0;
  } else {
    enum { MOST_BLIND = 20 };  // it can't be watched over any more
    if (++headroom->blind <= MOST_BLIND) return CSIZER_ROOM_NEAR;
    room = 0;
  }
  if (room < headroom->floor && !is_thorough && !headroom->blind)
    csizer_cgroups_room(&headroom->groups, limit, true, &room);
  if (room < headroom->least) headroom->least = room;
  if (is_short(headroom, CSIZER_LIMIT_GROUP, room, headroom->floor)) return CSIZER_ROOM_SHORT;
  return room < headroom->floor + headroom->copies ? CSIZER_ROOM_NEAR : CSIZER_ROOM_AMPLE;
}

static csizer_room look_at_machine(csizer_headroom *headroom) {
  uint64_t available, commit;
  if (!read_machine(headroom, &available, &commit)) return CSIZER_ROOM_AMPLE;
  if (available < headroom->least) headroom->least = available;
  headroom->is_machine_ample = available / 4 > headroom->floor + headroom->copies;
  if (is_short(headroom, CSIZER_LIMIT_MACHINE, available, headroom->floor)) return CSIZER_ROOM_SHORT;
  if (is_short(headroom, CSIZER_LIMIT_COMMIT, commit, headroom->floor)) return CSIZER_ROOM_SHORT;
  return headroom->is_machine_ample ? CSIZER_ROOM_AMPLE : CSIZER_ROOM_NEAR;
}

csizer_room csizer_headroom_look(csizer_headroom *headroom) {
  enum { THOROUGH = 16 };
  bool is_thorough = headroom->looks++ % THOROUGH == THOROUGH - 1;
  csizer_room worst = CSIZER_ROOM_AMPLE;
  for (uint32_t i = 0; i < headroom->groups.count && worst != CSIZER_ROOM_SHORT; i++) {
    csizer_room room = look_at_group(headroom, i, is_thorough);
    if (room > worst) worst = room;
  }
  if (worst != CSIZER_ROOM_SHORT && (is_thorough || !headroom->is_machine_ample)) {
    csizer_room room = look_at_machine(headroom);
    if (room > worst) worst = room;
  }
  return worst;
}

csizer_shortage csizer_headroom_shortage(const csizer_headroom *headroom) { return headroom->shortage; }

bool csizer_headroom_was_killed(csizer_headroom *headroom) {
  bool was = csizer_cgroups_kills(&headroom->groups) > headroom->kills;
  if (was) __atomic_store_n(&is_forbidden, true, __ATOMIC_RELEASE);
  else if (headroom->least < 2 * headroom->floor) csizer_headroom_learn(false);  // it may have been somebody else
  return was;
}
