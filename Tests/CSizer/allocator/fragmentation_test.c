// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_fragmentation.h"

#include <dlfcn.h>
#include <malloc.h>
#include <string.h>

#include "allocator/slab_set.h"
#include "csizer_allocator.h"
#include "platform/pages.h"
#include "support/check.h"

// Slabs that are known beforehand: all of an arena of its own, whose account jemalloc keeps by itself.

enum { PAGE = 4096 };  // an allocator's, here of no one that runs

static bool has_jemalloc(void) { return strncmp(csizer_allocator_name(), "jemalloc ", 9) == 0; }

TEST(the_start_of_a_slab_follows_from_its_places) {
  // Sizes of jemalloc's small classes, and the least number of pages that each fills without a rest (jemalloc(3),
  // arenas.bin).
  static const size_t places[] = {16,  48,   80,   96,   112,  160,  192,  224,  320,  448,
                                  640, 1280, 1792, 2560, 3584, 5120, 6144, 7168, 12288};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    size_t bytes = PAGE;
    while (bytes % places[i]) bytes += PAGE;
    for (uintptr_t start = 0x10000000; start < 0x10000000 + 20 * PAGE; start += PAGE)
      for (uintptr_t block = start; block < start + bytes; block += places[i])
        CHECK_EQUAL(csizer_slab_start(block, bytes, places[i], PAGE), start);
  }
}

TEST(a_start_that_does_not_follow_is_not_guessed) {
  CHECK_EQUAL(csizer_slab_start(0x10002000, 2 * PAGE, 64, PAGE), 0);   // twice the least
  CHECK_EQUAL(csizer_slab_start(0x10000008, PAGE, 64, PAGE), 0);       // no place starts here
  CHECK_EQUAL(csizer_slab_start(0x10000000, PAGE, 48, PAGE), 0);       // a rest
  CHECK_EQUAL(csizer_slab_start(0x10000000, 100, 10, PAGE), 0);
  CHECK_EQUAL(csizer_slab_start(0x10000000, PAGE, 0, PAGE), 0);
  CHECK_EQUAL(csizer_slab_start(0x10000000, 0, 16, PAGE), 0);
  CHECK_EQUAL(csizer_slab_start(0x10, PAGE, 16, PAGE), 0);             // would be the null page
}

TEST(pairs_are_new_once) {
  csizer_slab_set set = {0};
  for (int round = 0; round < 2; round++)
    for (uint32_t class = 0; class < 7; class++)
      for (uintptr_t slab = 1; slab < 3000; slab++)
        CHECK_EQUAL(csizer_slab_set_add(&set, slab * PAGE, class), round ? CSIZER_SLAB_KNOWN : CSIZER_SLAB_NEW);
  CHECK_EQUAL(set.count, 7 * 2999);
  csizer_slab_set_deinit(&set);
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_slab_set_add(&set, PAGE, 1), CSIZER_SLAB_NO_MEMORY);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

// jemalloc is asked by a road of the test's own; where it is not linked there is none.
typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

static size_t account(const char *name, unsigned arena, unsigned bin) {
  mallctl_function *call = (mallctl_function *)dlsym(RTLD_DEFAULT, "mallctl");
  CHECK(call != NULL);
  char full[96];
  snprintf(full, sizeof full, name, arena, bin);
  size_t value = 0, size = sizeof value;
  uint64_t epoch = 1;
  CHECK_EQUAL(call("epoch", NULL, NULL, &epoch, sizeof epoch), 0);
  CHECK_EQUAL(call(full, &value, &size, NULL, 0), 0);
  return value;
}

// All that is allocated in a scope of Sizer's comes from an arena that this process uses for nothing else, past thread
// caches.
enum { OBJECTS = 20000, FIRST_BYTES = 48, SECOND_BYTES = 160 };

typedef struct made {
  csizer_heapmap *map;
  uintptr_t objects[OBJECTS + 1];
  uint32_t classes[OBJECTS + 1];
  size_t count;
} made;

static made made_objects;

// Classes 0 and 1 share the slabs of one size; class 2 has its own.
static void make_objects(void) {
  csizer_allocator_scope scope;
  CHECK_EQUAL(csizer_heapmap_create(&made_objects.map), CSIZER_OK);
  csizer_allocator_scope_enter(&scope);
  for (size_t i = 0; i < OBJECTS; i++) {
    uint32_t class = i % 3;
    void *object = malloc(class == 2 ? SECOND_BYTES : FIRST_BYTES);
    made_objects.objects[i] = (uintptr_t)object;
    made_objects.classes[i] = class;
    CHECK(object && csizer_heapmap_insert(made_objects.map, object));
  }
  csizer_allocator_scope_leave(&scope);
  made_objects.count = OBJECTS;
}

static csizer_status read_uses(csizer_slab_use *uses, size_t class_count) {
  return csizer_fragmentation_read(made_objects.map, made_objects.objects, made_objects.classes, made_objects.count,
                                   class_count, uses);
}

// Frees all but one object in `step`; those that stay pin their slabs.
static void thin_out(size_t step) {
  csizer_allocator_scope scope;
  size_t kept = 0;
  csizer_allocator_scope_enter(&scope);
  for (size_t i = 0; i < made_objects.count; i++) {
    if (i % step) free((void *)made_objects.objects[i]);
    else made_objects.objects[kept] = made_objects.objects[i], made_objects.classes[kept++] = made_objects.classes[i];
  }
  csizer_allocator_scope_leave(&scope);
  made_objects.count = kept;
}

static unsigned bin_of(size_t bytes) {
  for (unsigned bin = 0;; bin++)
    if (account("arenas.bin.%u.size", bin, 0) == bytes) return bin;
}

static void check_against_the_account(const csizer_slab_use *uses) {
  unsigned arenas = 0, first = bin_of(FIRST_BYTES), second = bin_of(SECOND_BYTES);
  mallctl_function *call = (mallctl_function *)dlsym(RTLD_DEFAULT, "mallctl");
  size_t size = sizeof arenas;
  CHECK_EQUAL(call("arenas.narenas", &arenas, &size, NULL, 0), 0);
  unsigned arena = arenas - 1;  // Sizer's: the last that was made
  size_t slab_bytes = account("arenas.bin.%u.slab_size", first, 0);
  size_t slabs = account("stats.arenas.%u.bins.%u.curslabs", arena, first);
  CHECK(slabs > 0);
  // Objects take turns, so that each slab has some of both classes.
  for (int class = 0; class < 2; class++) {
    CHECK_EQUAL(uses[class].slabs, slabs);
    CHECK_EQUAL(uses[class].slab_bytes, slabs * slab_bytes);
    CHECK_EQUAL(uses[class].taken_bytes, account("stats.arenas.%u.bins.%u.curregs", arena, first) * FIRST_BYTES);
  }
  CHECK_EQUAL(uses[2].slabs, account("stats.arenas.%u.bins.%u.curslabs", arena, second));
  CHECK_EQUAL(uses[2].slab_bytes, uses[2].slabs * account("arenas.bin.%u.slab_size", second, 0));
  CHECK_EQUAL(uses[2].taken_bytes, account("stats.arenas.%u.bins.%u.curregs", arena, second) * SECOND_BYTES);
}

static void check_counts(const csizer_slab_use *uses) {
  for (uint32_t class = 0; class < 3; class++) {
    size_t count = 0;
    for (size_t i = 0; i < made_objects.count; i++) count += made_objects.classes[i] == class;
    CHECK_EQUAL(uses[class].objects, count);
    CHECK_EQUAL(uses[class].object_bytes, count * (class == 2 ? SECOND_BYTES : FIRST_BYTES));
    CHECK_EQUAL(uses[class].unresolved, 0);
  }
}

TEST(slabs_are_those_of_the_arenas_account) {
  csizer_slab_use uses[3];
  make_objects();
  if (!has_jemalloc()) {
    CHECK_EQUAL(read_uses(uses, 3), CSIZER_UNSUPPORTED);
    return;
  }
  CHECK_EQUAL(read_uses(uses, 3), CSIZER_OK);
  check_counts(uses);
  check_against_the_account(uses);
  CHECK_EQUAL(uses[0].taken_bytes, uses[0].object_bytes + uses[1].object_bytes);
  size_t full = uses[2].slab_bytes;
  thin_out(10);
  CHECK_EQUAL(read_uses(uses, 3), CSIZER_OK);
  check_counts(uses);
  check_against_the_account(uses);
  // A tenth of the objects pins the pages of nearly all.
  CHECK(uses[2].slab_bytes > full / 2 && uses[2].taken_bytes * 5 < uses[2].slab_bytes);
}

TEST(large_blocks_are_slabs_of_one_place) {
  enum { BYTES = 1000000, COUNT = 50 };
  CHECK_EQUAL(csizer_heapmap_create(&made_objects.map), CSIZER_OK);
  size_t usable = 0;
  for (size_t i = 0; i < COUNT; i++) {
    void *block = malloc(BYTES);
    CHECK(block && csizer_heapmap_insert(made_objects.map, block));
    made_objects.objects[i] = (uintptr_t)block;
    made_objects.classes[i] = 0;
    usable += malloc_usable_size(block);
  }
  made_objects.count = COUNT;
  csizer_slab_use use;
  CHECK_EQUAL(read_uses(&use, 1), has_jemalloc() ? CSIZER_OK : CSIZER_UNSUPPORTED);
  if (!has_jemalloc()) return;
  CHECK_EQUAL(use.slabs, COUNT);
  CHECK_EQUAL(use.taken_bytes, use.slab_bytes);
  // jemalloc adds a page to each, to spread their starts over cache lines.
  CHECK(use.slab_bytes >= usable && use.slab_bytes <= usable + COUNT * csizer_allocator_geometry_read().page_bytes);
}

TEST(addresses_that_are_no_blocks_are_unresolved) {
  static const char own[64] __attribute__((aligned(16)));
  void *block = malloc(48);
  CHECK_EQUAL(csizer_heapmap_create(&made_objects.map), CSIZER_OK);
  CHECK(csizer_heapmap_insert(made_objects.map, block));
  const uintptr_t objects[] = {(uintptr_t)block,  0, 16, (uintptr_t)own, (uintptr_t)block + 8, UINTPTR_MAX,
                               (uintptr_t)1 << 46};
  const uint32_t classes[] = {0, 1, 1, 1, 1, 1, 1};
  csizer_slab_use uses[2];
  csizer_status status = csizer_fragmentation_read(made_objects.map, objects, classes, 7, 2, uses);
  CHECK_EQUAL(status, has_jemalloc() ? CSIZER_OK : CSIZER_UNSUPPORTED);
  if (!has_jemalloc()) return;
  CHECK_EQUAL(uses[0].objects, 1);
  CHECK_EQUAL(uses[1].objects, 0);
  CHECK_EQUAL(uses[1].unresolved, 6);
  CHECK_EQUAL(uses[1].slab_bytes, 0);
  CHECK_EQUAL(csizer_fragmentation_read(made_objects.map, objects, classes, 7, 1, uses), CSIZER_INVALID);
  CHECK_EQUAL(csizer_fragmentation_read(made_objects.map, objects, classes, 0, 0, uses), CSIZER_OK);
}

TEST(refused_memory_is_told_and_leaves_nothing) {
  csizer_slab_use uses[3];
  make_objects();
  if (!has_jemalloc()) {
    CHECK_EQUAL(read_uses(uses, 3), CSIZER_UNSUPPORTED);
    return;
  }
  size_t held = csizer_pages_held();
  for (size_t n = 1;; n++) {
    csizer_pages_fail_at = n;
    csizer_status status = read_uses(uses, 3);
    bool refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK_EQUAL(csizer_pages_held(), held);
    if (!refused) {
      CHECK(n > 2);
      return;
    }
  }
}
