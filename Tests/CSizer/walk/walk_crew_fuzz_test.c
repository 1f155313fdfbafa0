// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/frozen_child.h"
#include "support/check.h"
#include "support/made_heap.h"
#include "walk/walk_crew.h"

// Random heaps in memory of the test's own, walked by a walk alone, by a crew of one and by one of two, whose workers
// are held up at random places and stopped by signals at others. What there is to be found the test knows for itself.
//
// CSIZER_FUZZ_SECONDS lets each test go on for so long; CSIZER_FUZZ_SEED begins elsewhere.

enum { REGIONS = 24, MOST_PAGES = 48, MOST_OBJECTS = 40000, MOST_REFERENCES = 8, ROOTS = 6, KINDS = 64 };

// ---- A heap ----

typedef struct object {
  char *start;
  size_t bytes;
  bool is_array;
  size_t count;  // of references
  unsigned group;  // with holes: nobody refers to another group's; only those of odd groups are in holes
} object;

typedef struct region {
  char *start;
  size_t pages;
} region;

static struct {
  uint64_t random;
  made_heap heap;
  region regions[REGIONS];
  size_t region_count;
  object objects[MOST_OBJECTS];
  size_t count;
  uint32_t sweep_at;
  bool sweeps_always;
  bool is_plain;  // nothing but objects that workers do by themselves, none of which is in two pages
} world;

static bool holes[REGIONS][MOST_PAGES];

static uint64_t below(uint64_t end) { return check_random(&world.random) % end; }

// Blocks of one size side by side in each page, as jemalloc has it: the sizes are kept apart from the blocks.
static size_t page_sizes[REGIONS][MOST_PAGES];

static size_t usable_size(const void *block) {
  for (size_t i = 0; i < world.region_count; i++) {
    const size_t offset = (size_t)((const char *)block - world.regions[i].start);
    if (offset < world.regions[i].pages * 4096) return page_sizes[i][offset / 4096];
  }
  CHECK(!"a block outside of the heap was asked for");
  return 0;
}

static const swift_class *array_class(void) {
  static const swift_class *class;
  const void *arguments[] = {made_node_class(1)};
  if (!class)
    class = made_class((made_class_spec){
        .name = "Swift._ContiguousArrayStorage", .size = 32, .argument_count = 1, .arguments = arguments});
  return class;
}

static size_t node_bytes(size_t references) { return (16 + 8 * references + 8 + 15) / 16 * 16; }

// Where a reference stands.
static uintptr_t *reference(const object *object, size_t index) {
  return (uintptr_t *)(void *)(object->start + (object->is_array ? 32 : 16) + 8 * index);
}

static void make_object(char *start, size_t bytes, bool is_array) {
  object *made = &world.objects[world.count];
  if (world.count == MOST_OBJECTS) return;
  swift_object *header = (swift_object *)(void *)start;
  // Some are larger than their kind: no worker does these.
  const size_t fits = (bytes - 24) / 8 < MOST_REFERENCES ? (bytes - 24) / 8 : MOST_REFERENCES;
  size_t references = below(40) || world.is_plain ? fits : below(fits + 1);
  if (is_array) references = below((bytes - 32) / 8 + 1);
  *made = (object){.start = start, .bytes = bytes, .is_array = is_array, .count = references};
  header->metadata = (const void *)(is_array ? array_class() : made_node_class((unsigned)references));
  header->references = 3;
  if (is_array) {
    made_set_number(start, 16, references);
    made_set_number(start, 24, references * 2);
  }
  CHECK(csizer_heapmap_insert(world.heap.map, start));
  world.count++;
}

static void fill_region(size_t index) {
  const region *region = &world.regions[index];
  for (size_t page = 0; page < region->pages;) {
    const size_t left = region->pages - page;
    const bool is_array = !world.is_plain && !below(6);
    size_t pages = below(3) + 1, bytes = node_bytes(below(MOST_REFERENCES) + 1);
    if (is_array) bytes = (size_t)48 << below(7);
    if (is_array && !below(8)) bytes = (pages = below(20) + 1) * 4096;
    if (world.is_plain) pages = 1, bytes = node_bytes(2);
    if (pages > left) pages = left;
    if (bytes > pages * 4096) bytes = pages * 4096;
    for (size_t i = 0; i < pages; i++) page_sizes[index][page + i] = bytes;
    const uint64_t gaps = below(3);
    for (size_t at = 0; at + bytes <= pages * 4096; at += bytes)
      if (!gaps || below(gaps * 3)) make_object(region->start + page * 4096 + at, bytes, is_array);
    page += pages;
  }
}

// What is no object's address, or none that the census could know.
static uintptr_t rubbish(void) {
  const uintptr_t kinds[] = {0,
                             below(4096),
                             (uintptr_t)world.objects[below(world.count)].start + 1 + below(15),
                             // Workers leave who leads there aside.
                             world.is_plain ? 0 : ((uintptr_t)below(64) << 30) + ((uintptr_t)3 << 44),
                             (uintptr_t)below(UINT64_MAX) | (uintptr_t)1 << 63,
                             world.is_plain ? 0 : (uintptr_t)&array_class};
  return kinds[below(sizeof kinds / sizeof *kinds)];
}

static bool is_in_hole(const object *object) {
  bool is_in = false;
  for (size_t i = 0; i < world.region_count; i++) {
    const size_t offset = (size_t)(object->start - world.regions[i].start);
    if (offset >= world.regions[i].pages * 4096) continue;
    for (size_t page = offset / 4096; page <= (offset + object->bytes - 1) / 4096; page++) is_in |= holes[i][page];
  }
  return is_in;
}

static void make_holes(void) {
  const uint64_t rare = (uint64_t)1 << (below(7) + 1);
  for (size_t i = 0; i < world.region_count; i++)
    for (size_t page = 0; page < world.regions[i].pages; page++) holes[i][page] = !below(rare);
  for (size_t i = 0; i < world.count; i++)
    world.objects[i].group = (unsigned)(is_in_hole(&world.objects[i]) ? below(ROOTS / 2) * 2 + 1 : below(ROOTS));
  for (size_t i = 0; world.is_plain && i < world.count; i++) world.objects[i].group = 1;
}

static void protect_holes(int protection) {
  for (size_t i = 0; i < world.region_count; i++)
    for (size_t page = 0; page < world.regions[i].pages; page++)
      if (holes[i][page]) mprotect(world.regions[i].start + page * 4096, 4096, protection);
}

static void link_all(void) {
  const uint64_t dense = below(8) + 1;
  const bool is_near = !below(3);
  for (size_t i = 0; i < world.count; i++)
    for (size_t j = 0; j < world.objects[i].count; j++) {
      size_t other = i;
      for (int tries = 0; tries < 40; tries++) {
        other = is_near ? (i + below(50)) % world.count : below(world.count);
        if (world.objects[i].group == world.objects[other].group) break;
      }
      const bool is_link =
          below(world.objects[i].count) < dense && world.objects[i].group == world.objects[other].group;
      *reference(&world.objects[i], j) = is_link ? (uintptr_t)world.objects[other].start : rubbish();
    }
}

// The classes' blocks are as large as the test's pages say, whatever allocator there is.
static void know_layouts(void) {
  for (unsigned i = 0; i <= MOST_REFERENCES; i++) {
    const void *class = made_node_class(i);
    csizer_object_layout *layout = (csizer_object_layout *)(uintptr_t)csizer_layouts_object(world.heap.layouts, class);
    CHECK(layout != NULL);
    layout->usable = node_bytes(i);
  }
  CHECK(csizer_layouts_object(world.heap.layouts, (const void *)array_class()) != NULL);
}

static void make_world(uint64_t seed, bool has_holes) {
  world.random = seed;
  world.count = world.region_count = 0;
  made_heap_init(&world.heap, NULL);
  const size_t regions = below(below(REGIONS) + 1) + 1, most_pages = below(MOST_PAGES) + 1;
  while (world.region_count < regions) {
    const size_t pages = below(most_pages) + 1;
    // Anywhere in a GiB of its own, or beside another
    char *hint = (char *)(((uintptr_t)0x5B << 38) + ((uintptr_t)below(40) << 30) + below(200000) * 4096);
    char *start = mmap(hint, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(start != MAP_FAILED);
    world.regions[world.region_count] = (region){start, pages};
    fill_region(world.region_count++);
  }
  if (!world.count) {  // too large for their pages
    page_sizes[0][0] = 48;
    make_object(world.regions[0].start, 48, false);
  }
  for (size_t i = 0; i < world.count; i++) world.objects[i].group = 0;
  if (has_holes) make_holes();
  link_all();
  know_layouts();
  world.sweep_at = 64u << below(6);
  world.sweeps_always = below(4) != 0;
}

static void make_plain_world(uint64_t seed) {
  world.is_plain = true;
  make_world(seed, true);
  world.is_plain = false;
  world.sweeps_always = true;
}

static void unmake_world(void) {
  for (size_t i = 0; i < world.count; i++) CHECK(csizer_heapmap_remove(world.heap.map, world.objects[i].start));
  for (size_t i = 0; i < world.region_count; i++) munmap(world.regions[i].start, world.regions[i].pages * 4096);
  made_heap_deinit(&world.heap);
}

// ---- What there is to be found ----

static int compare_starts(const void *one, const void *other) {
  const object *first = one, *second = other;
  return first->start < second->start ? -1 : first->start > second->start;
}

static object *find(uintptr_t address) {
  const object key = {.start = (char *)address};
  return bsearch(&key, world.objects, world.count, sizeof key, compare_starts);
}

typedef struct outcome {
  size_t sizes[ROOTS];  // SIZE_MAX: given up
  csizer_totals totals;
  csizer_kind_totals kinds[KINDS];
} outcome;

// In a plain world with holes: all that can be read, though who leads to a hole has no size.
static void model(const size_t *roots, bool sees_holes, outcome *ret) {
  static bool seen[MOST_OBJECTS];
  static size_t stack[MOST_OBJECTS];
  memset(seen, 0, sizeof seen);
  *ret = (outcome){0};
  for (int i = 0; i < ROOTS; i++) {
    size_t depth = 0, bytes = 0;
    bool is_lost = false;
    if (!seen[roots[i]]) stack[depth++] = roots[i];
    seen[roots[i]] = true;
    while (depth) {
      const object *object = &world.objects[stack[--depth]];
      if (sees_holes && is_in_hole(object)) {
        is_lost = true;
        continue;
      }
      bytes += object->bytes;
      ret->totals.objects++;
      for (size_t j = 0; j < object->count; j++) {
        const struct object *to = find(*reference(object, j));
        if (!to || seen[to - world.objects]) continue;
        seen[to - world.objects] = true;
        stack[depth++] = (size_t)(to - world.objects);
      }
    }
    ret->totals.bytes += bytes;
    ret->sizes[i] = is_lost ? SIZE_MAX : bytes;
  }
}

// ---- Holding up and stopping ----

static void pause_at_random(void) {
  static _Thread_local uint64_t random;
  if (!random) random = (uint64_t)syscall(SYS_gettid) * 77;
  const uint64_t chance = check_random(&random) % 64;
  if (chance < 8) sched_yield();
  const struct timespec moment = {0, (long)(check_random(&random) % (chance ? 5000 : 100000))};
  if (chance < 2) clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}

static void pass_by(int place) {
  (void)place;
  pause_at_random();
}

static void stop(int signal) {
  (void)signal;
  int before = errno;
  static _Thread_local uint64_t random;
  const struct timespec moment = {0, (long)(check_random(&random) % 150000)};
  nanosleep(&moment, NULL);
  errno = before;
}

static struct {
  pthread_t thread, targets[2];
  bool is_over;  // atomic
} stopper;

static void *stop_others(void *ignored) {
  (void)ignored;
  uint64_t random = 99;
  while (!__atomic_load_n(&stopper.is_over, __ATOMIC_ACQUIRE)) {
    const struct timespec moment = {0, (long)(check_random(&random) % 300000)};
    nanosleep(&moment, NULL);
    pthread_kill(stopper.targets[check_random(&random) % 2], SIGUSR1);
  }
  return NULL;
}

static void begin_stopping(pthread_t other) {
  stopper.targets[0] = pthread_self();
  stopper.targets[1] = other;
  stopper.is_over = false;
  CHECK_EQUAL(pthread_create(&stopper.thread, NULL, stop_others, NULL), 0);
}

static void end_stopping(void) {
  __atomic_store_n(&stopper.is_over, true, __ATOMIC_RELEASE);
  CHECK_EQUAL(pthread_join(stopper.thread, NULL), 0);
}

// ---- Walks ----

static walk_crew *crew_of_handler;

static void on_fault(int signal) {
  (void)signal;
  sigjmp_buf *place = crew_of_handler ? csizer_crew_after_fault(crew_of_handler, (int)syscall(SYS_gettid)) : NULL;
  if (!place && crew_of_handler && csizer_crew_is_in_turn(crew_of_handler)) _exit(3);
  siglongjmp(place ? *place : csizer_child_after_fault, 1);
}

static void size_roots(csizer_walk *walk, const size_t *roots, outcome *ret) {
  static volatile int i;
  for (i = 0; i < ROOTS; i++) {
    if (sigsetjmp(csizer_child_after_fault, 1)) {
      csizer_child_abandon(walk);
      ret->sizes[i] = SIZE_MAX;
      continue;
    }
    const size_t before = csizer_walk_totals(walk).bytes;
    if (world.sweeps_always) csizer_walk_begin_sweep(walk);
    CHECK_EQUAL(csizer_walk_object(walk, world.objects[roots[i]].start), CSIZER_OK);
    ret->sizes[i] = csizer_walk_totals(walk).bytes - before;
  }
}

enum { ALONE, CREW_OF_ONE, CREW_OF_TWO };

// What a fault left seen in pages of which nothing was learnt, or aside, is not forgotten: a child ends with its marks.
static void wipe_marks(void) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(world.heap.map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(world.heap.map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      leaf->seen[unit] = 0;
    memset(leaf->touched, 0, sizeof leaf->touched);
    memset(leaf->page_class, 0, sizeof leaf->page_class);
  }
}

static void walk_once(const size_t *roots, int way, outcome *ret) {
  *ret = (outcome){0};
  csizer_walk *walk = made_walk(&world.heap, (csizer_walk_options){0});
  csizer_pagememo_init(&walk->memo, usable_size, true);
  walk->sweep_at = world.sweep_at;
  made_crew crew = {0};
  if (way == CREW_OF_TWO) {
    csizer_crew_is_patient = below(2);
    csizer_crew_passes_by = pass_by;
  }
  if (way) made_crew_begin(&crew, walk, way == CREW_OF_TWO);
  crew_of_handler = crew.crew;
  if (way == CREW_OF_TWO) begin_stopping(crew.other);
  size_roots(walk, roots, ret);
  if (way == CREW_OF_TWO) end_stopping();
  crew_of_handler = NULL;
  if (way) made_crew_end(&crew);
  csizer_crew_passes_by = NULL;
  csizer_crew_is_patient = false;
  ret->totals = csizer_walk_totals(walk);
  CHECK(csizer_layouts_kind_count(world.heap.layouts) <= KINDS);
  for (size_t kind = 0; kind < KINDS; kind++) ret->kinds[kind] = csizer_walk_kind_totals(walk, kind);
  wipe_marks();
  made_walk_end(&world.heap, walk);
}

static void check_same(const outcome *one, const outcome *other) {
  for (int i = 0; i < ROOTS; i++) CHECK_EQUAL(one->sizes[i], other->sizes[i]);
  CHECK(memcmp(&one->totals, &other->totals, sizeof one->totals) == 0);
  CHECK(memcmp(one->kinds, other->kinds, sizeof one->kinds) == 0);
}

static void choose_roots(size_t *roots) {
  for (int i = 0; i < ROOTS; i++) roots[i] = below(world.count);
  qsort(world.objects, world.count, sizeof *world.objects, compare_starts);
}

// ---- Rounds ----

static void begin(void) {
  struct sigaction stopping = {.sa_handler = stop, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &stopping, NULL);
}

static bool goes_on(unsigned round, unsigned least, time_t began) {
  const char *seconds = getenv("CSIZER_FUZZ_SECONDS");
  return round < least || (seconds && time(NULL) - began < atoi(seconds));
}

static uint64_t first_seed(void) {
  const char *seed = getenv("CSIZER_FUZZ_SEED");
  return seed ? strtoull(seed, NULL, 10) : 1;
}

TEST(random_heaps_are_walked_alike) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, alone, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_world(first_seed() * 1000003 + round, false);
    size_t roots[ROOTS];
    choose_roots(roots);
    model(roots, false, &expected);
    walk_once(roots, ALONE, &alone);
    for (int i = 0; i < ROOTS; i++) CHECK_EQUAL(alone.sizes[i], expected.sizes[i]);
    CHECK_EQUAL(alone.totals.objects, expected.totals.objects);
    walk_once(roots, CREW_OF_ONE, &one);
    check_same(&alone, &one);
    walk_once(roots, CREW_OF_TWO, &two);
    check_same(&one, &two);
    unmake_world();
  }
}

static void walk_with_holes(const size_t *roots, outcome *ret_one, outcome *ret_two) {
  struct sigaction faults = {.sa_handler = on_fault, .sa_flags = SA_NODEFER}, before[2];
  sigaction(SIGSEGV, &faults, &before[0]);
  sigaction(SIGBUS, &faults, &before[1]);
  protect_holes(PROT_NONE);
  walk_once(roots, CREW_OF_ONE, ret_one);
  walk_once(roots, CREW_OF_TWO, ret_two);
  protect_holes(PROT_READ | PROT_WRITE);
  sigaction(SIGSEGV, &before[0], NULL);
  sigaction(SIGBUS, &before[1], NULL);
}

// One fault after the other, and good objects in the next page.
TEST(beside_holes_each_object_counts_once_at_most) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_plain_world(first_seed() * 3000017 + round);
    size_t roots[ROOTS];
    choose_roots(roots);
    model(roots, true, &expected);
    walk_with_holes(roots, &one, &two);
    check_same(&one, &two);
    // The first root that leads to a hole takes with it what was found and not scanned.
    for (int i = 0; i < ROOTS; i++) {
      CHECK_EQUAL(one.sizes[i], expected.sizes[i]);
      if (expected.sizes[i] == SIZE_MAX) break;
    }
    CHECK(one.totals.objects <= expected.totals.objects);
    CHECK(one.totals.bytes <= expected.totals.bytes);
    unmake_world();
  }
}

// Pages that can't be read, between others, with many objects in each, in both parts. Groups that have nothing there
// are what they are, to the byte; what becomes of the others does not depend on how many work.
TEST(holes_cost_no_other_group_whoever_works) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_world(first_seed() * 2000003 + round, true);
    size_t roots[ROOTS];
    choose_roots(roots);
    bool has_root[ROOTS] = {false};
    for (size_t i = 0, from = below(world.count); i < world.count; i++) {
      const size_t index = (i + from) % world.count;
      const unsigned group = world.objects[index].group;
      if (!has_root[group] || !below(i + 1)) roots[group] = index;
      has_root[group] = true;
    }
    model(roots, false, &expected);
    walk_with_holes(roots, &one, &two);
    check_same(&one, &two);
    for (int i = 0; i < ROOTS; i += 2)
      if (has_root[i]) CHECK_EQUAL(one.sizes[i], expected.sizes[i]);
    CHECK(one.totals.bytes <= expected.totals.bytes);
    unmake_world();
  }
}
