// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "census/census_internal.h"
#include "lifetimes/birth_scopes.h"
#include "lifetimes/shards.h"
#include "platform/pages.h"
#include "runtime/target.h"
#include "support/check.h"

// A thread's own variable stands for the task-local one.
static _Thread_local uint32_t bound;
static const int key;

static SWIFT_CALL void *bound_value(const void *asked) {
  CHECK(asked == &key);
  return bound ? &bound : NULL;
}

static void begin_world(void) {
  csizer_census_kept.state = CSIZER_HOOKS_REPLACED;
  csizer_target_runtime runtime = csizer_target_linked();
  runtime.task_local = bound_value;
  csizer_target_use(&runtime, CSIZER_TARGET_GIVEN);
}

static uint32_t opened(bool is_process_wide) {
  uint32_t scope = 0;
  CHECK_EQUAL(csizer_birth_scope_begin(&key, 0, is_process_wide, &scope), CSIZER_OK);
  return scope;
}

static void born_in(uint32_t scope, uintptr_t address) {
  uint32_t before = bound;
  bound = scope;
  csizer_birth_scopes_born((const void *)address, NULL);
  bound = before;
}

enum { MOST = 1 << 17 };
static csizer_scoped_birth births[MOST];

static const csizer_scoped_birth *found(uintptr_t address) {
  size_t count = csizer_birth_scopes_read(births, MOST);
  for (size_t i = 0; i < count; i++)
    if (births[i].address == address) return &births[i];
  return NULL;
}

TEST(births_belong_to_the_scope_that_is_bound) {
  begin_world();
  size_t held = csizer_pages_held();
  uint32_t first = opened(false), second = opened(false);
  CHECK(first != 0 && second > first);
  born_in(first, 0x10000);
  born_in(second, 0x20000);
  born_in(0, 0x30000);
  CHECK_EQUAL(csizer_birth_scopes_read(births, MOST), 2);
  CHECK_EQUAL(found(0x10000)->scope, first);
  CHECK_EQUAL(found(0x20000)->scope, second);
  CHECK_EQUAL(found(0x20000)->youngest, second);
  csizer_birth_scope_end(false);
  CHECK_EQUAL(csizer_birth_scopes_read(births, 0), 2);  // one is still open
  csizer_birth_scope_end(false);
  CHECK_EQUAL(csizer_birth_scopes_read(births, MOST), 0);
  CHECK_EQUAL(csizer_pages_held(), held);
}

TEST(an_address_that_is_used_again_is_the_new_object_s) {
  begin_world();
  uint32_t first = opened(false), second = opened(false);
  born_in(first, 0x10000);
  born_in(second, 0x10000);
  CHECK_EQUAL(found(0x10000)->scope, second);
  born_in(0, 0x10000);
  CHECK(!found(0x10000));
  born_in(first, 0x10000);
  CHECK_EQUAL(found(0x10000)->scope, first);
  CHECK_EQUAL(csizer_birth_scopes_read(births, MOST), 1);
  csizer_birth_scope_end(false);
  csizer_birth_scope_end(false);
}

TEST(a_scope_of_the_whole_process_sees_what_is_younger) {
  begin_world();
  uint32_t inner = opened(false);
  born_in(inner, 0x10000);
  uint32_t whole = opened(true);
  born_in(0, 0x20000);
  born_in(inner, 0x30000);
  CHECK(found(0x10000)->youngest < whole);
  CHECK_EQUAL(found(0x20000)->scope, 0);
  CHECK(found(0x20000)->youngest >= whole);
  CHECK(found(0x30000)->youngest >= whole);
  CHECK_EQUAL(found(0x30000)->scope, inner);
  csizer_birth_scope_end(true);
  born_in(0, 0x40000);
  CHECK(!found(0x40000));
  csizer_birth_scope_end(false);
}

// Against a model: the last birth at each of many addresses.
TEST(many_births_and_rebuilt_tables) {
  enum { ADDRESSES = 40000, BIRTHS = 400000 };
  static uint32_t model[ADDRESSES];
  begin_world();
  uint32_t scopes[3] = {0, opened(false), opened(false)};
  uint64_t random = 7;
  for (int i = 0; i < BIRTHS; i++) {
    uint64_t which = check_random(&random) % ADDRESSES;
    model[which] = scopes[check_random(&random) % 3];
    born_in(model[which], 0x100000 + 16 * which);
  }
  size_t expected = 0, count = csizer_birth_scopes_read(births, MOST);
  for (int i = 0; i < ADDRESSES; i++) expected += model[i] != 0;
  CHECK_EQUAL(count, expected);
  for (size_t i = 0; i < count; i++) CHECK_EQUAL(births[i].scope, model[(births[i].address - 0x100000) / 16]);
  CHECK_EQUAL(csizer_birth_scopes_lost(), 0);
  csizer_birth_scope_end(false);
  csizer_birth_scope_end(false);
}

TEST(what_the_profiler_makes_itself_is_not_noted) {
  begin_world();
  uint32_t scope = opened(false);
  csizer_shards_hold();
  born_in(scope, 0x10000);
  csizer_shards_release();
  CHECK_EQUAL(csizer_birth_scopes_read(births, MOST), 0);
  csizer_birth_scope_end(false);
}

TEST(a_birth_without_memory_is_counted_as_lost) {
  begin_world();
  uint64_t lost = csizer_birth_scopes_lost();
  uint32_t scope = opened(false);
  csizer_pages_fail_at = 1;
  born_in(scope, 0x10000);
  CHECK_EQUAL(csizer_pages_fail_at, 0);
  CHECK_EQUAL(csizer_birth_scopes_lost(), lost + 1);
  born_in(scope, 0x10000);
  CHECK_EQUAL(found(0x10000)->scope, scope);
  csizer_birth_scope_end(false);
}

TEST(without_a_census_or_tasks_there_is_no_scope) {
  begin_world();
  uint32_t scope;
  csizer_target.task_local = NULL;
  CHECK_EQUAL(csizer_birth_scope_begin(&key, 0, false, &scope), CSIZER_UNSUPPORTED);
  begin_world();
  csizer_census_kept.state = CSIZER_HOOKS_INTERPOSED;
  CHECK_EQUAL(csizer_birth_scope_begin(&key, 0, false, &scope), CSIZER_UNSUPPORTED);
  CHECK(!births_are_scoped());
}

enum { THREADS = 4, EACH = 20000 };
static uint32_t threads_scopes[THREADS];

static void *be_born(void *argument) {
  uintptr_t thread = (uintptr_t)argument;
  for (uintptr_t i = 0; i < EACH; i++) born_in(threads_scopes[thread], 0x1000000 + 16 * (i * THREADS + thread));
  return NULL;
}

TEST(threads_at_a_time) {
  begin_world();
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) threads_scopes[i] = opened(false);
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, be_born, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  size_t count = csizer_birth_scopes_read(births, MOST);
  CHECK_EQUAL(count, THREADS * EACH);
  for (size_t i = 0; i < count; i++)
    CHECK_EQUAL(births[i].scope, threads_scopes[(births[i].address - 0x1000000) / 16 % THREADS]);
  for (int i = 0; i < THREADS; i++) csizer_birth_scope_end(false);
}
