// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_frozen_image.h"
#include "runtime/target.h"
#include "support/check.h"
#include "support/read_image.h"

// Tasks to which nothing leads, and what an image says of them. This test stands in for the concurrency runtime.

static const char mark;
static const void *const slab_mark = &mark;
static const void *metadata;
static const size_t task_bytes = 208;
static const uint32_t layout = 1;

// Functions that tasks go on in: different ones, which no linker folds into one.
static volatile int result;
#define FUNCTION(name, number) \
  static __attribute__((noinline)) void name(void) { result = number; }
FUNCTION(innermost, 1)
FUNCTION(outer, 2)
FUNCTION(entry, 3)
FUNCTION(runtime_end, 4)
FUNCTION(adapter, 5)
FUNCTION(adapted, 6)
static const void *const adapters[] = {(const void *)adapter};

__attribute__((constructor)) static void give_marks(void) {
  csizer_target_use(&(csizer_target_runtime){.task_slab_mark = &slab_mark,
                                             .task_bytes = &task_bytes,
                                             .task_metadata = &metadata,
                                             .task_layout = &layout,
                                             .task_wait_adapter = &adapters[0]},
                    CSIZER_TARGET_GIVEN);
}

enum { TASK = 512, STATUS = 96, FIRST_SLAB = 120, CONTEXT = 256, OWN_SLAB = 288, HEADER = 32, FRAMES = 992 };
enum { SUSPENDED = 2, ENQUEUED, COMPLETE, CANCELLED };
#define NONE UINT64_MAX

static void begin(made_heap *heap) {
  made_heap_init(heap, NULL);
  metadata = made_kind("Main.Task", SWIFT_TASK, 0);
  // Shows that the memory around is the allocator's, for those, too, that keep each size in a place of its own.
  enum { LINKS = (TASK - 24) / 8 };
  made_node(heap, LINKS);
}

static char *slab_at(char *slab, const char *next, uint32_t capacity, uint32_t used) {
  made_set(slab, 0, &mark);
  made_set(slab, 8, next);
  made_set_number(slab, 16, (uint64_t)used << 32 | capacity);
  return slab;
}

static void set_context(char *context, const void *parent, const void *resume) {
  made_set(context, 0, parent);
  made_set(context, 8, resume);
}

// A task that waits in its first context and has room for frames of 128 bytes.
static void make_task(char *task) {
  made_set(task, 0, metadata);
  made_set_number(task, 8, 3);
  made_set(task, 56, (const void *)innermost);
  made_set(task, 64, task + CONTEXT);
  made_set(task, CONTEXT - 24, (const void *)entry);
  set_context(task + CONTEXT, NULL, (const void *)runtime_end);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, NULL, TASK - OWN_SLAB - HEADER, 128));
}

static char *add_task(made_heap *heap) {
  char *task = made_block(heap, TASK);
  make_task(task);
  return task;
}

/// A record, as an image has it.
typedef struct record {
  uint64_t object, state, slabs, parent;
  char function[NAME], creator[NAME], frames[8][NAME];
  uint64_t frame_count;
} record;

static uint64_t take_object(image *image) {
  const uint64_t object = take(image, TASKS);
  return object ? object - 1 : NONE;
}

static void take_label(image *image, const names *names, char *text) {
  const uint64_t label = take(image, TASKS);
  CHECK(label <= names->label_count);
  strcpy(text, label ? names->labels[label - 1] : "");
}

static record take_record(image *image, const names *names) {
  record record = {.object = take_object(image), .state = take(image, TASKS), .slabs = take(image, TASKS)};
  record.parent = take_object(image);
  take_label(image, names, record.function);
  take_label(image, names, record.creator);
  record.frame_count = take(image, TASKS);
  CHECK(record.frame_count <= 8);
  for (uint64_t i = 0; i < record.frame_count; i++) take_label(image, names, record.frames[i]);
  return record;
}

// The offset of a place in this program is the same for all: two labels differ as their functions do.
static void check_function(const char *text, void (*function)(void), const char *other, void (*other_function)(void)) {
  const char *offset = strstr(text, "+0x"), *from = strstr(other, "+0x");
  CHECK(offset && from && !strncmp(text, other, (size_t)(offset - text)));
  CHECK_EQUAL(strtoull(offset + 3, NULL, 16) - strtoull(from + 3, NULL, 16),
              (uint64_t)(uintptr_t)function - (uint64_t)(uintptr_t)other_function);
}

// The only task of a heap.
static record only_task(made_heap *heap, csizer_graph **ret_graph) {
  static image image;
  static names names;
  csizer_graph *graph = write_image(heap, &image);
  take_names(&image, &names);
  const record record = take_record(&image, &names);
  CHECK(is_over(&image, TASKS));
  free_image(&image);
  if (ret_graph) *ret_graph = graph;
  else csizer_graph_destroy(graph);
  return record;
}

static size_t count_tasks(made_heap *heap) {
  static image image;
  static names names;
  csizer_graph_destroy(write_image(heap, &image));
  take_names(&image, &names);
  size_t count = 0;
  for (; !is_over(&image, TASKS); count++) take_record(&image, &names);
  free_image(&image);
  return count;
}

TEST(a_task_is_found_to_which_nothing_leads) {
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap), *node = made_node(&heap, 0), *slab = made_block(&heap, HEADER + FRAMES);
  made_set(task, OWN_SLAB + 8, slab_at(slab, NULL, FRAMES, 64));
  made_set(slab, HEADER + 8, node);
  csizer_graph *graph;
  const record record = only_task(&heap, &graph);
  const csizer_graph_object object = csizer_graph_object_at(graph, record.object);
  CHECK_EQUAL(object.address, (uintptr_t)task);
  CHECK_EQUAL(object.usable, made_bytes(task));
  CHECK_EQUAL(object.flags, CSIZER_OBJECT_LIVING_TASK | CSIZER_OBJECT_UNRESOLVED);
  CHECK_EQUAL(record.slabs, made_bytes(slab));
  CHECK_EQUAL(record.parent, NONE);
  CHECK_EQUAL(record.state, SUSPENDED);
  CHECK_EQUAL(object.edge_count, 1);
  const csizer_graph_edge edge = csizer_graph_edge_at(graph, object.first_edge);
  CHECK_EQUAL(edge.kind, CSIZER_EDGE_UNCERTAIN);
  CHECK_EQUAL(csizer_graph_object_at(graph, edge.target).address, (uintptr_t)node);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(many_tasks_are_found_wherever_they_lie) {
  enum { COUNT = 3000 };
  made_heap heap;
  begin(&heap);
  static char *tasks[COUNT];
  for (int i = 0; i < COUNT; i++) {
    tasks[i] = add_task(&heap);
    made_node(&heap, 0);
    made_block(&heap, 16 << i % 10);
  }
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_capture(heap.map, heap.layouts, &graph), CSIZER_OK);
  CHECK_EQUAL(csizer_graph_object_count(graph), 2 * COUNT + 1);
  for (int i = 0; i < COUNT; i++) CHECK(csizer_graph_find(graph, (uintptr_t)tasks[i]) != CSIZER_NO_OBJECT);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// What a frozen image says: whether a task is at an address, and whether a word there holds something.
static void look_at(made_heap *heap, const void *block, size_t word, bool *ret_has_task, bool *ret_is_root) {
  static image image;
  static names names;
  csizer_frozen_image file;
  const csizer_image_facts facts = {.process = 0};
  const uint64_t patience = 60 * (uint64_t)1000000000;
  CHECK_EQUAL(csizer_frozen_image_take(heap->map, heap->layouts, &facts, patience, &file), CSIZER_OK);
  CHECK_EQUAL(file.unreadable, 0);
  read_image_file(file.file, file.bytes, &image);
  take_names(&image, &names);
  uint64_t address = 0, object = 0, wanted = NONE;
  for (; !is_over(&image, ADDRESS); object++)
    if ((address += 8 * take(&image, ADDRESS)) == (uintptr_t)block) wanted = object;
  *ret_has_task = *ret_is_root = false;
  while (!is_over(&image, TASKS)) *ret_has_task |= take_record(&image, &names).object == wanted;
  char place[64];
  snprintf(place, sizeof place, "0x%llx in ", (unsigned long long)((uintptr_t)block + word));
  while (!is_over(&image, ROOT)) {
    take(&image, ROOT), take(&image, ROOT);
    const uint64_t label = take(&image, ROOT);
    take(&image, ROOT);
    *ret_is_root |= label && !strncmp(names.labels[label - 1], place, strlen(place));
  }
  free_image(&image);
}

// A block where no object ever was within the allocator's reach. Not of a GiB, of which each page costs an emulated
// kernel a fault: what had to be made to come so far is freed.
static char *lonely_block(const made_heap *heap, size_t bytes) {
  enum { MOST = 256 };
  static char *blocks[MOST];
  const unsigned reach = csizer_allocator_geometry_read().reach_shift;
  size_t count = 0;
  char *found = NULL;
  while (!found) {
    CHECK(count < MOST);
    char *block = blocks[count++] = malloc(bytes);
    CHECK(block != NULL);
    const uintptr_t address = (uintptr_t)block;
    const heapmap_leaf *leaf = heapmap_leaf_of(heap->map, address);
    const bool is_in_one = address >> reach == (address + bytes - 1) >> reach;
    if (is_in_one && (!leaf || !heapmap_has_objects(leaf, address, reach))) found = block;
  }
  while (--count) free(blocks[count - 1]);
  return found;
}

// A program that has much memory of C's: there is a task, and there is who holds an object.
TEST(memory_without_objects_is_searched) {
  made_heap heap;
  begin(&heap);
  if (!csizer_allocator_has_uniform_pages()) return made_heap_deinit(&heap);
  const size_t bytes = 16 << 20, last = bytes - 8;
  char *task = add_task(&heap), *node = made_node(&heap, 0), *block = lonely_block(&heap, bytes);
  const unsigned reach = csizer_allocator_geometry_read().reach_shift;
  CHECK((uintptr_t)block >> reach != (uintptr_t)task >> reach);
  memset(block, 0, TASK);
  make_task(block);
  ((swift_object *)(void *)node)->references = 3;
  made_set(block, last, node);
  bool has_task, is_root;
  look_at(&heap, block, last, &has_task, &is_root);
  CHECK(has_task);
  // The same memory when it is no task's.
  memset(block, 0, TASK);
  look_at(&heap, block, last, &has_task, &is_root);
  CHECK(!has_task && is_root);
  look_at(&heap, task, 0, &has_task, &is_root);
  CHECK(has_task);
  free(block);
  made_heap_deinit(&heap);
}

TEST(what_is_no_living_task_is_not_found) {
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap);
  CHECK_EQUAL(count_tasks(&heap), 1);
  made_set_number(task, 8, SWIFT_DEINITING | 3);  // freed
  CHECK_EQUAL(count_tasks(&heap), 0);
  made_set_number(task, 8, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);  // an old async let
  CHECK_EQUAL(count_tasks(&heap), 0);
  made_set_number(task, 8, 3);
  made_set(task, 56, (const void *)(uintptr_t)&result);  // goes on in no function
  CHECK_EQUAL(count_tasks(&heap), 0);
  made_set(task, 56, (const void *)innermost);
  made_set(task, 32, (const void *)3);  // another kind of job
  CHECK_EQUAL(count_tasks(&heap), 0);
  made_set(task, 32, NULL);
  made_set(task, 0, made_node_class(0));
  CHECK_EQUAL(count_tasks(&heap), 0);
  // A copy in the middle of a block is none.
  char *block = made_block(&heap, 8 * 1024);
  made_set(task, 0, metadata);
  memcpy(block + 16, task, task_bytes);
  CHECK_EQUAL(count_tasks(&heap), 1);
  made_heap_deinit(&heap);
}

TEST(frames_are_the_functions_of_the_contexts) {
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap), *inner = task + OWN_SLAB + HEADER;
  made_set(task, 56, (const void *)adapter);  // waits for another task
  made_set(task, 64, inner);
  set_context(inner, inner + 32, (const void *)innermost);
  set_context(inner + 32, task + CONTEXT, (const void *)outer);
  record record = only_task(&heap, NULL);
  CHECK_EQUAL(record.frame_count, 2);
  CHECK_TEXT(record.function, record.frames[0]);
  check_function(record.frames[0], innermost, record.creator, entry);
  check_function(record.frames[1], outer, record.creator, entry);
  // The thunk that calls the closure proper is not who made it.
  static const char *const captures[] = {"Swift.Int"};
  char *closure = made_object(&heap, made_context(1, captures, 0, NULL), 32);
  char *room = made_room(sizeof(swift_async_function));
  made_set(closure, 16, room);
  made_set(task, CONTEXT - 16, closure);
  const int64_t distance = (const char *)(const void *)adapted - room;
  CHECK_EQUAL(distance, (int32_t)distance);
  memcpy(room, &(swift_async_function){.function = (int32_t)distance}, sizeof(swift_async_function));
  char before[NAME];
  strcpy(before, record.creator);
  record = only_task(&heap, NULL);
  check_function(record.creator, adapted, before, entry);
  made_heap_deinit(&heap);
}

TEST(deep_tasks_have_all_their_frames) {
  enum { CONTEXTS = 1500, MOST = 1024 };
  for (int count = 100; count <= CONTEXTS; count += CONTEXTS - 100) {
    static image image;
    static names names;
    made_heap heap;
    begin(&heap);
    char *task = add_task(&heap), *contexts = made_block(&heap, CONTEXTS * 16);
    made_set(task, 64, contexts);
    for (int i = 0; i < count; i++)
      set_context(contexts + i * 16, i + 1 < count ? contexts + (i + 1) * 16 : task + CONTEXT,
                  i % 2 ? (const void *)innermost : (const void *)outer);
    csizer_graph *graph = write_image(&heap, &image);
    take_names(&image, &names);
    for (int i = 0; i < 6; i++) take(&image, TASKS);
    const uint64_t frames = take(&image, TASKS), expected = count < MOST ? (uint64_t)count + 1 : MOST;
    CHECK_EQUAL(frames, expected);
    uint64_t labels[2];
    for (uint64_t i = 0; i < frames; i++) {
      const uint64_t label = take(&image, TASKS);
      if (i < 2) labels[i] = label;
      CHECK_EQUAL(label, labels[i % 2]);
    }
    CHECK(labels[0] != labels[1] && is_over(&image, TASKS));
    free_image(&image);
    csizer_graph_destroy(graph);
    made_heap_deinit(&heap);
  }
}

TEST(a_state_is_told) {
  static const struct {
    uint64_t status, state;
  } cases[] = {{0, SUSPENDED},       {0x100, CANCELLED},  {0x1000, ENQUEUED}, {0x1100, ENQUEUED},
               {0x800, 1},           {0x900, 1},          {0x2000, COMPLETE}, {0x2100, COMPLETE}};
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    made_set_number(task, STATUS, cases[i].status);
    csizer_graph *graph;
    const record record = only_task(&heap, &graph);
    CHECK_EQUAL(record.state, cases[i].state);
    const bool lives = csizer_graph_object_at(graph, record.object).flags & CSIZER_OBJECT_LIVING_TASK;
    CHECK_EQUAL(lives, cases[i].state != COMPLETE);
    // The words of one that runs are where it went on last.
    CHECK_EQUAL(record.frame_count, cases[i].state == COMPLETE || cases[i].state == 1 ? 0 : 1);
    csizer_graph_destroy(graph);
  }
  made_heap_deinit(&heap);
}

TEST(children_name_their_parents) {
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap), *child = add_task(&heap), *let = task + OWN_SLAB + HEADER;
  made_set_number(child, 32, SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_GROUP_CHILD);
  made_set(child, task_bytes, task);
  // An async let lies in the frames of its parent; one that has ended may still lie there.
  char *slab = made_block(&heap, HEADER + FRAMES);
  made_set(task, OWN_SLAB + 8, slab_at(slab, NULL, FRAMES, 768));
  for (int i = 0; i < 2; i++) {
    let = slab + HEADER + i * 256;
    made_set(let, 0, metadata);
    made_set_number(let, 8, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
    made_set_number(let, 32, SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_ASYNC_LET);
    made_set(let, 56, (const void *)outer);
    made_set(let, task_bytes, task);
    if (i) made_set_number(let, STATUS, 0x2000);
  }
  static image image;
  static names names;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  const size_t parent = csizer_graph_find(graph, (uintptr_t)task);
  int seen[3] = {0};
  while (!is_over(&image, TASKS)) {
    const record record = take_record(&image, &names);
    if (record.object == parent) CHECK_EQUAL(record.parent, NONE);
    else CHECK_EQUAL(record.parent, parent);
    seen[record.object == parent ? 0 : record.object == NONE ? 1 : 2]++;
    if (record.object == NONE) check_function(record.function, outer, names.labels[names.label_count - 1], outer);
  }
  CHECK(seen[0] == 1 && seen[1] == 1 && seen[2] == 1);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// Whatever a task's words are, an image is written.
TEST(torn_tasks_do_no_harm) {
  enum { ROUNDS = 100 };
  made_heap heap;
  begin(&heap);
  char *task = add_task(&heap), *other = add_task(&heap), *slab = made_block(&heap, HEADER + FRAMES);
  slab_at(slab, slab, FRAMES, FRAMES);
  const void *const words[] = {
      task,      task + CONTEXT,          task + OWN_SLAB, other,    slab,
      slab + 32, (const void *)innermost, &mark,           metadata, (void *)(uintptr_t)8,
      (void *)~(uintptr_t)15,             (void *)(uintptr_t)0x7FFFFFFFFFF0,
  };
  uint64_t seed = 7;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < 6; i++) {
      const size_t offset = 32 + 8 * (check_random(&seed) % ((TASK - 32) / 8));
      if (offset != 56) made_set(task, offset, words[check_random(&seed) % (sizeof words / sizeof *words)]);
    }
    made_set_number(task, 32, check_random(&seed) % 32 << 24);
    made_set(task, 64, words[check_random(&seed) % (sizeof words / sizeof *words)]);
    CHECK(count_tasks(&heap) >= 1);
  }
  made_heap_deinit(&heap);
}
