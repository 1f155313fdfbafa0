// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "csizer_accounts.h"
#include "csizer_allocator.h"
#include "csizer_fragmentation.h"
#include "platform/malloc_calls.h"
#include "runtime/target.h"
#include "support/check.h"

// The table of the allocator's functions: found in this process, and stand-ins. Programs that bring their own:
// allocator_programs_test.c.

static size_t always_77(void *block) { return block ? 77 : 0; }

TEST(the_first_in_the_loaders_order_is_found) {
  const char *reason;
  void *block = malloc(100);
  memset(block, 1, 100);
  size_t usable = csizer_allocator_usable_size(block);
  csizer_malloc = (csizer_malloc_calls){0};
  CHECK_EQUAL(csizer_allocator_find(&reason), CSIZER_OK);
  CHECK_TEXT(reason, "");
  CHECK_EQUAL(csizer_allocator_usable_size(block), usable);
  CHECK(csizer_allocator_serves_process());
  csizer_malloc.free(block);
}

TEST(an_allocator_that_only_tells_sizes_is_asked_for_nothing_else) {
  csizer_malloc_calls calls = {.malloc = malloc, .free = free, .malloc_usable_size = always_77};
  csizer_allocator_scope scope;
  csizer_slab_use use;
  csizer_malloc_calls_use(&calls);
  CHECK_TEXT(csizer_allocator_name(), "libc");
  CHECK(!csizer_allocator_has_uniform_pages());
  CHECK(csizer_allocator_serves_process());
  CHECK_EQUAL(csizer_allocator_usable_size(&calls), 77);
  CHECK_EQUAL(csizer_allocator_usable_size_for(100, 15), 0);
  CHECK_EQUAL(csizer_allocator_ownership(&calls), CSIZER_OWNERSHIP_UNKNOWN);
  CHECK_EQUAL(csizer_allocator_own_bytes(), 0);
  CHECK_EQUAL(csizer_fragmentation_read(NULL, NULL, NULL, 0, 0, &use), CSIZER_UNSUPPORTED);
  memset(&scope, 1, sizeof scope);
  csizer_allocator_scope_enter(&scope);
  CHECK(!scope.entered && !scope.had_thread_cache);
  csizer_allocator_scope_leave(&scope);
}

static void *made_malloc(size_t bytes) { return calloc(1, bytes); }
static struct mallinfo2 made_books(void) { return (struct mallinfo2){.uordblks = 4711, .hblkhd = 1 << 20}; }

// The statistics are those of whoever serves malloc, or none: libc keeps its own when another has taken its place.
TEST(statistics_are_of_the_allocator_that_serves) {
  csizer_accounts accounts, untouched;
  memset(&accounts, 7, sizeof accounts);
  untouched = accounts;
  csizer_malloc_calls calls = {.malloc = made_malloc, .mallinfo2 = mallinfo2};
  csizer_malloc_calls_use(&calls);
  CHECK_EQUAL(csizer_accounts_read(&accounts), CSIZER_UNSUPPORTED);
  CHECK_EQUAL(memcmp(&accounts, &untouched, sizeof accounts), 0);
  calls.mallinfo2 = NULL;
  csizer_malloc_calls_use(&calls);
  CHECK_EQUAL(csizer_accounts_read(&accounts), CSIZER_UNSUPPORTED);
  calls.mallinfo2 = made_books;
  csizer_malloc_calls_use(&calls);
  CHECK_EQUAL(csizer_accounts_read(&accounts), CSIZER_OK);
  CHECK_EQUAL(accounts.small, 4711);
  CHECK_EQUAL(accounts.allocated, 4711 + (1 << 20));
}

// The allocator of a program that can't be read may be hidden in it: libc's is not taken for it.
TEST(a_program_that_cannot_be_read_is_not_guessed_at) {
  const char *reason;
  struct rlimit limit, none;
  csizer_malloc_calls before = csizer_malloc;
  csizer_target_use(&(csizer_target_runtime){0}, CSIZER_TARGET_PROGRAM);
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  csizer_status status = csizer_allocator_find(&reason);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQUAL(status, CSIZER_UNREADABLE);
  CHECK_EQUAL(memcmp(&before, &csizer_malloc, sizeof before), 0);
}

static int refuse(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes) {
  (void)name, (void)old, (void)old_bytes, (void)new, (void)new_bytes;
  return 1;
}

// Some library exports a function of this name; that does not make jemalloc of the allocator.
TEST(half_a_jemalloc_is_none) {
  csizer_malloc_calls calls = {.malloc = malloc, .free = free, .malloc_usable_size = always_77, .mallctl = refuse};
  csizer_malloc_calls_use(&calls);
  CHECK_TEXT(csizer_allocator_name(), "libc");
  CHECK(!csizer_malloc.mallctl);
}
