// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csizer_frozen.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_limits.h"
#include "support/tracked_heap.h"
#include "walk/walk_internal.h"

// Frozen sizings by a child with one thread and with two: each object has the same size, and the heap the same sums.

enum { MOST_SIZES = 1000 };
static const uint64_t patience = 60000000000;

/// What a child found.
typedef struct found {
  csizer_frozen_report report;
  uint32_t count;
  tracked_applied applied;
  uint64_t sizes[MOST_SIZES];
} found;

static found size_frozen(tracked_heap *tracked, uint32_t processors, uint32_t sweep_at) {
  found found = {0};
  CHECK_EQUAL(csizer_frozen_prepare(tracked->tracker, tracked->heap.layouts), CSIZER_OK);
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(tracked, true);
  const size_t held = csizer_pages_held();
  csizer_walk *walk = made_walk(&tracked->heap, (csizer_walk_options){0});
  walk->sweep_at = sweep_at;
  csizer_child child;
  CHECK_EQUAL(csizer_frozen_start(sizing, walk, (csizer_key_types){0}, processors, &child), CSIZER_OK);
  csizer_lifetimes_resume();
  CHECK_EQUAL(csizer_frozen_await(sizing, child, patience, NULL), CSIZER_CHILD_DONE);
  found.report = csizer_frozen_report_of(sizing);
  made_walk_end(&tracked->heap, walk);
  tracked->walks_held += csizer_pages_held() - held;
  const csizer_size_row *rows;
  const size_t before = csizer_sizes(tracked->tracker, &rows);
  found.applied = tracked_apply(tracked, sizing);
  found.count = (uint32_t)(csizer_sizes(tracked->tracker, &rows) - before);
  for (uint32_t i = 0; i < found.count && i < MOST_SIZES; i++) found.sizes[i] = rows[before + i].bytes;
  return found;
}

// A ring with chords, so that each tracked object in turn takes all that it reaches and nobody has taken.
static void make_graph(made_heap *heap, int nodes, uint64_t *random) {
  for (int i = 0; i < nodes; i++) made_node(heap, 3);
  for (int i = 0; i < nodes; i++)
    for (unsigned link = 0; link < 3; link++)
      if (check_random(random) % 10 < 4)
        made_link(heap->blocks[i], link, heap->blocks[check_random(random) % (size_t)nodes]);
}

TEST(a_child_of_two_threads_finds_what_one_finds) {
  enum { NODES = 200000, TRACKED = 20 };
  tracked_heap trackeds[2];
  found founds[2];
  for (uint32_t i = 0; i < 2; i++) {
    tracked_heap *tracked = &trackeds[i];
    uint64_t random = 77;
    tracked_start(tracked);
    make_graph(&tracked->heap, NODES, &random);
    for (uint32_t j = 0; j < TRACKED; j++)
      tracked_add(tracked, tracked->heap.blocks[j * (NODES / TRACKED)], 1, 0);
    founds[i] = size_frozen(tracked, i + 1, 64);
    CHECK_EQUAL(founds[i].report.status, CSIZER_OK);
    CHECK_EQUAL(founds[i].report.heap_objects, tracked->heap.bytes);
    CHECK_EQUAL(founds[i].report.heap_raw, 0);
    CHECK_EQUAL(founds[i].count, TRACKED);
    tracked_end(tracked);
  }
  CHECK(memcmp(founds[0].sizes, founds[1].sizes, sizeof founds[0].sizes) == 0);
  CHECK(memcmp(&founds[0].report, &founds[1].report, sizeof founds[0].report) == 0);
}

// Objects in memory that is not there any more: each costs itself. The kernel's pages tell which.
TEST(what_faults_costs_no_other) {
  enum { NODES = 50000, LOST = 5 };
  for (uint32_t processors = 1; processors <= 2; processors++) {
    tracked_heap tracked;
    uint64_t random = 5;
    tracked_start(&tracked);
    make_graph(&tracked.heap, NODES, &random);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *lost = mmap(NULL, LOST * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(lost != MAP_FAILED);
    for (size_t i = 0; i < LOST; i++) {
      CHECK(csizer_heapmap_insert(tracked.heap.map, lost + i * page));
      made_link(tracked.heap.blocks[100 + i], 0, lost + i * page);
    }
    tracked_add(&tracked, tracked.heap.blocks[0], 1, 0);
    const found found = size_frozen(&tracked, processors, 64);
    CHECK_EQUAL(found.report.status, CSIZER_OK);
    CHECK_EQUAL(found.report.heap_objects, tracked.heap.bytes);
    for (size_t i = 0; i < LOST; i++) CHECK(csizer_heapmap_remove(tracked.heap.map, lost + i * page));
    munmap(lost, LOST * page);
    tracked_end(&tracked);
  }
}

// ---- How many there may be ----

static void write_group(const char *quota) {
  made_limits_begin();
  made_limits_write("/proc/thread-self/cgroup", "0::/shop\n");
  made_limits_write("/proc/thread-self/mountinfo", "30 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
  made_limits_write("/sys/fs/cgroup/shop/cgroup.procs", "");
  made_limits_write("/sys/fs/cgroup/shop/cpu.max", "%s\n", quota);
}

TEST(a_small_heap_has_one_thread) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_node(&heap, 1);
  write_group("max 100000");
  CHECK_EQUAL(csizer_frozen_processors(heap.map, 2), 1);
  made_heap_deinit(&heap);
}

// Nothing need be there: the map is asked how much of the heap is in use.
TEST(a_large_heap_has_as_many_as_the_quota_has) {
  enum { PLOTS = 1024 };
  if (sysconf(_SC_NPROCESSORS_ONLN) < 2) return;
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t base = (uintptr_t)0x7A << HEAPMAP_LEAF_SHIFT;
  for (uintptr_t i = 0; i < PLOTS; i++)
    CHECK(csizer_heapmap_insert(map, (const void *)(base + (i << HEAPMAP_PLOT_SHIFT))));
  write_group("max 100000");
  CHECK_EQUAL(csizer_frozen_processors(map, 2), 2);
  CHECK_EQUAL(csizer_frozen_processors(map, 1), 1);
  write_group("199999 100000");
  CHECK_EQUAL(csizer_frozen_processors(map, 2), 1);
  write_group("200000 100000");
  CHECK_EQUAL(csizer_frozen_processors(map, 2), 2);
  CHECK(csizer_heapmap_remove(map, (const void *)base));
  csizer_heapmap_destroy(map);
}
