// SPDX-License-Identifier: Apache-2.0
#include "lifetimes/late_acts.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "census/census_internal.h"
#include "lifetimes/birth_scopes.h"
#include "lifetimes/deaths.h"
#include "lifetimes/lines.h"
#include "lifetimes/probes.h"
#include "platform/pages.h"
#include "runtime/target.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Signal handlers in which objects are made and end, while their own thread has locks of tracking's. A handler that
// waited for one of them would wait for ever, until the alarm.

enum { PATIENCE = 60 };

// Two trackers, so that objects are in the index, or one, so that they have numbers.
static csizer_lifetimes *trackers[2];
static int tracker_count;
static const swift_class *type;
static swift_object *object;

static void begin_world(int count) {
  alarm(PATIENCE);
  tracker_count = count;
  type = made_life_class(NULL);
  for (int i = 0; i < count; i++) made_track(trackers[i] = made_tracker(), type, 1);
  object = made_birth(type);
}

static void end_world(void) {
  made_check_lives();
  for (int i = 0; i < tracker_count; i++) csizer_lifetimes_destroy(trackers[i]);
  CHECK_EQUAL(csizer_ends_by_shard, 0);
  alarm(0);
}

static void check_counts(uint32_t dead, uint32_t alive) {
  for (int i = 0; i < tracker_count; i++) {
    CHECK_EQUAL(made_count(trackers[i], CSIZER_DEAD), dead);
    CHECK_EQUAL(made_count(trackers[i], CSIZER_ALIVE), alive);
    CHECK_EQUAL(csizer_lifetimes_lost(trackers[i]), 0);
  }
}

static unsigned own_shard(void) { return shard_of(shard_hash((uintptr_t)object)); }

// The object's deinit, and its memory.
static void end_object(int number) {
  (void)number;
  csizer_lifetimes_ended(object);
  csizer_lifetimes_ended(object);
}

static void raise_in(void (*handler)(int number)) {
  signal(SIGUSR1, handler);
  raise(SIGUSR1);
}

// ---- Deaths ----

static bool is_known(void) { return csizer_living_find((uintptr_t)object, trackers[0]->number) != NULL; }

TEST(a_death_waits_for_no_shard_of_its_own_thread) {
  for (int count = 1; count <= 2; count++) {
    begin_world(count);
    csizer_shard_lock(own_shard());
    raise_in(end_object);
    csizer_shard_unlock(own_shard());
    CHECK(!is_known());
    check_counts(1, 0);
    free(object);
    end_world();
  }
}

static void *end_under_a_shard(void *argument) {
  csizer_shard_lock(own_shard());
  raise_in(end_object);
  csizer_shard_unlock(own_shard());
  return argument;
}

TEST(a_thread_without_a_line_waits_for_none_either) {
  begin_world(2);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, end_under_a_shard, NULL), 0);
  pthread_join(thread, NULL);
  CHECK(!is_known());
  check_counts(1, 0);
  free(object);
  end_world();
}

// What the shards guard may be half changed while they are held: until then the object is known as it was.
TEST(a_death_while_its_thread_holds_all_is_recorded_behind) {
  for (int count = 1; count <= 2; count++) {
    begin_world(count);
    shards_enter();  // the thread does not catch up: who holds next must find it done
    csizer_shards_hold();
    csizer_shards_hold();
    raise_in(end_object);
    CHECK(is_known());
    csizer_shards_release();
    CHECK(is_known());
    csizer_shards_release();
    CHECK_EQUAL(csizer_ends_by_shard, 0);
    CHECK(!is_known());
    shards_leave();
    check_counts(1, 0);
    free(object);
    end_world();
  }
}

// And while they are held for somebody who looks at objects, nobody who is dead is looked at.
TEST(a_death_in_a_snapshot_is_recorded_at_once) {
  for (int count = 1; count <= 2; count++) {
    begin_world(count);
    csizer_lifetimes_hold();
    raise_in(end_object);
    CHECK(!is_known());
    csizer_lifetimes_resume();
    free(object);
    object = made_birth(type);
    csizer_lifetimes_hold();
    csizer_shard_lock(own_shard());
    raise_in(end_object);
    CHECK(is_known());
    csizer_shard_unlock(own_shard());
    CHECK(!is_known());
    csizer_lifetimes_resume();
    check_counts(2, 0);
    free(object);
    end_world();
  }
}

// Untracked in the meantime: the note must not outlive the record, or it would be of who lives there next.
TEST(a_death_of_who_is_untracked_meanwhile_is_nobody_elses) {
  begin_world(2);
  csizer_shards_hold();
  raise_in(end_object);
  csizer_kept kept;
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(csizer_lifetimes_untrack_objects(trackers[i], &kept), CSIZER_OK);
    csizer_kept_release(&kept);
  }
  csizer_shards_release();
  csizer_lifetimes_born(object, type, NULL);
  check_counts(0, 1);
  made_death(object);
  check_counts(1, 0);
  end_world();
}

// ---- While all shards are being taken ----

static int steps;  // atomic

static void step(void) { __atomic_fetch_add(&steps, 1, __ATOMIC_RELEASE); }
static void await(int step) {
  while (__atomic_load_n(&steps, __ATOMIC_ACQUIRE) < step) sched_yield();
}

static void end_and_step(int number) {
  end_object(number);
  step();
}

static void *hold_all(void *argument) {
  csizer_line_make();
  step();
  csizer_shards_hold();
  CHECK(!is_known());
  csizer_shards_release();
  return argument;
}

TEST(a_death_waits_for_no_shard_while_its_thread_takes_all) {
  for (int count = 1; count <= 2; count++) {
    begin_world(count);
    steps = 0;
    const unsigned last = SHARD_COUNT - 1;
    while (own_shard() == last) object = made_birth(type);
    const uint32_t others = csizer_lifetimes_count(trackers[0]) - 1;
    signal(SIGUSR1, end_and_step);
    csizer_shard_lock(last);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, hold_all, NULL), 0);
    await(1);
    while (!__atomic_load_n(&csizer_shard_locks[last].wanted, __ATOMIC_RELAXED)) sched_yield();
    pthread_kill(thread, SIGUSR1);
    await(2);
    csizer_shard_unlock(last);
    pthread_join(thread, NULL);
    check_counts(1, others);
    free(object);
    end_world();
  }
}

// ---- Many ----

enum { MANY = 20000 };
static swift_object *objects[MANY];

static void end_all(int number) {
  (void)number;
  for (int telling = 0; telling < 2; telling++)
    for (int i = 0; i < MANY; i++) csizer_lifetimes_ended(objects[i]);
}

static void make_many(void) {
  begin_world(2);
  made_death(object);
  for (int i = 0; i < MANY; i++) objects[i] = made_birth(type);
}

static void end_many(void) {
  made_check_lives();
  for (int i = 0; i < MANY; i++) made_silent_death(objects[i]);
  end_world();
}

TEST(as_many_deaths_are_noted_as_there_are) {
  make_many();
  for (int telling = 0; telling < 2; telling++) {
    csizer_shards_hold();
    raise_in(end_all);
    csizer_shards_release();
    check_counts(MANY + 1, 0);
  }
  end_many();
}

// Told as lost, by each tracker.
TEST(deaths_without_memory_for_notes_are_told) {
  make_many();
  csizer_shards_hold();
  csizer_pages_fail_at = 1;
  raise_in(end_object);  // there is room for it
  CHECK_EQUAL(csizer_pages_fail_at, 1);
  raise_in(end_all);
  csizer_shards_release();
  CHECK_EQUAL(csizer_pages_fail_at, 0);
  const uint64_t lost = csizer_lifetimes_lost(trackers[0]);
  CHECK(lost > 0);
  CHECK_EQUAL(csizer_lifetimes_lost(trackers[1]), lost);
  for (int i = 0; i < 2; i++)
    CHECK(made_count(trackers[i], CSIZER_DEAD) + lost >= MANY + 1);
  end_many();
}

// ---- Births ----

static swift_object *made;

static void be_born(int number) {
  (void)number;
  csizer_lifetimes_born(made, made->metadata, NULL);
}

// Nobody can record it, and its tracker tells so; of a class that was never met nobody knows whose it would be.
TEST(a_birth_under_a_lock_is_told_as_lost) {
  begin_world(2);
  csizer_lifetimes *other = made_tracker();
  made_track(other, made_life_class(NULL), 1);
  made = made_silent_object(type);
  csizer_shard_lock(own_shard());
  csizer_line *line = line_occupy();
  raise_in(be_born);
  line_leave(line);
  raise_in(be_born);
  csizer_shard_unlock(own_shard());
  for (int i = 0; i < 2; i++) CHECK_EQUAL(csizer_lifetimes_lost(trackers[i]), 2);
  CHECK_EQUAL(csizer_lifetimes_lost(other), 0);
  free(made);
  made = made_silent_object(made_life_class(NULL));
  csizer_shard_lock(own_shard());
  raise_in(be_born);
  csizer_shard_unlock(own_shard());
  for (int i = 0; i < 2; i++) CHECK_EQUAL(csizer_lifetimes_lost(trackers[i]), 3);
  CHECK_EQUAL(csizer_lifetimes_lost(other), 1);
  csizer_lifetimes_destroy(other);
  other = made_tracker();
  CHECK_EQUAL(csizer_lifetimes_lost(other), 0);  // who came later lacks nothing
  free(made);
  made_death(object);
  csizer_lifetimes_destroy(other);
  end_world();
}

// ---- Scopes ----

static _Thread_local uint32_t bound;
static const int key;

static SWIFT_CALL void *bound_value(const void *asked) {
  CHECK(asked == &key);
  return bound ? &bound : NULL;
}

static void be_born_in_scope(int number) {
  (void)number;
  csizer_birth_scopes_born(object, NULL);
}

// The address was another object's, of a scope; now it is not.
TEST(a_birth_under_a_lock_belongs_to_no_scope) {
  begin_world(1);
  csizer_census_kept.state = CSIZER_HOOKS_REPLACED;
  csizer_target_runtime runtime = csizer_target_linked();
  runtime.task_local = bound_value;
  csizer_target_use(&runtime, CSIZER_TARGET_GIVEN);
  uint32_t scope;
  CHECK_EQUAL(csizer_birth_scope_begin(&key, 0, false, &scope), CSIZER_OK);
  for (int round = 0; round < 2; round++) {
    const uint64_t lost = csizer_birth_scopes_lost();
    bound = scope;
    csizer_birth_scopes_born(object, NULL);
    CHECK_EQUAL(csizer_birth_scopes_read(NULL, 0), 1);
    bound = round ? scope : 0;
    csizer_shard_lock(own_shard());
    raise_in(be_born_in_scope);
    csizer_shard_unlock(own_shard());
    CHECK_EQUAL(csizer_birth_scopes_read(NULL, 0), 0);
    CHECK_EQUAL(csizer_birth_scopes_lost(), lost + (uint64_t)round);
  }
  csizer_birth_scope_end(false);
  made_death(object);
  end_world();
}

// ---- Probes ----

// However often a death is told, noted and recorded, who observes it is told once.
TEST(a_death_that_is_noted_passes_its_probe_once) {
  csizer_probes_enable(true);
  csizer_probe_free_semaphore = 1;
  for (int count = 1; count <= 2; count++)
    for (int lock = 0; lock < 4; lock++) {
      begin_world(count);
      const uint64_t before = csizer_probe_frees;
      csizer_line *line = lock & 1 ? line_enter() : NULL;
      if (lock & 2) csizer_shards_hold();
      raise_in(end_object);
      CHECK_EQUAL(csizer_probe_frees, before + 1);
      if (lock & 2) csizer_shards_release();
      if (line) line_leave(line);
      csizer_lifetimes_ended(object);  // as its memory is given back behind the handler
      CHECK_EQUAL(csizer_probe_frees, before + 1);
      check_counts(1, 0);
      CHECK_EQUAL(csizer_probe_frees, before + 1);
      free(object);
      end_world();
    }
  csizer_probe_free_semaphore = 0;
  csizer_probes_enable(false);
}
