// SPDX-License-Identifier: Apache-2.0
// jemalloc's look-up of an address (`experimental.utilization.batch_query`), and how it is made safe.
//
// Memory that was a slab and is kept for blocks to come has no size class. The look-up does not see that: it takes the
// class that stands for none as an index of its table of bins, and reads some 20 KB behind it (5.3.0, pa_dalloc and
// inspect_extent_util_stats_get; the slab's mark is not taken away). On x86-64 that is some other variable of its own.
// Debian's library for AArch64 ends before, and the process with it.
//
// It is always the same address. So one such place is made and asked for, once; if nothing can be read there, a page of
// zeros is put there. Zero regions are no slab's: from then on that memory tells itself.
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocator/jemalloc.h"
#include "platform/fault_guard.h"
#include "platform/malloc_calls.h"

bool csizer_jemalloc_look_up(const jemalloc_lookup *lookup, const void *address, jemalloc_place *ret_place) {
  size_t size = sizeof *ret_place;
  *ret_place = (jemalloc_place){0};
  return csizer_malloc.mallctlbymib((size_t *)lookup->mib, lookup->depth, ret_place, &size, &address,
                                    sizeof address) == 0;
}

typedef struct question {
  const jemalloc_lookup *lookup;
  const void *address;
} question;

// It holds no lock of jemalloc's, and may be left by a jump.
static void ask(void *context) {
  const question *question = context;
  jemalloc_place ignored;
  csizer_jemalloc_look_up(question->lookup, question->address, &ignored);
}

static bool put_zeros_at(uintptr_t address) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *wanted = (void *)(address & ~(uintptr_t)(page - 1));
  void *found = mmap(wanted, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (found == wanted) return true;
  if (found != MAP_FAILED) munmap(found, page);  // a kernel before 4.17
  return false;
}

bool csizer_jemalloc_lookup_prepare(jemalloc_lookup *ret_lookup) {
  enum { SMALL = 64 };
  ret_lookup->depth = sizeof ret_lookup->mib / sizeof *ret_lookup->mib;
  if (csizer_malloc.mallctlnametomib("experimental.utilization.batch_query", ret_lookup->mib, &ret_lookup->depth))
    return false;
  // The only block of its slab: with it the slab goes.
  void *volatile block = csizer_malloc.malloc(SMALL);
  question question = {ret_lookup, block};
  csizer_malloc.free(block);
  if (!question.address || csizer_guard_call(ask, &question)) return true;
  return put_zeros_at(csizer_guard_fault_address()) && csizer_guard_call(ask, &question);
}
