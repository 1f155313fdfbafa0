// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "snapshot/frozen_child.h"
#include "support/check.h"
#include "support/made_faults.h"
#include "support/made_heap.h"
#include "walk/walk_crew.h"

// Heaps in which a sweep meets what it does not expect: words that lead to raw blocks, objects where the map knows
// nothing, faults in most batches. By a walk alone and by crews.

enum { BY_QUEUE, BY_SWEEP, CREW_OF_ONE, CREW_OF_TWO, WAYS };

static csizer_totals size_by(made_heap *heap, int way, csizer_walk *walk, const void *root) {
  made_crew crew = {0};
  if (way >= CREW_OF_ONE) made_crew_begin(&crew, walk, way == CREW_OF_TWO);
  if (way != BY_QUEUE) csizer_walk_begin_sweep(walk);
  CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
  const csizer_totals totals = csizer_walk_totals(walk);
  if (way >= CREW_OF_ONE) made_crew_end(&crew);
  made_wipe_marks(heap->map);
  made_walk_end(heap, walk);
  return totals;
}

// ---- Blocks that stale words lead to ----

/// Of a class whose instances own a block. Before the heap: names that are registered stay for the life of the process.
static const swift_class *owner_class(void) {
  static const swift_class *class;
  if (class) return class;
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"block", "Main.Pointer", 16, 0}};
  made_owner("Main.Owner", "block");
  class = made_class((made_class_spec){.name = "Main.Owner", .size = 24, .field_count = 1, .fields = fields});
  return class;
}

static void swap(void **one, void **other) {
  void *kept = *one;
  *one = *other;
  *other = kept;
}

// Whatever comes first, the word or the owner, or the owner between the word and a look at what it leads to.
static void expect_blocks(bool owners_come_first) {
  enum { COUNT = 3000, ROUNDS = 3 };
  const swift_class *owner = owner_class();
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_array(&heap, COUNT);
  static void *blocks[COUNT], *owners[COUNT], *nodes[COUNT];
  for (int i = 0; owners_come_first && i < COUNT; i++) owners[i] = made_object(&heap, owner, 24);
  for (int i = 0; i < COUNT; i++) {
    blocks[i] = made_block(&heap, 64);
    made_set_number(blocks[i], 8, SWIFT_DEINITING);  // no object, if anybody asks
    nodes[i] = made_node(&heap, 3);
  }
  for (int i = 0; !owners_come_first && i < COUNT; i++) owners[i] = made_object(&heap, owner, 24);
  uint64_t random = 7;
  for (size_t i = 0; i < COUNT; i++) {
    swap(&blocks[i], &blocks[check_random(&random) % COUNT]);
    swap(&owners[i], &owners[check_random(&random) % COUNT]);
  }
  for (size_t i = 0; i < COUNT; i++) {
    made_set(owners[i], 16, blocks[i]);
    made_link(nodes[i], 0, blocks[i]);
    made_link(nodes[i], 1, owners[i]);
    made_link(nodes[check_random(&random) % COUNT], 2, blocks[i]);  // of most another
    made_set(root, 32 + 8 * i, nodes[i]);
  }
  for (int round = 0; round < ROUNDS * WAYS; round++) {
    csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
    const csizer_totals totals = size_by(&heap, round % WAYS, walk, root);
    CHECK_EQUAL(totals.raw_blocks, COUNT);
    CHECK_EQUAL(totals.bytes, heap.bytes);
  }
  made_heap_deinit(&heap);
}

TEST(a_block_is_its_owners_whatever_else_seems_to_lead_there) {
  expect_blocks(false);
  expect_blocks(true);
}

// ---- Where the map knows nothing ----

static char *far_region;
static size_t far_bytes;

static size_t size_anywhere(const void *block) {
  if ((uintptr_t)block - (uintptr_t)far_region < far_bytes) return 48;
  return malloc_usable_size((void *)(uintptr_t)block);
}

// A GiB of addresses of its own.
#define FAR_TAKEN ((size_t)2 << 30)
static char *take_far_region(void) {
  const uintptr_t gib = (uintptr_t)1 << HEAPMAP_LEAF_SHIFT;
  char *taken = mmap(NULL, FAR_TAKEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(taken != MAP_FAILED);
  far_region = (char *)(((uintptr_t)taken + gib - 1) & ~(gib - 1));
  CHECK_EQUAL(mprotect(far_region, far_bytes, PROT_READ | PROT_WRITE), 0);
  return taken;
}

// An array's elements that are older than the census, and nothing else: a pass that has met them has scanned none.
TEST(what_an_array_alone_leads_to_is_found_where_the_map_knows_nothing) {
  enum { COUNT = 2000 };
  for (int way = BY_QUEUE; way < WAYS; way++) {
    made_heap heap;
    made_heap_init(&heap, NULL);
    void *root = made_array(&heap, COUNT);
    far_bytes = COUNT * 64;
    char *const taken = take_far_region();
    for (size_t i = 0; i < COUNT; i++) {
      swift_object *object = (swift_object *)(void *)(far_region + 48 * i);
      object->metadata = (const void *)made_node_class(2);
      object->references = 3;
      made_set(root, 32 + 8 * i, object);
    }
    const csizer_walk_options options = {.census_is_complete = false};
    csizer_walk *walk;
    CHECK_EQUAL(csizer_walk_create(heap.map, heap.layouts, &options, &walk), CSIZER_OK);
    csizer_pagememo_init(&walk->memo, size_anywhere, true);
    CHECK_EQUAL(size_by(&heap, way, walk, root).objects, COUNT + 1);
    munmap(taken, FAR_TAKEN);
    made_heap_deinit(&heap);
  }
}

// ---- Faults in most batches ----

static size_t size_of_large(const void *block) {
  (void)block;
  return 128;
}

static void expect_readable(made_heap *heap, bool is_of_two, size_t readable) {
  static csizer_walk *volatile walk;
  walk = made_walk(heap, (csizer_walk_options){0});
  csizer_pagememo_init(&walk->memo, size_of_large, true);
  made_crew crew = {0};
  made_crew_begin(&crew, walk, is_of_two);
  made_faults_are_of(crew.crew);
  if (sigsetjmp(csizer_child_after_fault, 1)) csizer_walk_go_on(walk);
  CHECK_EQUAL(csizer_walk_all(walk), CSIZER_OK);
  made_faults_are_of(NULL);
  made_crew_end(&crew);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, readable);
  made_wipe_marks(heap->map);
  made_walk_end(heap, walk);
}

// Objects of many references, so that what a batch has found and a fault leaves is much.
TEST(faults_in_most_batches_cost_what_faults) {
  enum { PLOTS = 2, PLOT = 1 << 18, REFERENCES = 13, SIZE = 128, EACH = 2 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  char *taken = mmap(NULL, (PLOTS + 1) * PLOT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(taken != MAP_FAILED);
  char *region = (char *)(((uintptr_t)taken + PLOT - 1) & ~(uintptr_t)(PLOT - 1));
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t readable = 0;
  for (size_t at = 0; at < PLOTS * PLOT; at += SIZE) {
    swift_object *object = (swift_object *)(void *)(region + at);
    object->metadata = (const void *)made_node_class(REFERENCES);
    object->references = 3;
    for (size_t i = 0; i < REFERENCES; i++)
      made_set(object, 16 + 8 * i, region + at / PLOT * PLOT + at * (i + 3) * 64 % PLOT);
    CHECK(csizer_heapmap_insert(heap.map, object));
    readable += at / page % 3 != 2;
  }
  csizer_object_layout *layout =
      (csizer_object_layout *)(uintptr_t)csizer_layouts_object(heap.layouts, (const void *)made_node_class(REFERENCES));
  layout->usable = SIZE;
  made_faults before;
  made_faults_begin(&before);
  for (size_t at = 0; at < PLOTS * PLOT; at += page)
    if (at / page % 3 == 2) mprotect(region + at, page, PROT_NONE);
  for (int two = 0; two < EACH; two++) expect_readable(&heap, two, readable);
  made_faults_end(&before);
  for (size_t at = 0; at < PLOTS * PLOT; at += SIZE) CHECK(csizer_heapmap_remove(heap.map, region + at));
  munmap(taken, (PLOTS + 1) * PLOT);
  made_heap_deinit(&heap);
}

// ---- An array that can't be read beside one that can ----

static const char *both;
enum { OF_EACH = 1 << 16 };

static size_t size_of_each(const void *block) {
  return (uintptr_t)block - (uintptr_t)both < 2 * OF_EACH ? (size_t)OF_EACH : size_anywhere(block);
}

static void *make_array_at(made_heap *heap, char *start, size_t count) {
  ((swift_object *)(void *)start)->metadata = (const void *)made_array_class();
  ((swift_object *)(void *)start)->references = 3;
  made_set_number(start, 16, count);
  made_set_number(start, 24, count * 2);
  CHECK(csizer_heapmap_insert(heap->map, start));
  return start;
}

// Both wait at the same time, that one first, and what the other has is found by it alone.
TEST(an_array_that_can_not_be_read_costs_no_other) {
  enum { COUNT = 2000, OF_IT = 1500 };
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  made_faults before;
  made_faults_begin(&before);
  for (int way = BY_SWEEP; way < WAYS; way++) {
    static csizer_walk *volatile walk;
    made_heap heap;
    made_heap_init(&heap, NULL);
    far_bytes = COUNT * 64;
    char *const taken = take_far_region();
    char *start = mmap(NULL, 2 * OF_EACH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(start != MAP_FAILED);
    both = start;
    make_array_at(&heap, start, OF_IT);
    CHECK_EQUAL(mprotect(start + page, OF_EACH - page, PROT_NONE), 0);
    void *good = make_array_at(&heap, start + OF_EACH, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
      swift_object *object = (swift_object *)(void *)(far_region + 48 * i);
      object->metadata = (const void *)made_node_class(2);
      object->references = 3;
      made_set(good, 32 + 8 * i, object);
    }
    const csizer_walk_options options = {.census_is_complete = false};
    csizer_walk *made;
    CHECK_EQUAL(csizer_walk_create(heap.map, heap.layouts, &options, &made), CSIZER_OK);
    walk = made;
    csizer_pagememo_init(&walk->memo, size_of_each, true);
    walk->keeps_place = true;
    made_crew crew = {0};
    if (way >= CREW_OF_ONE) made_crew_begin(&crew, walk, way == CREW_OF_TWO);
    made_faults_are_of(crew.crew);
    if (sigsetjmp(csizer_child_after_fault, 1)) csizer_walk_go_on(walk);
    CHECK_EQUAL(csizer_walk_all(walk), CSIZER_OK);
    made_faults_are_of(NULL);
    if (way >= CREW_OF_ONE) made_crew_end(&crew);
    CHECK_EQUAL(csizer_walk_totals(walk).objects, COUNT + 2);
    made_wipe_marks(heap.map);
    made_walk_end(&heap, walk);
    for (int i = 0; i < 2; i++) CHECK(csizer_heapmap_remove(heap.map, start + i * OF_EACH));
    munmap(start, 2 * OF_EACH);
    munmap(taken, FAR_TAKEN);
    made_heap_deinit(&heap);
  }
  made_faults_end(&before);
}
