// SPDX-License-Identifier: Apache-2.0
// Where the calling thread's stack is.
#define _GNU_SOURCE
#include "traces/stack_range.h"

#include <stddef.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// The first thread's pointer; 0: the library came when there were others, and nobody can tell.
static uintptr_t first_thread;

static uintptr_t thread_pointer(void) { return (uintptr_t)__builtin_thread_pointer(); }

static bool is_first_of_process(void) { return syscall(SYS_gettid) == getpid(); }

__attribute__((constructor)) static void note_first_thread(void) {
  if (is_first_of_process()) first_thread = thread_pointer();
}

// A thread has its control block at the top of its stack (glibc, allocatestack.c). The first thread's is elsewhere,
// where anything may lie below it; at the top of its stack are random bytes from the kernel. The child of a fork has
// the stack of the thread that forked.
static uintptr_t begin_of_stack(uintptr_t sp) {
  if (!first_thread && is_first_of_process()) return 0;
  const bool is_first = first_thread == thread_pointer();
  const uintptr_t begin = (is_first ? getauxval(AT_RANDOM) : thread_pointer()) & ~(uintptr_t)7;
  return begin > sp && begin - sp < MOST ? begin : 0;
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
