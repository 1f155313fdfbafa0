// SPDX-License-Identifier: Apache-2.0
// Where the calling thread's stack is.
#include "traces/stack_range.h"

#include <stddef.h>
#include <sys/auxv.h>

#include "platform/address_space.h"
#include "platform/checked_read.h"

// Larger stacks are none of the usual ones; and what is asked of the kernel must end.
static const uintptr_t MOST = (uintptr_t)64 << 20;

enum { PAGE_SHIFT = PLATFORM_LEAST_PAGE_SHIFT };  // larger pages are asked for more often than need be

static uintptr_t page_of(uintptr_t address) { return address >> PAGE_SHIFT << PAGE_SHIFT; }

// The first page from `low` on that can't be read; `high` when all can. Below each stack is a page that can't.
static uintptr_t hole_between(uintptr_t low, uintptr_t high) {
  char ignored;
  for (uintptr_t page = page_of(low); page < high; page += (uintptr_t)1 << PAGE_SHIFT)
    if (!csizer_checked_copy((const void *)page, &ignored, 1)) return page;
  return high;
}

static void take_nearer(uintptr_t sp, uintptr_t candidate, uintptr_t *nearest) {
  if (candidate > sp && candidate - sp < MOST && (!*nearest || candidate < *nearest)) *nearest = candidate;
}

// A thread has its control block at the top of its stack (glibc, allocatestack.c). The first thread's is elsewhere; at
// the top of its stack are random bytes from the kernel. In the child of a fork it may be either.
static uintptr_t begin_of_stack(uintptr_t sp) {
  uintptr_t nearest = 0;
  take_nearer(sp, (uintptr_t)__builtin_thread_pointer() & ~(uintptr_t)7, &nearest);
  take_nearer(sp, getauxval(AT_RANDOM) & ~(uintptr_t)7, &nearest);
  return nearest;
}

bool csizer_stack_range_extend(stack_range *range, uintptr_t sp) {
  const bool is_deeper = sp < range->low && range->low - sp < MOST;
  const uintptr_t high = is_deeper ? range->low : begin_of_stack(sp);
  if (!high || (range->hole >= sp && range->hole < high)) return false;
  const uintptr_t hole = hole_between(sp, high);
  if (hole < high) {
    range->hole = hole;
    return false;
  }
  range->low = page_of(sp);
  if (!is_deeper) range->high = high;
  return true;
}
