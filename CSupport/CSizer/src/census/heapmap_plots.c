// SPDX-License-Identifier: Apache-2.0
// Plots of the heap map, of a page each, are opened when something is born in them, and closed, their memory given
// back, when nothing lives there any more.
//
// Who makes an object stores its byte without a lock, so one may just be about to while its plot is closed. It reads
// before and after how often the plot was opened. Who closes says first that it is going to, then makes every processor
// pass a barrier (membarrier(2)), and only then looks whether all bytes are 0. A byte that was stored before the
// barrier is seen, and the plot stays open. Who stores later reads later, too, that the plot is being closed, waits,
// and stores once more. A death needs none of this: where its byte was seen nothing is closed, and where it was not it
// is 0 for good.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "census/heapmap_internal.h"
#include "platform/clock.h"
#include "platform/membarrier.h"
#include "platform/signals.h"

// Who opens or closes, without handlers of signals, which may make objects. One for all maps, since a process has one
// that others than tests use.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Whatever its holder was doing in the parent, the map is whole: a plot that was being closed is opened again by
// whoever needs it. First of all constructors, so that no handler of the program's finds it taken.
static void release_in_child(void) { lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; }
__attribute__((constructor(101))) static void survive_forks(void) { pthread_atfork(NULL, NULL, release_in_child); }

#ifdef CSIZER_CHECKS
void (*csizer_heapmap_before_store)(void);
#endif

// ---- The barrier ----

bool csizer_heapmap_can_close(void) { return csizer_membarrier_is_there(); }

const char *csizer_heapmap_reason(void) {
  return csizer_heapmap_can_close() ? "" : "the system refuses membarrier(2): the heap map keeps what it took";
}

// ---- Closing ----

// Plots that share pages of the kernel's: one, where these are of 4 KiB.
static size_t plots_of_a_page(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return page > HEAPMAP_PLOT_BYTES ? page / HEAPMAP_PLOT_BYTES : 1;
}

// Where something lives that is seen at once, mostly. Relaxed: what is found empty before the barrier is only a guess,
// and behind it every birth that began before is seen.
static bool is_empty(const heapmap_leaf *leaf, size_t plot, size_t count) {
  enum { ROW = 8 };
  const uint64_t *words = heapmap_plot_words(leaf, plot);
  for (size_t i = 0; i < count * HEAPMAP_PLOT_WORDS; i += ROW) {
    uint64_t any = 0;
    for (int j = 0; j < ROW; j++) any |= __atomic_load_n(&words[i + j], __ATOMIC_RELAXED);
    if (any) return false;
  }
  return true;
}

static void set_opened(heapmap_leaf *leaf, size_t plot, int32_t opened) {
  __atomic_store_n(&leaf->opened[plot], opened, __ATOMIC_RELEASE);
}

// Says of the plots of a page that they are being closed, or that they are not.
static void set_closing(heapmap_leaf *leaf, size_t plot, size_t step, bool closing) {
  for (size_t i = plot; i < plot + step; i++)
    if (leaf->opened[i] && (leaf->opened[i] < 0) != closing) set_opened(leaf, i, -leaf->opened[i]);
}

static bool is_any_open(const heapmap_leaf *leaf, size_t plot, size_t step) {
  for (size_t i = plot; i < plot + step; i++)
    if (leaf->opened[i]) return true;
  return false;
}

// The first page from a plot on of which one is open; HEAPMAP_PLOTS when there is none. All plots that were ever opened
// are in the leaf's range.
static size_t next_open(const heapmap_leaf *leaf, size_t plot, size_t step) {
  const size_t first = heapmap_first_unit(leaf) / HEAPMAP_UNITS_PER_PLOT / step * step;
  const size_t last = heapmap_last_unit(leaf) / HEAPMAP_UNITS_PER_PLOT;
  while (plot < HEAPMAP_PLOTS) {
    const size_t in_lane = plot % HEAPMAP_LANE_PLOTS, lane = plot - in_lane;
    if (in_lane < first) plot = lane + first;
    else if (in_lane > last) plot = lane + HEAPMAP_LANE_PLOTS;
    else if (is_any_open(leaf, plot, step)) return plot;
    else plot += step;
  }
  return HEAPMAP_PLOTS;
}

// Gives the memory of plots in a row back, in which nothing can be born now. The system keeps what the program locked:
// that stays open.
static size_t close_row(csizer_heapmap *map, heapmap_leaf *leaf, size_t first, size_t end) {
  const size_t bytes = (end - first) * HEAPMAP_PLOT_BYTES;
  if (!bytes) return 0;
  if (madvise((char *)leaf->live + first * HEAPMAP_PLOT_BYTES, bytes, MADV_DONTNEED)) {
    set_closing(leaf, first, end - first, false);
    return 0;
  }
  for (size_t plot = first; plot < end; plot++) {
    // Relaxed: written under the lock, and to who reads it without that a number by itself.
    if (leaf->opened[plot]) __atomic_fetch_sub(&map->open_plots, 1, __ATOMIC_RELAXED);
    set_opened(leaf, plot, 0);
  }
  return bytes;
}

// Behind the barrier: what is empty now stays empty.
static size_t end_closing(csizer_heapmap *map, heapmap_leaf *leaf, const uint32_t *plots, size_t count, size_t step) {
  const bool has_passed = count && csizer_membarrier_pass();
  size_t bytes = 0, first = 0, end = 0;
  for (size_t i = 0; i < count; i++) {
    if (!has_passed || !is_empty(leaf, plots[i], step)) {
      set_closing(leaf, plots[i], step, false);
      continue;
    }
    if (plots[i] != end) {
      bytes += close_row(map, leaf, first, end);
      first = plots[i];
    }
    end = plots[i] + step;
  }
  return bytes + close_row(map, leaf, first, end);
}

// So many plots are read at a time: a birth must not wait for more.
enum { LOOK = 64 };

// Looks at the next open plots of a leaf, and closes those where nothing lives. How many bytes were given back.
static size_t look(csizer_heapmap *map) {
  const size_t step = plots_of_a_page(), index = csizer_heapmap_next_leaf(map, map->next_leaf);
  if (index == HEAPMAP_LEAVES) {
    map->is_looking = false;
    map->open_then = map->open_plots;
    return 0;
  }
  heapmap_leaf *leaf = heapmap_leaf_numbered(map, index);
  uint32_t plots[LOOK];
  size_t count = 0, plot = next_open(leaf, index == map->next_leaf ? map->next_plot : 0, step);
  for (size_t read = 0; read < LOOK && plot < HEAPMAP_PLOTS; read += step, plot = next_open(leaf, plot + step, step)) {
    // Found closing: its closer was another thread of a parent that forked.
    const bool closing = is_empty(leaf, plot, step);
    set_closing(leaf, plot, step, closing);
    if (closing) plots[count++] = (uint32_t)plot;
  }
  map->next_leaf = index + (plot == HEAPMAP_PLOTS);
  map->next_plot = plot % HEAPMAP_PLOTS;
  return end_closing(map, leaf, plots, count, step);
}

// The round's number, which is never 0.
static uint32_t begin_looking(csizer_heapmap *map) {
  map->is_looking = true;
  map->next_leaf = map->next_plot = 0;
  map->opened_since = 0;
  return map->round = map->round == UINT32_MAX ? 1 : map->round + 1;
}

// Whether there is more to look at for who began the round.
static bool look_for(csizer_heapmap *map, uint32_t *round, size_t *bytes) {
  const bool begins = !*round;
  sigset_t before;
  signals_block(&before);
  bool has_more = false;
  if ((begins ? pthread_mutex_trylock(&lock) : pthread_mutex_lock(&lock)) == 0) {
    if (begins) *round = begin_looking(map);
    if (map->is_looking && map->round == *round) *bytes += look(map);
    has_more = map->is_looking && map->round == *round;
    pthread_mutex_unlock(&lock);
  }
  signals_unblock(&before);
  return has_more;
}

size_t csizer_heapmap_give_back(csizer_heapmap *map) {
  if (!csizer_heapmap_can_close()) return 0;
  const int error_before = errno;
  uint32_t round = 0;
  size_t bytes = 0;
  while (look_for(map, &round, &bytes)) {}
  errno = error_before;
  return bytes;
}

// ---- Opening ----

// So many that the look at the others costs a birth next to nothing, and so few that what the map holds is at most
// twice what it needs.
static bool is_due(const csizer_heapmap *map) {
  enum { FEW = 256 };
  return map->opened_since >= FEW && map->opened_since >= map->open_then && csizer_heapmap_can_close();
}

// Of a plot a quarter of the places lie in a lane, and blocks of most sizes in two lanes or four. Relaxed: a number by
// itself.
uint64_t csizer_heapmap_open_bytes(const csizer_heapmap *map) {
  return ((uint64_t)__atomic_load_n(&map->open_plots, __ATOMIC_RELAXED) << HEAPMAP_PLOT_SHIFT) / 2;
}

static void open_plot(csizer_heapmap *map, heapmap_leaf *leaf, uintptr_t address) {
  const size_t plot = heapmap_plot_index(address), unit = heapmap_unit_index(address);
  const int32_t opening = leaf->opened[plot];
  if (opening > 0) return;
  // Found closing: its closer was another thread of a parent that forked.
  if (!opening) {
    __atomic_fetch_add(&map->open_plots, 1, __ATOMIC_RELAXED);
    map->opened_since++;
  }
  __atomic_fetch_or(&leaf->areas, heapmap_areas_around(address, HEAPMAP_AREA_SHIFT), __ATOMIC_RELEASE);
  heapmap_note_unit(leaf, unit / HEAPMAP_UNITS_PER_PLOT * HEAPMAP_UNITS_PER_PLOT);
  heapmap_note_unit(leaf, unit | (HEAPMAP_UNITS_PER_PLOT - 1));
  map->last_opening = map->last_opening == INT32_MAX ? 1 : map->last_opening + 1;
  set_opened(leaf, plot, map->last_opening);
}

bool csizer_heapmap_insert_slowly(csizer_heapmap *map, uintptr_t address) {
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, address);
  if (!leaf) return false;
  const int error_before = errno;  // the program's, whose birth this is
  sigset_t before;
  signals_block(&before);
  pthread_mutex_lock(&lock);
  open_plot(map, leaf, address);
  __atomic_store_n(heapmap_live_byte(leaf, address), 1, __ATOMIC_RELEASE);
  if (!map->is_looking && is_due(map)) begin_looking(map);
  if (map->is_looking) look(map);
  pthread_mutex_unlock(&lock);
  signals_unblock(&before);
  errno = error_before;
  return true;
}

// Relaxed: two who come at once both look, which does no harm.
void csizer_heapmap_give_back_sometimes(csizer_heapmap *map) {
  enum { SECOND = 1000000000 };
  uint64_t now = clock_monotonic();
  if (now - __atomic_load_n(&map->looked, __ATOMIC_RELAXED) < SECOND) return;
  __atomic_store_n(&map->looked, now, __ATOMIC_RELAXED);
  csizer_heapmap_give_back(map);
}
