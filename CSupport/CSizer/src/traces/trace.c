// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_trace.h"

#include <pthread.h>
#include <string.h>

#include "platform/hash.h"
#include "platform/pages.h"
#include "platform/signals.h"
#include "traces/caller_rules.h"
#include "traces/known_stacks.h"
#include "traces/trace_internal.h"

// Call stacks, each stored once however many births had it.

typedef struct stack {
  uint32_t count;
  uintptr_t frames[];
} stack;

/// Open addressing; a place is the trace's number and the low half of its hash. A table that became too small is left
/// as it is, for readers may be in it.
typedef struct trace_table {
  size_t capacity;
  uint64_t places[];
} trace_table;

enum { FIRST_CAPACITY = 1024, GROUP_SHIFT = 10, GROUPS = 1 << 16 };

// Stacks are of the process, like the code they point into: one set for all trackers. `groups` and `table` are read
// without the lock, everything is written with it. Who has it runs no handlers of signals, which may make objects; the
// signals that were blocked before are kept for then.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sigset_t blocked_before;
static const stack **groups[GROUPS];
static trace_table *table;
static uint32_t trace_count;  // 0 is no trace
static size_t table_bytes;  // of all tables and groups
static csizer_pool pool;

// A child has only the thread that forked: a lock that another one held would be held in it for ever.
static void take_lock(void) {
  sigset_t before;
  signals_block(&before);
  pthread_mutex_lock(&lock);
  signals_clear_rest(&before);
  blocked_before = before;
}
static void give_lock(void) {
  const sigset_t before = blocked_before;
  pthread_mutex_unlock(&lock);
  signals_unblock(&before);
}
__attribute__((constructor)) static void survive_forks(void) { pthread_atfork(take_lock, give_lock, give_lock); }

static const stack *stack_numbered(uint32_t trace) {
  if (trace >> GROUP_SHIFT >= GROUPS) return NULL;
  const stack **group = __atomic_load_n(&groups[trace >> GROUP_SHIFT], __ATOMIC_ACQUIRE);
  return group ? __atomic_load_n(&group[trace & ((1 << GROUP_SHIFT) - 1)], __ATOMIC_ACQUIRE) : NULL;
}

// Two lanes, since each step waits for a multiplication.
static uint64_t hash_of(const uintptr_t *frames, uint32_t count) {
  const uint64_t odd = HASH_FACTOR;
  uint64_t a = count, b = odd;
  for (uint32_t i = 0; i + 1 < count; i += 2) {
    a = (a ^ frames[i]) * odd;
    b = (b ^ frames[i + 1]) * odd;
    a ^= a >> 29;
    b ^= b >> 31;
  }
  if (count & 1) a = (a ^ frames[count - 1]) * odd;
  a = (a ^ (b << 23 | b >> 41)) * odd;
  return a ^ a >> 32;
}

// The trace's number, or 0. `ret_place`, if it is not NULL, gets the empty place that ended the search.
static uint32_t look_up(const trace_table *in, const uintptr_t *frames, uint32_t count, uint64_t hash,
                        size_t *ret_place) {
  for (size_t i = hash_first(hash, in->capacity);; i = hash_next(i, in->capacity)) {
    uint64_t place = __atomic_load_n(&in->places[i], __ATOMIC_ACQUIRE);
    if (!place) {
      if (ret_place) *ret_place = i;
      return 0;
    }
    if ((uint32_t)place != (uint32_t)hash) continue;
    const stack *found = stack_numbered((uint32_t)(place >> 32));
    if (found->count == count && memcmp(found->frames, frames, count * sizeof *frames) == 0)
      return (uint32_t)(place >> 32);
  }
}

static bool make_room(void) {
  if (table && (size_t)trace_count * 2 + 2 <= table->capacity) return true;
  size_t capacity = table ? table->capacity * 2 : FIRST_CAPACITY;
  size_t bytes = sizeof *table + capacity * sizeof table->places[0];
  trace_table *larger = csizer_pages_map(bytes);
  if (!larger) return false;
  larger->capacity = capacity;
  for (uint32_t trace = 1; trace <= trace_count; trace++) {
    const stack *moved = stack_numbered(trace);
    uint64_t hash = hash_of(moved->frames, moved->count);
    size_t i = hash_first(hash, capacity);
    while (larger->places[i]) i = hash_next(i, capacity);
    larger->places[i] = (uint64_t)trace << 32 | (uint32_t)hash;
  }
  table_bytes += bytes;
  __atomic_store_n(&table, larger, __ATOMIC_RELEASE);
  return true;
}

static bool store(uint32_t trace, const uintptr_t *frames, uint32_t count) {
  size_t group = trace >> GROUP_SHIFT;
  if (group >= GROUPS) return false;
  if (!groups[group]) {
    const stack **made = csizer_pages_map(sizeof *made << GROUP_SHIFT);
    if (!made) return false;
    __atomic_store_n(&groups[group], made, __ATOMIC_RELEASE);
    table_bytes += sizeof *made << GROUP_SHIFT;
  }
  stack *kept = csizer_pool_allocate(&pool, sizeof *kept + count * sizeof *frames);
  if (!kept) return false;
  kept->count = count;
  memcpy(kept->frames, frames, count * sizeof *frames);
  __atomic_store_n(&groups[group][trace & ((1 << GROUP_SHIFT) - 1)], kept, __ATOMIC_RELEASE);
  return true;
}

static uint32_t add(const uintptr_t *frames, uint32_t count, uint64_t hash) {
  size_t place;
  if (!make_room()) return 0;
  uint32_t trace = look_up(table, frames, count, hash, &place);
  if (trace) return trace;  // another thread was first
  if (!store(trace_count + 1, frames, count)) return 0;
  trace = ++trace_count;
  __atomic_store_n(&table->places[place], (uint64_t)trace << 32 | (uint32_t)hash, __ATOMIC_RELEASE);
  return trace;
}

uint32_t csizer_trace_intern(const uintptr_t *frames, uint32_t count) {
  uint64_t hash = hash_of(frames, count);
  const trace_table *known = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
  uint32_t trace = known ? look_up(known, frames, count, hash, NULL) : 0;
  if (__builtin_expect(trace != 0, 1)) return trace;
  take_lock();
  trace = add(frames, count, hash);
  give_lock();
  return trace;
}

size_t csizer_trace_frames(uint32_t trace, const uintptr_t **ret_frames) {
  const stack *found = trace ? stack_numbered(trace) : NULL;
  if (!found) return 0;
  *ret_frames = found->frames;
  return found->count;
}

size_t csizer_trace_bytes(void) {
  take_lock();
  size_t bytes = pool.bytes + table_bytes;
  give_lock();
  return bytes + csizer_caller_rules_bytes() + csizer_known_stacks_bytes();
}
