// SPDX-License-Identifier: Apache-2.0
// Plots of the heap map are opened when something is born in them, and closed, their memory given back, when nothing
// lives there any more.
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
  if (csizer_heapmap_can_close()) return "";
  return "the system refuses membarrier(2): the heap map keeps what it took, and births and deaths of tracked objects "
         "take locks";
}

// ---- Opening ----

// So many that the look at the others costs a birth next to nothing, and so few that what the map holds is at most
// twice what it needs.
static bool is_due(const csizer_heapmap *map) {
  enum { FEW = 64 };
  return map->opened_since >= FEW && map->opened_since >= map->open_then && csizer_heapmap_can_close();
}

static void open_plot(csizer_heapmap *map, heapmap_leaf *leaf, size_t plot) {
  const int32_t opening = leaf->opened[plot];
  if (opening > 0) return;
  // Found closing: its closer was another thread of a parent that forked.
  if (!opening) {
    map->open_plots++;
    map->opened_since++;
  }
  if (!heapmap_has_objects(leaf)) __atomic_store_n(&leaf->has_objects, true, __ATOMIC_RELAXED);
  heapmap_note_unit(leaf, plot * HEAPMAP_UNITS_PER_PLOT);
  heapmap_note_unit(leaf, (plot + 1) * HEAPMAP_UNITS_PER_PLOT - 1);
  map->last_opening = map->last_opening == INT32_MAX ? 1 : map->last_opening + 1;
  __atomic_store_n(&leaf->opened[plot], map->last_opening, __ATOMIC_RELEASE);
}

bool csizer_heapmap_insert_slowly(csizer_heapmap *map, uintptr_t address) {
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, address);
  if (!leaf) return false;
  sigset_t before;
  signals_block(&before);
  pthread_mutex_lock(&lock);
  open_plot(map, leaf, heapmap_plot_index(address));
  __atomic_store_n(heapmap_live_byte(leaf, address), 1, __ATOMIC_RELEASE);
  bool due = is_due(map);
  pthread_mutex_unlock(&lock);
  if (due) csizer_heapmap_give_back(map);
  signals_unblock(&before);
  return true;
}

// ---- Closing ----

/// Plots that share pages of the kernel's: one, where these are of 4 KiB.
static size_t plots_of_a_page(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return page > HEAPMAP_PLOT_BYTES ? page / HEAPMAP_PLOT_BYTES : 1;
}

static bool is_clear(const uint64_t *words, size_t count) {
  enum { ROW = 8 };
  for (size_t i = 0; i < count; i += ROW) {
    uint64_t any = 0;
    for (int j = 0; j < ROW; j++) any |= __atomic_load_n(&words[i + j], __ATOMIC_RELAXED);
    if (any) return false;
  }
  return true;
}

// Where something lives that is seen at once, mostly.
static bool is_empty(const heapmap_leaf *leaf, size_t plot, size_t count) {
  for (int lane = 0; lane < HEAPMAP_LANES; lane++)
    if (!is_clear(&leaf->live[lane][plot * HEAPMAP_PLOT_WORDS], count * HEAPMAP_PLOT_WORDS)) return false;
  return true;
}

static bool is_any(const heapmap_leaf *leaf, size_t plot, size_t count, bool closing) {
  for (size_t i = plot; i < plot + count; i++)
    if (closing ? leaf->opened[i] < 0 : leaf->opened[i] > 0) return true;
  return false;
}

static void set_opened(heapmap_leaf *leaf, size_t plot, int32_t opened) {
  __atomic_store_n(&leaf->opened[plot], opened, __ATOMIC_RELEASE);
}

// All plots that were ever opened are in the leaf's range.
static size_t first_plot(const heapmap_leaf *leaf, size_t step) {
  return heapmap_first_unit(leaf) / HEAPMAP_UNITS_PER_PLOT / step * step;
}

static size_t end_of_plots(const heapmap_leaf *leaf) { return heapmap_last_unit(leaf) / HEAPMAP_UNITS_PER_PLOT + 1; }

// Says of the plots where nothing seems to live that they are being closed.
static size_t begin_closing(heapmap_leaf *leaf, size_t step) {
  size_t count = 0;
  for (size_t plot = first_plot(leaf, step), end = end_of_plots(leaf); plot < end; plot += step) {
    if (!is_any(leaf, plot, step, false) || !is_empty(leaf, plot, step)) continue;
    for (size_t i = plot; i < plot + step; i++)
      if (leaf->opened[i] > 0) set_opened(leaf, i, -leaf->opened[i]);
    count++;
  }
  return count;
}

// Gives the memory of plots in a row back, in which nothing can be born now.
static size_t close_row(csizer_heapmap *map, heapmap_leaf *leaf, size_t first, size_t end) {
  if (first == end) return 0;
  const size_t lane_bytes = (end - first) * HEAPMAP_PLOT_BYTES;
  size_t bytes = 0;
  for (int lane = 0; lane < HEAPMAP_LANES; lane++)
    if (!madvise(&leaf->live[lane][first * HEAPMAP_PLOT_WORDS], lane_bytes, MADV_DONTNEED)) bytes += lane_bytes;
  for (size_t plot = first; plot < end; plot++) {
    if (leaf->opened[plot]) map->open_plots--;
    set_opened(leaf, plot, 0);
  }
  return bytes;
}

// Behind the barrier: what is empty now stays empty.
static size_t end_closing(csizer_heapmap *map, heapmap_leaf *leaf, size_t step, bool has_passed) {
  size_t bytes = 0, plot = first_plot(leaf, step), row = plot;
  for (const size_t end = end_of_plots(leaf); plot < end; plot += step) {
    const bool closing = is_any(leaf, plot, step, true);
    if (closing && has_passed && is_empty(leaf, plot, step)) continue;  // the row goes on
    bytes += close_row(map, leaf, row, plot);
    for (size_t i = plot; closing && i < plot + step; i++)
      if (leaf->opened[i] < 0) set_opened(leaf, i, -leaf->opened[i]);
    row = plot + step;
  }
  return bytes + close_row(map, leaf, row, plot);
}

static size_t close_all(csizer_heapmap *map) {
  const size_t step = plots_of_a_page();
  size_t closing = 0, bytes = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    closing += begin_closing(heapmap_leaf_numbered(map, i), step);
  const bool has_passed = closing && csizer_membarrier_pass();
  for (size_t i = 0; closing && (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    bytes += end_closing(map, heapmap_leaf_numbered(map, i), step, has_passed);
  return bytes;
}

static size_t give_back_locked(csizer_heapmap *map) {
  int error_before = errno;  // it may be the program's, whose birth this is
  size_t bytes = close_all(map);
  map->opened_since = 0;
  map->open_then = map->open_plots;
  errno = error_before;
  pthread_mutex_unlock(&lock);
  return bytes;
}

size_t csizer_heapmap_give_back(csizer_heapmap *map) {
  if (!csizer_heapmap_can_close()) return 0;
  sigset_t before;
  signals_block(&before);
  const size_t bytes = pthread_mutex_trylock(&lock) ? 0 : give_back_locked(map);
  signals_unblock(&before);
  return bytes;
}

void csizer_heapmap_give_back_sometimes(csizer_heapmap *map) {
  enum { SECOND = 1000000000 };
  uint64_t now = clock_monotonic();
  if (now - __atomic_load_n(&map->looked, __ATOMIC_RELAXED) < SECOND) return;
  __atomic_store_n(&map->looked, now, __ATOMIC_RELAXED);
  csizer_heapmap_give_back(map);
}
