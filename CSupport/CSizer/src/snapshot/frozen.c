// SPDX-License-Identifier: Apache-2.0
// Frozen sizings: the child that sizes, and how it is made.
#define _GNU_SOURCE
#include "csizer_frozen.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "platform/limits_root.h"
#include "platform/processors.h"
#include "snapshot/frozen_child.h"
#include "snapshot/sizing_internal.h"
#include "walk/walk_crew.h"

// ---- The child ----

/// What the child works with.
typedef struct child_tools {
  csizer_sizing *sizing;
  csizer_walk *walk;
  csizer_referents *referents;
} child_tools;

static csizer_status size_next(const child_tools *tools) {
  return csizer_sizing_next(tools->sizing, tools->walk, tools->referents);
}

// Tests only: one object at a time, with a fault at every other one.
static csizer_status crash_and_size(const child_tools *tools) {
  csizer_sizing *sizing = tools->sizing;
  static int *volatile nowhere = (int *)16;  // volatile: compilers refuse a store that they see go wrong
  if (sizing->next % 2) *nowhere = 0;
  uint32_t count = sizing->count;
  sizing->count = sizing->next + 1;
  csizer_status status = size_next(tools);
  sizing->count = count;
  return status;
}

static void size_all(const child_tools *tools, csizer_frozen_fault fault) {
  csizer_sizing *const sizing = tools->sizing;
  const uint32_t count = sizing->count;
  if (sigsetjmp(csizer_child_after_fault, 1)) {
    // It is behind before anything else is done: giving it up may fault as well.
    uint32_t given_up = sizing->next;
    __atomic_store_n(&sizing->next, given_up + 1, __ATOMIC_RELEASE);
    sizing->count = count;
    if (given_up < count) sizing->sizes[given_up] = SIZING_NONE;
    csizer_walk_give_up(tools->walk);
  }
  while (!sizing->report.status && sizing->next < count)
    sizing->report.status = fault == CSIZER_FAULT_CRASH ? crash_and_size(tools) : size_next(tools);
}

// What no tracked object reaches: with it the walk has met every Swift object of the process. One that faults is behind
// by then, so that it is met once however often the walk goes on.
static void measure_heap(csizer_sizing *sizing, csizer_walk *walk) {
  enum { MOST_FAULTS = 1000 };
  static unsigned faults;  // not in a register, which a fault would set back
  if (sigsetjmp(csizer_child_after_fault, 1)) {
    if (faults++ == MOST_FAULTS) return;
    csizer_walk_go_on(walk);
  }
  walk->ignores_pointers = true;  // whatever has an owner is met
  sizing->report.status = csizer_walk_all(walk);
  csizer_sizing_note_all(sizing, walk);
  csizer_totals totals = csizer_walk_totals(walk);
  sizing->report.heap_objects = totals.bytes - totals.raw_bytes - totals.dead_bytes;
  sizing->report.heap_dead = totals.dead_bytes;
  sizing->report.heap_raw = totals.raw_bytes - walk->pointed_bytes;  // some of that was met again, by its owner
}

/// What a child is told.
typedef struct child_orders {
  csizer_key_types keys;
  uint32_t processors;
  int parent;
  csizer_frozen_fault fault;
} child_orders;

static __attribute__((noreturn)) void run_child(csizer_sizing *sizing, csizer_walk *walk, child_orders orders) {
  child_tools tools = {.sizing = sizing, .walk = walk};
  csizer_child_begin(orders.parent, CSIZER_NO_FILE);
  if (orders.fault == CSIZER_FAULT_DEATH) kill((pid_t)syscall(SYS_getpid), SIGKILL);
  while (orders.fault == CSIZER_FAULT_HANG) pause();
  csizer_child_catch_faults();
  csizer_sizing_ask_nobody(sizing, walk);
  walk->steps = &sizing->steps;
  walk->keeps_place = true;
  if (sigsetjmp(csizer_child_after_fault, 1)) syscall(SYS_exit_group, 1);  // there is no object that could be given up
  csizer_child_hire(walk, orders.processors);
  sizing->report.status = csizer_referents_create(orders.keys, &tools.referents);
  if (!sizing->report.status) sizing->report.status = csizer_sizing_begin(sizing, walk);
  size_all(&tools, orders.fault);
  sizing->report.unresolved = csizer_walk_totals(walk).unresolved + sizing->unknown.count;
  sizing->report.estimated_bytes = csizer_walk_totals(walk).estimated_bytes;
  sizing->report.unknown = csizer_unknown_keep_types(&sizing->unknown, &walk->layouts->images);
  if (!sizing->report.status && !sizing->report.unknown) {
    csizer_sizing_note_tracked(sizing, walk);
    measure_heap(sizing, walk);
    sizing->report.unknown = csizer_unknown_keep_types(&sizing->unknown, &walk->layouts->images);
  }
  if (walk->crew) csizer_crew_shares(walk->crew, &sizing->report.swept_by_second, &sizing->report.swept);
  csizer_child_end_done(&sizing->is_done);
}

// ---- The parent ----

csizer_status csizer_frozen_prepare(csizer_lifetimes *lifetimes, csizer_layouts *layouts) {
  // The allocator makes itself and its data of this thread ready now: in the child it would take locks for that.
  csizer_allocator_scope scope;
  csizer_allocator_scope_enter(&scope);
  csizer_allocator_scope_leave(&scope);
  return csizer_sizing_prepare(lifetimes, layouts);
}

bool csizer_frozen_is_large(const csizer_heapmap *map) {
  enum { LARGE = 64 << 20 };  // below, a second worker saves less than its start costs
  return csizer_heapmap_open_bytes(map) >= LARGE;
}

uint32_t csizer_frozen_processors(const csizer_heapmap *map, uint32_t most) {
  if (most < 2 || !csizer_allocator_has_uniform_pages() || !csizer_frozen_is_large(map)) return 1;
  const uint32_t allowed = csizer_processors_allowed(csizer_limits_root());
  return allowed < most ? allowed : most;
}

csizer_status csizer_frozen_start(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys, uint32_t processors,
                                  csizer_child *ret_child) {
  const csizer_frozen_fault fault = csizer_frozen_take_fault();
  csizer_status status = csizer_frozen_refusal(fault);
  if (status) return status;
  if (fault == CSIZER_FAULT_SLOW) clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 100000000}, NULL);
  const child_orders orders = {.keys = keys, .processors = processors, .parent = getpid(), .fault = fault};
  if (csizer_child_fork(ret_child, &status)) run_child(sizing, walk, orders);
  return status;
}
