// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_image.h"
#include "graph/image_threads.h"
#include "support/read_image.h"

// What leads into the heap from outside: variables, stacks, other memory.

enum { GLOBAL = 1, STACK = 2, C_MEMORY = 4, STACK_IN_USE = 6 };

static void *in_a_global, *not_in_the_heap = &in_a_global;
static uintptr_t with_a_tag;

static void make_roots(made_heap *heap) {
  for (int i = 0; i < 10; i++) {
    void *node = made_node(heap, 1);
    if (i == 3) in_a_global = node;
    if (i == 7) with_a_tag = (uintptr_t)node | (uintptr_t)0x80 << 56;
  }
}

// How many of the two variables are roots, when so many bytes are left out.
static unsigned roots_without(const void *start, size_t bytes) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_roots(&heap);
  image image;
  csizer_graph *graph = write_image_without(&heap, &image, start, bytes);
  take_names(&image, &names);
  unsigned found = 0;
  while (!is_over(&image, ROOT)) {
    const uint64_t what = take(&image, ROOT);
    const uintptr_t object = csizer_graph_object_at(graph, take(&image, ROOT)).address;
    const uint64_t label = take(&image, ROOT);
    CHECK(label && label <= names.label_count);
    CHECK_EQUAL(take(&image, ROOT), 0);
    // The heap's own list of its blocks is memory that no object has.
    const uint64_t place = what >> 2;
    if (place == STACK || place == STACK_IN_USE || place == C_MEMORY) continue;
    CHECK_EQUAL(what, GLOBAL << 2 | CSIZER_EDGE_UNCERTAIN);
    const uintptr_t address = labelled_address(names.labels[label - 1]);
    CHECK(address != (uintptr_t)&not_in_the_heap);
    found += address == (uintptr_t)&in_a_global && object == (uintptr_t)in_a_global;
    found += address == (uintptr_t)&with_a_tag && object == (with_a_tag & ~((uintptr_t)0x80 << 56));
  }
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
  return found;
}

TEST(global_variables_are_roots) { CHECK_EQUAL(roots_without(NULL, 0), 2); }

TEST(what_is_left_out_is_no_root) { CHECK_EQUAL(roots_without(&in_a_global, sizeof in_a_global), 1); }

// ---- Threads ----

typedef struct sleeper {
  made_heap *heap;
  sem_t has_made, may_end;
  uintptr_t object;  // all its bits turned, so that it is in no other place
} sleeper;

// Until the kernel says that the thread of this name sleeps.
static void wait_until_asleep(const char *name) {
  for (;;) {
    image_thread threads[16];
    const uint32_t count = csizer_image_threads_read(threads, 16, 0);
    for (uint32_t i = 0; i < count; i++)
      if (!strcmp(threads[i].name, name) && threads[i].is_asleep && threads[i].sleeps) return;
    sched_yield();
  }
}

static void *sleep_with_an_object(void *context) {
  sleeper *sleeper = context;
  pthread_setname_np(pthread_self(), "sleeper");
  void *volatile object = made_node(sleeper->heap, 1);
  sleeper->object = ~(uintptr_t)object;
  sem_post(&sleeper->has_made);
  sem_wait(&sleeper->may_end);
  CHECK(object != NULL);
  return NULL;
}

static bool find_thread(image *image, const char *name) {
  bool is_found = false;
  while (!is_over(image, THREAD)) {
    char text[NAME];
    CHECK(take(image, THREAD) > 0);
    const uint64_t state = take(image, THREAD), time = take(image, THREAD), sleeps = take(image, THREAD);
    take_text(image, THREAD, text, NAME);
    if (strcmp(text, name)) continue;
    CHECK_EQUAL(state, 2);
    CHECK(time > 0 && sleeps > 0);
    is_found = true;
  }
  return is_found;
}

// How many references from a stack to an object the image has under a thread's name.
static unsigned roots_of_thread(image *image, const csizer_graph *graph, const names *names, const char *thread,
                                unsigned stack, uintptr_t address) {
  unsigned found = 0;
  image->at[ROOT] = 0;
  while (!is_over(image, ROOT)) {
    const uint64_t what = take(image, ROOT) >> 2;
    const uintptr_t object = csizer_graph_object_at(graph, take(image, ROOT)).address;
    const uint64_t label = take(image, ROOT);
    take(image, ROOT);
    found += what == stack && object == address && label && !strcmp(names->labels[label - 1], thread);
  }
  return found;
}

TEST(stacks_of_threads_that_sleep_are_roots) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  sleeper sleeper = {.heap = &heap};
  pthread_t thread;
  CHECK(!sem_init(&sleeper.has_made, 0, 0) && !sem_init(&sleeper.may_end, 0, 0));
  CHECK(!pthread_create(&thread, NULL, sleep_with_an_object, &sleeper));
  CHECK(!sem_wait(&sleeper.has_made));
  wait_until_asleep("sleeper");
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK(roots_of_thread(&image, graph, &names, "sleeper", STACK_IN_USE, ~sleeper.object) > 0);
  CHECK(find_thread(&image, "sleeper"));
  sem_post(&sleeper.may_end);
  pthread_join(thread, NULL);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Threads that run ----

static _Atomic bool may_stop;

static void *run_with_an_object(void *context) {
  sleeper *sleeper = context;
  pthread_setname_np(pthread_self(), "runner");
  void *volatile object = made_node(sleeper->heap, 1);
  sleeper->object = ~(uintptr_t)object;
  sem_post(&sleeper->has_made);
  while (!may_stop) {}
  CHECK(object != NULL);
  return NULL;
}

TEST(stacks_of_threads_that_run_are_roots) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  sleeper runner = {.heap = &heap};
  pthread_t thread;
  CHECK(!sem_init(&runner.has_made, 0, 0));
  CHECK(!pthread_create(&thread, NULL, run_with_an_object, &runner));
  CHECK(!sem_wait(&runner.has_made));
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK(roots_of_thread(&image, graph, &names, "runner", STACK, ~runner.object) > 0);
  may_stop = true;
  pthread_join(thread, NULL);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

static _Thread_local void *of_this_thread;

// Its stack, and its own variables, which are elsewhere.
TEST(what_the_calling_thread_keeps_is_a_root) {
  static names names;
  static char name[16];
  pthread_getname_np(pthread_self(), name, sizeof name);
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 8; i++) made_node(&heap, 1);  // nobody can say what is left of old calls
  of_this_thread = made_node(&heap, 1);
  const uintptr_t own = ~(uintptr_t)of_this_thread;
  void *volatile on_stack = made_node(&heap, 1);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK(roots_of_thread(&image, graph, &names, name, STACK_IN_USE, (uintptr_t)on_stack) > 0);
  CHECK(roots_of_thread(&image, graph, &names, name, STACK_IN_USE, ~own) > 0);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Memory of nobody the graph knows ----

static const char *foreign_holder(image *image, const csizer_graph *graph, const names *names, uintptr_t address,
                                  uintptr_t at) {
  static char wanted[32];
  snprintf(wanted, sizeof wanted, "0x%" PRIxPTR " in", at);
  image->at[ROOT] = 0;
  while (!is_over(image, ROOT)) {
    const uint64_t what = take(image, ROOT);
    const uintptr_t object = csizer_graph_object_at(graph, take(image, ROOT)).address;
    const uint64_t label = take(image, ROOT);
    CHECK_EQUAL(take(image, ROOT), 0);
    const bool is_it = what == (C_MEMORY << 2 | CSIZER_EDGE_UNCERTAIN) && object == address;
    if (!is_it) continue;
    CHECK(label && label <= names->label_count);
    if (!strncmp(names->labels[label - 1], wanted, strlen(wanted))) return names->labels[label - 1];
  }
  return NULL;
}

typedef struct foreign {
  made_heap *heap;
  image image;
  csizer_graph *graph;
  names *names;
} foreign;

static const char *holder(foreign *foreign, const void *object, void *block, size_t word) {
  return foreign_holder(&foreign->image, foreign->graph, foreign->names, (uintptr_t)object,
                        (uintptr_t)block + 8 * word);
}

static void check_block(const char *text, void *block, size_t word) {
  char wanted[96];
  snprintf(wanted, sizeof wanted, "0x%" PRIxPTR " in a block of %zu bytes", (uintptr_t)block + 8 * word,
           made_bytes(block));
  CHECK(text != NULL);
  CHECK_TEXT(text, wanted);
}

TEST(memory_that_no_object_has_may_hold_objects) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  if (!csizer_allocator_has_uniform_pages()) return made_heap_deinit(&heap);
  enum { SIZES = 7, OBJECTS = SIZES + 3 };
  static const size_t sizes[SIZES] = {16, 48, 96, 320, 4096, 14336, 100000};
  void *objects[OBJECTS], *blocks[OBJECTS];
  for (int i = 0; i < OBJECTS; i++) {
    objects[i] = made_node(&heap, 1);
    ((swift_object *)objects[i])->references = 3;
    blocks[i] = made_block(&heap, i < SIZES ? sizes[i] : 96);
    made_set(blocks[i], 8 * (made_bytes(blocks[i]) / 8 - 1), objects[i]);
  }
  // One that another object holds is explained; one lies in what is left of an object; one is not counted.
  made_link(made_node(&heap, 1), 0, objects[SIZES]);
  made_set(blocks[SIZES + 1], 0, made_node_class(1));
  made_set_number(blocks[SIZES + 1], 8, 0x100000003);
  ((swift_object *)objects[SIZES + 2])->references = 0xFFFFFFFF;  // for ever
  foreign foreign = {.heap = &heap, .names = &names};
  foreign.graph = write_image(&heap, &foreign.image);
  take_names(&foreign.image, &names);
  for (int i = 0; i < SIZES; i++) {
    const size_t last = made_bytes(blocks[i]) / 8 - 1;
    check_block(holder(&foreign, objects[i], blocks[i], last), blocks[i], last);
  }
  for (int i = SIZES; i < OBJECTS; i++)
    CHECK(holder(&foreign, objects[i], blocks[i], made_bytes(blocks[i]) / 8 - 1) == NULL);
  free_image(&foreign.image);
  csizer_graph_destroy(foreign.graph);
  made_heap_deinit(&heap);
}

// ---- What an allocator keeps for a thread ----

// A thread's own variables point to parts of the block in which jemalloc keeps stacks of what it has freed. They may be
// far from the control block, where libraries have many.
enum { PARTS = 8, LARGE = 1 << 20, CACHES = 4, BLOCKS = CACHES + 1 };
static _Thread_local struct {
  char *volatile first[PARTS];
  char *volatile between[8 << 10];
  char *volatile last[PARTS];
} variables;

static void point_into(char *volatile *parts, char *block, int count) {
  for (int i = 0; i < count; i++) parts[i] = block + 64 * (i + 1);
}

/// A thread with two caches.
typedef struct cacher {
  char **blocks;
  sem_t has_cached, may_end;
} cacher;

static void *cache_in_thread(void *context) {
  cacher *cacher = context;
  point_into(variables.first, cacher->blocks[0], PARTS);
  point_into(variables.last, cacher->blocks[1], PARTS);
  sem_post(&cacher->has_cached);
  sem_wait(&cacher->may_end);
  return NULL;
}

static void expect_one_holder(made_heap *heap, void *const objects[BLOCKS], char *const blocks[BLOCKS]) {
  static names names;
  foreign foreign = {.heap = heap, .names = &names};
  foreign.graph = write_image(heap, &foreign.image);
  take_names(&foreign.image, &names);
  const size_t last = made_bytes(blocks[CACHES]) / 8 - 1;
  for (int i = 0; i < CACHES; i++) CHECK(holder(&foreign, objects[i], blocks[i], last) == NULL);
  check_block(holder(&foreign, objects[CACHES], blocks[CACHES], last), blocks[CACHES], last);
  free_image(&foreign.image);
  csizer_graph_destroy(foreign.graph);
}

TEST(stacks_of_freed_blocks_are_no_roots) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  if (!csizer_allocator_has_uniform_pages()) return made_heap_deinit(&heap);
  void *objects[BLOCKS];
  char *blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    objects[i] = made_node(&heap, 1);
    ((swift_object *)objects[i])->references = 3;
    blocks[i] = made_block(&heap, LARGE);
    // The allocator is asked in a GiB where some object ever was.
    CHECK(csizer_heapmap_insert(heap.map, blocks[i]) && csizer_heapmap_remove(heap.map, blocks[i]));
    made_set(blocks[i], 8 * (made_bytes(blocks[i]) / 8 - 1), objects[i]);
  }
  cacher cacher = {.blocks = blocks + 2};
  pthread_t thread;
  CHECK(!sem_init(&cacher.has_cached, 0, 0) && !sem_init(&cacher.may_end, 0, 0));
  CHECK(!pthread_create(&thread, NULL, cache_in_thread, &cacher));
  CHECK(!sem_wait(&cacher.has_cached));
  point_into(variables.first, blocks[0], PARTS);
  point_into(variables.last, blocks[1], PARTS);
  point_into(variables.between + (4 << 10), blocks[CACHES], PARTS - 1);  // too few for a cache
  expect_one_holder(&heap, objects, blocks);
  sem_post(&cacher.may_end);
  pthread_join(thread, NULL);
  made_heap_deinit(&heap);
}
