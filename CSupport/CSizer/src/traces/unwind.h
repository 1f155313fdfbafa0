// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_UNWIND_H
#define CSIZER_UNWIND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/hash.h"

/// libunwind's unw_backtrace: fills `frames` with at most `room` return addresses and answers how many. NULL when there
/// is none in this process. Loads the library at the first call. Any thread.
typedef int (*csizer_backtrace)(void **frames, int room);
csizer_backtrace csizer_unwind_backtrace(void);

// libunwind has locks of its own, and a fork must find none of them taken: the child would wait for ever for a thread
// that it does not have. So who unwinds says so, and who forks waits until nobody does.

enum { UNWIND_CELL_SHIFT = 4, UNWIND_CELLS = 1 << UNWIND_CELL_SHIFT };

/// How many threads are inside: each counts in the cell that its thread pointer picks, so that few share one.
typedef struct unwind_cell {
  _Alignas(64) unsigned inside;  // atomic
} unwind_cell;
extern unwind_cell csizer_unwind_cells[UNWIND_CELLS];

/// Forks under way, atomic.
extern unsigned csizer_unwind_forks;

/// Waits for a fork to be over. False: it takes too long, and this stack is not taken.
bool csizer_unwind_wait(unwind_cell *cell);

/// By all bits of the pointer: stacks of one size lie so far apart that the low ones are equal. Twice, for multiples of
/// some of these distances stay together when they are spread once.
static inline unwind_cell *unwind_cell_of(const void *thread_pointer) {
  const uint64_t once = hash_word((uintptr_t)thread_pointer), twice = hash_word(once ^ once >> 32);
  return &csizer_unwind_cells[twice >> (64 - UNWIND_CELL_SHIFT)];
}

/// Says that this thread is about to unwind. False: it must not. Every true one is followed by unwind_leave.
static inline bool unwind_enter(unwind_cell **ret_cell) {
  unwind_cell *cell = unwind_cell_of(__builtin_thread_pointer());
  *ret_cell = cell;
  // In one order with the fork's own: it sees this thread, or this thread sees it.
  __atomic_fetch_add(&cell->inside, 1, __ATOMIC_SEQ_CST);
  return __builtin_expect(!__atomic_load_n(&csizer_unwind_forks, __ATOMIC_SEQ_CST), 1) || csizer_unwind_wait(cell);
}

static inline void unwind_leave(unwind_cell *cell) { __atomic_fetch_sub(&cell->inside, 1, __ATOMIC_RELEASE); }

/// Why there is none, as a static string; empty when there is one.
const char *csizer_unwind_reason(void);

#endif
