// SPDX-License-Identifier: Apache-2.0
// Ticks, and how many nanoseconds they are.
#define _GNU_SOURCE
#include "platform/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

bool csizer_clock_counts_cycles;

// Nanoseconds per tick, times 2^32. Fixed at the start, so that a time once told is never told differently.
static uint64_t scale = (uint64_t)1 << 32;

#ifdef CLOCK_COUNTER

typedef struct anchor {
  uint64_t cycles, nanoseconds;
} anchor;

// Both clocks at one moment: of some tries the one that took least, since the process may be interrupted between the
// readings.
static anchor read_anchor(void) {
  anchor best = {0, 0};
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 8; i++) {
    uint64_t before = clock_counter();
    uint64_t nanoseconds = clock_monotonic();
    uint64_t took = clock_counter() - before;
    if (took >= least) continue;
    least = took;
    best = (anchor){before + took / 2, nanoseconds};
  }
  return best;
}

// Read at load: the further back, the better the rate is known when it is first needed.
static anchor at_load;

__attribute__((constructor(101))) static void note_load(void) { at_load = read_anchor(); }

// The kernel trusts the counter only where it is constant and the same on all processors: its judgement is taken over.
static bool kernel_trusts_counter(void) {
  char name[32] = {0};
  int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, name, sizeof name - 1);
  close(file);
  return length > 0 && strcmp(name, CLOCK_COUNTER "\n") == 0;
}

static void measure_rate(void) {
  enum { SHORTEST = 2000000 };  // some 30 ns of doubt at each end: 3e-5
  if (!kernel_trusts_counter()) return;
  anchor now = read_anchor();
  uint64_t past = now.nanoseconds - at_load.nanoseconds;
  if (past < SHORTEST) {
    struct timespec rest = {0, (long)(SHORTEST - past)};
    nanosleep(&rest, NULL);
    now = read_anchor();
  }
  uint64_t cycles = now.cycles - at_load.cycles, nanoseconds = now.nanoseconds - at_load.nanoseconds;
  if (!at_load.cycles || now.cycles <= at_load.cycles) return;
  scale = (uint64_t)(((unsigned __int128)nanoseconds << 32) / cycles);
  csizer_clock_counts_cycles = true;
}

#else

static void measure_rate(void) {}

#endif

void csizer_clock_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, measure_rate);
}

uint64_t csizer_clock_ticks(void) { return clock_ticks(); }

int64_t csizer_clock_nanoseconds(uint64_t earlier, uint64_t later) {
  if (later < earlier) return -csizer_clock_nanoseconds(later, earlier);
  return (int64_t)(((unsigned __int128)(later - earlier) * scale) >> 32);
}
