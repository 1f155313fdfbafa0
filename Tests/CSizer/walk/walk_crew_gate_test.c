// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sched.h>

#include "support/check.h"
#include "walk/walk_crew.h"
#include "walk/walk_crew_gate.h"

// The gate of a crew's turns, with a second worker that is late, slow, or never comes.

enum { BEFORE_CHANGE = 3 };  // where the second has read the gate's word, and not changed it yet

static struct {
  crew_gate gate;
  int is_held, arrived;  // atomic: whether the second is kept at that place, and how often it came there
  uint32_t joined;       // the turn that it came into last. Atomic
  int leaves;            // whether it may leave turns. Atomic
} world;

static int get(const int *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static void set(int *word, int value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

static void hold(int place) {
  if (place != BEFORE_CHANGE) return;
  __atomic_fetch_add(&world.arrived, 1, __ATOMIC_ACQ_REL);
  while (get(&world.is_held)) sched_yield();
}

static void *second(void *ignored) {
  (void)ignored;
  for (uint32_t turn; csizer_crew_gate_join(&world.gate, &turn);) {
    __atomic_store_n(&world.joined, turn, __ATOMIC_RELEASE);
    while (!get(&world.leaves)) sched_yield();
    csizer_crew_gate_leave(&world.gate);
  }
  return NULL;
}

static pthread_t start(bool is_held, bool leaves) {
  pthread_t thread;
  csizer_crew_gate_init(&world.gate);
  world.joined = 0;
  set(&world.is_held, is_held);
  set(&world.arrived, 0);
  set(&world.leaves, leaves);
  CHECK_EQUAL(pthread_create(&thread, NULL, second, NULL), 0);
  return thread;
}

static void end(pthread_t thread) {
  csizer_crew_gate_dismiss(&world.gate);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  csizer_crew_passes_by = NULL;
}

static uint32_t joined(void) { return __atomic_load_n(&world.joined, __ATOMIC_ACQUIRE); }

// It has seen turn 1 open, and goes on when that is over and turn 2 is open: it is in turn 2, and knows it.
TEST(one_that_is_late_comes_to_the_turn_that_is_open) {
  csizer_crew_passes_by = hold;
  pthread_t thread = start(false, true);
  set(&world.is_held, true);
  const int before = get(&world.arrived);
  csizer_crew_gate_open(&world.gate);
  while (get(&world.arrived) == before) sched_yield();
  CHECK(csizer_crew_gate_close_if_alone(&world.gate));
  csizer_crew_gate_open(&world.gate);
  set(&world.is_held, false);
  while (!joined()) sched_yield();
  CHECK_EQUAL(joined(), 2);
  csizer_crew_gate_await_closed(&world.gate);
  end(thread);
}

TEST(one_that_does_not_come_is_not_waited_for) {
  enum { TURNS = 1000 };
  csizer_crew_passes_by = hold;
  pthread_t thread = start(true, true);
  for (int i = 0; i < TURNS; i++) {
    csizer_crew_gate_open(&world.gate);
    CHECK(csizer_crew_gate_is_open(&world.gate));
    CHECK(csizer_crew_gate_close_if_alone(&world.gate));
    CHECK(csizer_crew_gate_is_closed(&world.gate));
  }
  CHECK_EQUAL(joined(), 0);
  set(&world.is_held, false);
  end(thread);
}

TEST(one_that_is_slow_is_waited_for) {
  enum { LOOKS = 1000 };
  pthread_t thread = start(false, false);
  csizer_crew_gate_open(&world.gate);
  while (!joined()) sched_yield();
  for (int i = 0; i < LOOKS; i++) {
    CHECK(!csizer_crew_gate_close_if_alone(&world.gate));
    CHECK(!csizer_crew_gate_is_closed(&world.gate));
    CHECK(!csizer_crew_gate_is_open(&world.gate));
  }
  set(&world.leaves, true);
  csizer_crew_gate_await_closed(&world.gate);
  CHECK(csizer_crew_gate_is_closed(&world.gate));
  end(thread);
}

// Each turn is either the first's alone, or both know of it, and the turns follow one another.
TEST(turns_in_a_row) {
  enum { TURNS = 300 };
  pthread_t thread = start(false, true);
  for (uint32_t turn = 1; turn <= TURNS; turn++) {
    csizer_crew_gate_open(&world.gate);
    if (turn % 3) sched_yield();
    if (csizer_crew_gate_close_if_alone(&world.gate)) {
      CHECK(joined() < turn);
      continue;
    }
    csizer_crew_gate_await_closed(&world.gate);
    CHECK_EQUAL(joined(), turn);
  }
  end(thread);
}
