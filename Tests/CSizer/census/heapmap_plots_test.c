// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "census/heapmap_check.h"
#include "census/heapmap_internal.h"
#include "support/check.h"

// Memory of the map that nothing lives in any more goes back to the system, and nobody's object with it: threads make
// and free while plots are closed under them, and a model says who lives.

static const uintptr_t base = (uintptr_t)0x7A << HEAPMAP_LEAF_SHIFT;
enum { PLOT = 1 << HEAPMAP_PLOT_SHIFT, PLACE = 16, BYTES_OF_A_PLOT = PLOT / PLACE };

static csizer_heapmap *make_map(void) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  CHECK_TEXT(csizer_heapmap_reason(), "");
  return map;
}

static const void *place(uintptr_t plot, uintptr_t i) { return (const void *)(base + plot * PLOT + i * PLACE); }

// Every third place: all lanes have some.
enum { STEP = 3, PLACES = (PLOT / PLACE + STEP - 1) / STEP };

static void fill(csizer_heapmap *map, uintptr_t plots) {
  for (uintptr_t plot = 0; plot < plots; plot++)
    for (uintptr_t i = 0; i < PLOT / PLACE; i += STEP) CHECK(csizer_heapmap_insert(map, place(plot, i)));
}

static void empty(csizer_heapmap *map, uintptr_t plots) {
  for (uintptr_t plot = 0; plot < plots; plot++)
    for (uintptr_t i = 0; i < PLOT / PLACE; i += STEP) CHECK(csizer_heapmap_remove(map, place(plot, i)));
}

// In whole pages of any kernel's.
enum { PLOTS = 64 };

TEST(what_died_is_given_back) {
  csizer_heapmap *map = make_map();
  fill(map, PLOTS);
  size_t full = csizer_heapmap_resident_bytes(map);
  CHECK_EQUAL(csizer_heapmap_give_back(map), 0);
  empty(map, PLOTS);
  errno = E2BIG;
  CHECK_EQUAL(csizer_heapmap_give_back(map), PLOTS * BYTES_OF_A_PLOT);
  CHECK_EQUAL(errno, E2BIG);
  // By the kernel's account
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), full - PLOTS * BYTES_OF_A_PLOT);
  CHECK_EQUAL(csizer_heapmap_give_back(map), 0);
  CHECK_EQUAL(csizer_heapmap_count(map), 0);
  fill(map, PLOTS);
  CHECK_EQUAL(csizer_heapmap_count(map), PLOTS * PLACES);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), full);
  CHECK_SOUND(csizer_heapmap_check_unmarked(map));
  csizer_heapmap_destroy(map);
}

// One object keeps the page of its plot and no others.
TEST(a_survivor_keeps_its_own) {
  csizer_heapmap *map = make_map();
  fill(map, PLOTS);
  empty(map, PLOTS);
  const void *first = place(PLOTS / 2, 0), *last = place(PLOTS / 2, PLOT / PLACE - 1);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t kept = page > HEAPMAP_PLOT_BYTES ? page : HEAPMAP_PLOT_BYTES;
  for (int i = 0; i < 2; i++) {
    const void *survivor = i ? first : last;
    CHECK(csizer_heapmap_insert(map, survivor));
    CHECK_EQUAL(csizer_heapmap_give_back(map), i ? kept : PLOTS * BYTES_OF_A_PLOT - kept);
    CHECK(csizer_heapmap_contains(map, survivor));
    CHECK_EQUAL(csizer_heapmap_count(map), 1);
    if (i == 0) CHECK(csizer_heapmap_remove(map, survivor));
  }
  csizer_heapmap_destroy(map);
}

// Nobody asks for it: a heap that wanders through the address space leaves little behind.
TEST(a_heap_that_wanders_gives_back_by_itself) {
  enum { STEPS = 8000 };
  csizer_heapmap *map = make_map();
  for (uintptr_t step = 0; step < STEPS; step++) {
    CHECK(csizer_heapmap_insert(map, place(step, step % (PLOT / PLACE))));
    if (step) CHECK(csizer_heapmap_remove(map, place(step - 1, (step - 1) % (PLOT / PLACE))));
  }
  CHECK(csizer_heapmap_resident_bytes(map) < STEPS / 4 * HEAPMAP_PLOT_BYTES);
  CHECK_EQUAL(csizer_heapmap_count(map), 1);
  csizer_heapmap_destroy(map);
}

// A birth that looks for what to give back looks at some plots, however many there are; those that come after it look
// at the rest. By the kernel's account.
TEST(no_birth_looks_at_all_plots) {
  enum { MANY = 4000, MOST = 64, ENOUGH = MANY + MANY / MOST + 1 };
  csizer_heapmap *map = make_map();
  const uintptr_t last = PLOT / PLACE - 1;  // where a look must go through the whole plot to find it
  for (uintptr_t plot = 0; plot < MANY; plot++) CHECK(csizer_heapmap_insert(map, place(plot, last)));
  for (uintptr_t plot = 0; plot < MANY; plot++) CHECK(csizer_heapmap_remove(map, place(plot, last)));
  size_t before = csizer_heapmap_resident_bytes(map), given = 0;
  uintptr_t births = 0;
  for (; births < ENOUGH && given < MANY * HEAPMAP_PLOT_BYTES; births++) {
    CHECK(csizer_heapmap_insert(map, (const char *)place(births, 0) + ((size_t)1 << HEAPMAP_LEAF_SHIFT)));
    const size_t now = csizer_heapmap_resident_bytes(map);
    if (now < before) CHECK(before - now <= MOST * HEAPMAP_PLOT_BYTES);
    if (now < before) given += before - now;
    before = now;
  }
  CHECK(given > MANY / 2 * HEAPMAP_PLOT_BYTES);
  CHECK_EQUAL(csizer_heapmap_count(map), births);
  csizer_heapmap_destroy(map);
}

// ---- A birth that loses its processor just before it stores ----

static csizer_heapmap *stalled;

static void close_all(void) {
  csizer_heapmap_before_store = NULL;
  CHECK_EQUAL(csizer_heapmap_give_back(stalled), PLOTS * BYTES_OF_A_PLOT);
}

static void close_and_open(void) {
  close_all();
  CHECK(csizer_heapmap_insert(stalled, place(1, 2)));
}

static void close_twice(void) {
  close_and_open();
  CHECK(csizer_heapmap_remove(stalled, place(1, 2)));
  CHECK(csizer_heapmap_give_back(stalled) > 0);
}

// The plot that it saw open is closed by then, or open for others.
TEST(a_birth_under_way_opens_its_plot_again) {
  void (*const meanwhile[])(void) = {close_all, close_and_open, close_twice};
  for (int i = 0; i < 3; i++) {
    stalled = make_map();
    fill(stalled, PLOTS);
    empty(stalled, PLOTS);
    csizer_heapmap_before_store = meanwhile[i];
    CHECK(csizer_heapmap_insert(stalled, place(1, 7)));
    CHECK(!csizer_heapmap_before_store);
    CHECK(csizer_heapmap_contains(stalled, place(1, 7)));
    CHECK_EQUAL(csizer_heapmap_count(stalled), meanwhile[i] == close_and_open ? 2 : 1);
    csizer_heapmap_give_back(stalled);
    CHECK(csizer_heapmap_contains(stalled, place(1, 7)));
    CHECK_SOUND(csizer_heapmap_check_unmarked(stalled));
    csizer_heapmap_destroy(stalled);
  }
}

// ---- With threads ----

enum { THREADS = 3, SMALL = 4, OWN = SMALL * PLOT / PLACE / THREADS, UNKNOWN = 0, DEAD = 1, ALIVE = 2 };

/// What is sure of each place: written by the thread whose it is after a birth and before a death.
typedef struct world {
  csizer_heapmap *map;
  bool is_over;
  uint32_t births[THREADS];
  uint8_t states[THREADS][OWN];
} world;

typedef struct worker {
  pthread_t thread;
  world *world;
  uintptr_t number;
} worker;

// Neighbours belong to different threads, in a few plots that are empty most of the time.
static const void *own_place(uintptr_t thread, uintptr_t i) { return place(0, i * THREADS + thread); }

static void set(uint8_t *state, uint8_t to) { __atomic_store_n(state, to, __ATOMIC_RELEASE); }

static void one_life(worker *self, uintptr_t i) {
  world *world = self->world;
  uint8_t *state = &world->states[self->number][i];
  const void *object = own_place(self->number, i);
  CHECK(!csizer_heapmap_contains(world->map, object));
  set(state, UNKNOWN);
  CHECK(csizer_heapmap_insert(world->map, object));
  set(state, ALIVE);
  for (int looks = 0; looks < 20; looks++) CHECK(csizer_heapmap_contains(world->map, object));
  set(state, UNKNOWN);
  CHECK(csizer_heapmap_remove(world->map, object));
  set(state, DEAD);
  CHECK(!csizer_heapmap_contains(world->map, object));
}

static void *live(void *argument) {
  worker *self = argument;
  uint64_t random = self->number + 1;
  while (!__atomic_load_n(&self->world->is_over, __ATOMIC_RELAXED)) {
    one_life(self, check_random(&random) % OWN);
    __atomic_fetch_add(&self->world->births[self->number], 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static void start(world *world, worker workers[THREADS]) {
  for (uintptr_t i = 0; i < THREADS; i++) {
    workers[i] = (worker){.world = world, .number = i};
    CHECK_EQUAL(pthread_create(&workers[i].thread, NULL, live, &workers[i]), 0);
  }
}

static void end(world *world, worker workers[THREADS]) {
  __atomic_store_n(&world->is_over, true, __ATOMIC_RELAXED);
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  CHECK_EQUAL(csizer_heapmap_count(world->map), 0);
  CHECK_SOUND(csizer_heapmap_check_unmarked(world->map));
  csizer_heapmap_destroy(world->map);
}

static bool have_lived(world *world, uint32_t lives) {
  for (int i = 0; i < THREADS; i++)
    if (__atomic_load_n(&world->births[i], __ATOMIC_RELAXED) < lives) return false;
  return true;
}

TEST(nobody_is_lost_while_plots_are_closed) {
  static world world;
  worker workers[THREADS];
  world.map = make_map();
  start(&world, workers);
  size_t given = 0;
  while (!have_lived(&world, 20000) || !given) given += csizer_heapmap_give_back(world.map);
  end(&world, workers);
  CHECK(given > 0);
}

// ---- In signal handlers ----

// Handlers come in the middle of openings and closings, and open plots of their own.
static csizer_heapmap *interrupted;
static uintptr_t handled;  // atomic

static const void *handlers_place(uintptr_t i) {
  return (const char *)place(i, i % (PLOT / PLACE)) + ((size_t)8 << 30);
}

static void make_in_handler(int number) {
  (void)number;
  const uintptr_t i = __atomic_load_n(&handled, __ATOMIC_RELAXED);
  if (!csizer_heapmap_insert(interrupted, handlers_place(i))) abort();
  if (i && !csizer_heapmap_remove(interrupted, handlers_place(i - 1))) abort();
  __atomic_store_n(&handled, i + 1, __ATOMIC_RELEASE);
}

enum { HANDLED = 200 };

static void *interrupt(void *thread) {
  for (uintptr_t i = 0; i < HANDLED; i++) {
    CHECK_EQUAL(pthread_kill(*(pthread_t *)thread, SIGUSR1), 0);
    while (__atomic_load_n(&handled, __ATOMIC_ACQUIRE) == i) sched_yield();
  }
  return NULL;
}

TEST(a_birth_in_a_handler_waits_for_no_plot) {
  alarm(60);
  interrupted = make_map();
  handled = 0;
  signal(SIGUSR1, make_in_handler);
  pthread_t self = pthread_self(), thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, interrupt, &self), 0);
  uintptr_t rounds = 0;
  for (; __atomic_load_n(&handled, __ATOMIC_ACQUIRE) < HANDLED; rounds++) {
    CHECK(csizer_heapmap_insert(interrupted, place(rounds % 4096, 1)));
    CHECK(csizer_heapmap_remove(interrupted, place(rounds % 4096, 1)));
    if (rounds % 128 == 0) csizer_heapmap_give_back(interrupted);
  }
  pthread_join(thread, NULL);
  CHECK_EQUAL(csizer_heapmap_count(interrupted), 1);
  CHECK(csizer_heapmap_contains(interrupted, handlers_place(HANDLED - 1)));
  CHECK_SOUND(csizer_heapmap_check_unmarked(interrupted));
  csizer_heapmap_destroy(interrupted);
  alarm(0);
}

// ---- In a forked child, which has the memory of all threads at one moment ----

static bool is_exact(const world *world) {
  size_t least = 0, most = 0;
  for (uintptr_t thread = 0; thread < THREADS; thread++)
    for (uintptr_t i = 0; i < OWN; i++) {
      const uint8_t state = world->states[thread][i];
      const bool lives = csizer_heapmap_contains(world->map, own_place(thread, i));
      if ((state == ALIVE && !lives) || (state == DEAD && lives)) return false;
      least += state == ALIVE;
      most += state == ALIVE || (state == UNKNOWN && lives);
    }
  const size_t count = csizer_heapmap_count(world->map);
  return count >= least && count <= most;
}

static void *close_plots(void *argument) {
  world *world = argument;
  while (!__atomic_load_n(&world->is_over, __ATOMIC_RELAXED)) {
    csizer_heapmap_give_back(world->map);
    sched_yield();
  }
  return NULL;
}

// The child goes on with the map, too: the lock that another thread held is free there, and what was being closed
// opens.
static int child(world *world) {
  if (!is_exact(world)) return 1;
  const void *object = place(SMALL, 1);
  if (!csizer_heapmap_insert(world->map, object) || !csizer_heapmap_contains(world->map, object)) return 2;
  for (uintptr_t i = 0; i < OWN; i++)
    if (!csizer_heapmap_contains(world->map, own_place(0, i)) &&
        (!csizer_heapmap_insert(world->map, own_place(0, i)) || !csizer_heapmap_remove(world->map, own_place(0, i))))
      return 3;
  csizer_heapmap_give_back(world->map);
  return csizer_heapmap_contains(world->map, object) ? 0 : 4;
}

TEST(an_image_has_what_its_threads_had_made) {
  static world world;
  worker workers[THREADS];
  pthread_t closer;
  world.map = make_map();
  for (uintptr_t thread = 0; thread < THREADS; thread++)
    for (uintptr_t i = 0; i < OWN; i++) world.states[thread][i] = DEAD;
  start(&world, workers);
  CHECK_EQUAL(pthread_create(&closer, NULL, close_plots, &world), 0);
  for (int i = 0; i < 200; i++) {
    const pid_t process = fork();
    CHECK(process >= 0);
    if (!process) _exit(child(&world));
    int status;
    CHECK_EQUAL(waitpid(process, &status, 0), process);
    CHECK_EQUAL(status, 0);
  }
  __atomic_store_n(&world.is_over, true, __ATOMIC_RELAXED);
  pthread_join(closer, NULL);
  end(&world, workers);
}
