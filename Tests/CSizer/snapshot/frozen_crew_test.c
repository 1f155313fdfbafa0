// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "csizer_frozen.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_limits.h"
#include "support/tracked_heap.h"
#include "walk/walk_crew.h"

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
  // Other allocators give blocks of one class different sizes, as it happens; for them there is no crew.
  if (!csizer_allocator_has_uniform_pages()) return;
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
  for (int i = 0; i < 2; i++) founds[i].report.swept = founds[i].report.swept_by_second = 0;
  CHECK(memcmp(&founds[0].report, &founds[1].report, sizeof founds[0].report) == 0);
}

// Objects in memory that is not there any more, many in a page and pages side by side, in both workers' parts: what
// leads to one is not sized, everything else is, to the byte.
TEST(what_faults_costs_no_other) {
  enum { TREES = 60, NODES = 4000, LOST_PAGES = 200, LOST_BYTES = 64, MOST_LOST = 8192 };
  // Other allocators are asked for each block, for which there is no crew; a sanitizer's ends who asks for another's.
  if (!csizer_allocator_has_uniform_pages()) return;
  found founds[2];
  for (uint32_t i = 0; i < 2; i++) {
    tracked_heap tracked;
    uint64_t random = 5, sizes[TREES] = {0};
    tracked_start(&tracked);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), a_page = page / LOST_BYTES;
    char *lost = mmap(NULL, LOST_PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(lost != MAP_FAILED);
    const size_t lost_count = LOST_PAGES * a_page < MOST_LOST ? LOST_PAGES * a_page : MOST_LOST;
    for (size_t j = 0; j < lost_count; j++) CHECK(csizer_heapmap_insert(tracked.heap.map, lost + j * LOST_BYTES));
    // The nodes of all trees lie in one another's midst. Every third tree leads to what is lost, at many places.
    void **nodes[TREES];
    for (int tree = 0; tree < TREES; tree++) nodes[tree] = calloc(NODES, sizeof **nodes);
    for (int j = 0; j < NODES; j++)
      for (int tree = 0; tree < TREES; tree++) {
        nodes[tree][j] = made_node(&tracked.heap, 3);
        sizes[tree] += made_bytes(nodes[tree][j]);
        if (j) made_link(nodes[tree][(j - 1) / 2], (unsigned)j % 2, nodes[tree][j]);
        if (tree % 3 == 1 && j % 20 == 3)
          made_link(nodes[tree][j], 2, lost + check_random(&random) % lost_count * LOST_BYTES);
      }
    for (int tree = 0; tree < TREES; tree++) tracked_add(&tracked, nodes[tree][0], 1, 0);
    founds[i] = size_frozen(&tracked, i + 1, 64);
    CHECK_EQUAL(founds[i].report.status, CSIZER_OK);
    CHECK_EQUAL(founds[i].count, TREES - TREES / 3);
    for (int tree = 0, row = 0; tree < TREES; tree++)
      if (tree % 3 != 1) CHECK_EQUAL(founds[i].sizes[row++], sizes[tree]);
    for (size_t j = 0; j < lost_count; j++) CHECK(csizer_heapmap_remove(tracked.heap.map, lost + j * LOST_BYTES));
    munmap(lost, LOST_PAGES * page);
    for (int tree = 0; tree < TREES; tree++) free(nodes[tree]);
    tracked_end(&tracked);
  }
  CHECK_EQUAL(founds[0].report.heap_raw, founds[1].report.heap_raw);
}

// ---- Whether the second works ----

TEST(the_second_thread_does_its_share) {
  enum { NODES = 400000, SHARE = 3 };
  if (!csizer_allocator_has_uniform_pages()) return;
  tracked_heap tracked;
  tracked_start(&tracked);
  for (int i = 0; i < NODES; i++) made_node(&tracked.heap, 2);
  for (int i = 2; i <= NODES; i++) {
    const int place = (int)((uint64_t)i * 7919 % NODES), above = (int)((uint64_t)(i / 2) * 7919 % NODES);
    made_link(tracked.heap.blocks[above], (unsigned)i % 2, tracked.heap.blocks[place]);
  }
  tracked_add(&tracked, tracked.heap.blocks[7919 % NODES], 1, 0);
  const found alone = size_frozen(&tracked, 1, 2048);
  CHECK_EQUAL(alone.report.swept, 0);
  CHECK_EQUAL(alone.report.swept_by_second, 0);
  csizer_crew_is_patient = true;  // whoever else wants the processors
  const found two = size_frozen(&tracked, 2, 2048);
  csizer_crew_is_patient = false;
  CHECK(two.report.swept >= NODES / 2);
  CHECK(two.report.swept_by_second >= two.report.swept / SHARE);
  CHECK_EQUAL(two.report.heap_objects, alone.report.heap_objects);
  tracked_end(&tracked);
}

// Most objects are none that workers do by themselves.
TEST(a_heap_of_other_objects_has_one_thread) {
  enum { ARRAYS = 20000 };
  tracked_heap tracked;
  tracked_start(&tracked);
  void *root = made_array(&tracked.heap, ARRAYS);
  for (size_t i = 0; i < ARRAYS; i++) made_set(root, 32 + 8 * i, made_array(&tracked.heap, 0));
  tracked_add(&tracked, root, 1, 0);
  const found found = size_frozen(&tracked, 2, 64);
  CHECK_EQUAL(found.report.swept, 0);
  CHECK_EQUAL(found.sizes[0], tracked.heap.bytes);
  tracked_end(&tracked);
}

// ---- How many there may be ----

static void write_group(const char *quota) {
  made_limits_begin();
  made_limits_write("/proc/thread-self/cgroup", "0::/shop\n");
  made_limits_write("/proc/thread-self/mountinfo", "30 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
  made_limits_write("/sys/fs/cgroup/shop/cgroup.procs", "%s", "");
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
  const uint32_t two = csizer_allocator_has_uniform_pages() ? 2 : 1;
  CHECK_EQUAL(csizer_frozen_processors(map, 2), two);
  CHECK_EQUAL(csizer_frozen_processors(map, 1), 1);
  write_group("199999 100000");
  CHECK_EQUAL(csizer_frozen_processors(map, 2), 1);
  write_group("200000 100000");
  CHECK_EQUAL(csizer_frozen_processors(map, 2), two);
  CHECK(csizer_heapmap_remove(map, (const void *)base));
  csizer_heapmap_destroy(map);
}
