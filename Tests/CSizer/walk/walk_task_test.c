// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_owning.h"
#include "runtime/target.h"
#include "support/check.h"
#include "support/made_heap.h"

// Tasks: their words are unknown, their slabs are told by the runtime's mark, which this test stands in for.

static const char mark;
static const void *const slab_mark = &mark;
static const size_t task_bytes = 208;
static const void *metadata;  // of the tasks of a test that says so
static const uint32_t layout = 1;

__attribute__((constructor)) static void give_marks(void) {
  csizer_target_use(&(csizer_target_runtime){.task_slab_mark = &slab_mark,
                                             .task_bytes = &task_bytes,
                                             .task_metadata = &metadata,
                                             .task_layout = &layout},
                    CSIZER_TARGET_GIVEN);
}

enum { TASK = 512, PARENT = 208, FIRST_SLAB = 120, OWN_SLAB = 256, HEADER = 32, FRAMES = 992 };

static void *make_task(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(0);
  return made_object(heap, made_kind("Main.Task", SWIFT_TASK, 0), TASK);
}

// As the runtime makes it: the census does not know it.
static void *make_unlisted_task(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(0);
  made_node(heap, (TASK - 24) / 8);  // shows that the memory around is the allocator's
  void *task = made_block(heap, TASK);
  made_set(task, 0, made_kind("Main.Task", SWIFT_TASK, 0));
  made_set_number(task, 8, 3);
  return task;
}

static char *slab_at(char *slab, const char *next, uint32_t capacity, uint32_t used) {
  made_set(slab, 0, &mark);
  made_set(slab, 8, next);
  made_set_number(slab, 16, (uint64_t)used << 32 | capacity);
  return slab;
}

// A slab in a block of its own, with a live object in its first frame and one where no frame is any more.
static char *make_slab(made_heap *heap, const char *next) {
  char *slab = slab_at(made_block(heap, HEADER + FRAMES), next, FRAMES, 64);
  made_set(slab, HEADER + 16, made_node(heap, 0));
  made_set(slab, HEADER + 64, made_node(heap, 0));
  return slab;
}

static size_t nodes(csizer_totals totals) { return totals.objects - 1; }

TEST(slabs_behind_the_one_in_the_task_are_counted) {
  made_heap heap;
  char *task = make_task(&heap), *second = make_slab(&heap, NULL);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, make_slab(&heap, second), TASK - OWN_SLAB - HEADER, 0));
  csizer_totals totals = made_size_of_object(&heap, task);
  CHECK_EQUAL(totals.raw_blocks, 2);
  CHECK_EQUAL(nodes(totals), 2);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(frames_that_are_no_more_hold_nothing) {
  made_heap heap;
  char *task = make_task(&heap);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, NULL, TASK - OWN_SLAB - HEADER, 64));
  made_set(task, OWN_SLAB - 8, made_node(&heap, 0));  // the first context
  made_set(task, OWN_SLAB + HEADER + 56, made_node(&heap, 0));
  made_set(task, OWN_SLAB + HEADER + 64, made_node(&heap, 0));
  CHECK_EQUAL(nodes(made_size_of_object(&heap, task)), 2);
  made_heap_deinit(&heap);
}

// The census does not know them, and so they are looked at closely.
static char *add_task(made_heap *heap, uint32_t flags, const void *parent, const void *next) {
  char *task = made_block(heap, TASK);
  made_set(task, 0, metadata);
  made_set_number(task, 8, 3);
  made_set_number(task, 32, flags);
  made_set(task, PARENT, parent);
  made_set(task, PARENT + 8, next);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, NULL, TASK - OWN_SLAB - HEADER, 64));
  made_set(task, OWN_SLAB + HEADER, made_node(heap, 0));
  return task;
}

static size_t objects_with(made_heap *heap, char *task, const void *word) {
  made_set(task, OWN_SLAB + HEADER + 8, word);
  return made_size_of_object(heap, task).objects;
}

TEST(tasks_in_frames_are_followed) {
  made_heap heap;
  char *task = make_task(&heap);
  memcpy(&metadata, task, sizeof metadata);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, NULL, TASK - OWN_SLAB - HEADER, 64));
  char *other = add_task(&heap, 0, NULL, NULL);
  CHECK_EQUAL(objects_with(&heap, task, other), 3);
  CHECK_EQUAL(objects_with(&heap, task, task), 1);
  CHECK_EQUAL(objects_with(&heap, task, other + 16), 1);
  made_set_number(other, 8, SWIFT_DEINITING | 3);  // its block is free
  CHECK_EQUAL(objects_with(&heap, task, other), 1);
  made_set_number(other, 8, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
  CHECK_EQUAL(objects_with(&heap, task, other), 1);
  CHECK_EQUAL(objects_with(&heap, task, add_task(&heap, 3, NULL, NULL)), 1);  // a job of another kind
  void *small = made_block(&heap, 16);
  made_set(small, 0, metadata);
  CHECK_EQUAL(objects_with(&heap, task, small), 1);
  made_heap_deinit(&heap);
}

TEST(a_groups_children_hang_on_one_another) {
  enum { CHILD = SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_GROUP_CHILD };
  made_heap heap;
  char *task = make_unlisted_task(&heap);
  memcpy(&metadata, task, sizeof metadata);
  made_set(task, FIRST_SLAB, slab_at(task + OWN_SLAB, NULL, TASK - OWN_SLAB - HEADER, 64));
  char *last = add_task(&heap, CHILD, task, NULL), *second = add_task(&heap, CHILD, task, last);
  char *first = add_task(&heap, CHILD, task, second), *strange = add_task(&heap, CHILD, first, last);
  CHECK_EQUAL(objects_with(&heap, task, first), 7);
  CHECK_EQUAL(objects_with(&heap, task, strange), 3);  // another task's child
  made_set(last, PARENT + 8, second);                  // a ring
  CHECK_EQUAL(objects_with(&heap, task, first), 7);
  // Who is reached by itself holds none of its siblings.
  CHECK_EQUAL(objects_with(&heap, strange, last), 4);
  made_heap_deinit(&heap);
}

TEST(children_of_a_group_in_an_async_let_hang_on_one_another) {
  enum { CHILD = SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_GROUP_CHILD };
  made_heap heap;
  char *task = make_unlisted_task(&heap);
  memcpy(&metadata, task, sizeof metadata);
  char *slab = slab_at(made_block(&heap, HEADER + FRAMES), NULL, FRAMES, 512), *let = slab + HEADER + 64;
  made_set(task, FIRST_SLAB, slab);
  made_set(let, 0, metadata);
  made_set_number(let, 8, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
  made_set_number(let, 32, SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_ASYNC_LET);
  made_set(let, PARENT, task);
  char *last = add_task(&heap, CHILD, let, NULL), *first = add_task(&heap, CHILD, let, last);
  // In the frames of the `async let`, which are in the same slab.
  made_set(slab, HEADER + 400, first);
  const size_t can_say = csizer_allocator_has_uniform_pages();
  csizer_totals totals = made_size_of_object(&heap, task);
  CHECK_EQUAL(totals.objects, can_say ? 5 : 3);  // each child has a node of its own
  made_set(let, PARENT, let);  // torn
  totals = made_size_of_object(&heap, task);
  CHECK_EQUAL(totals.objects, 3);
  made_heap_deinit(&heap);
}

TEST(the_first_slab_may_be_a_block) {
  made_heap heap;
  char *task = make_task(&heap);
  char *slab = make_slab(&heap, NULL);
  made_set(task, FIRST_SLAB, slab);
  made_set(slab, 8, slab);  // a ring, as torn memory may be
  csizer_totals totals = made_size_of_object(&heap, task);
  CHECK_EQUAL(totals.raw_blocks, 1);
  made_heap_deinit(&heap);
}

TEST(an_async_lets_slabs_belong_to_the_task_that_waits) {
  made_heap heap;
  char *task = make_task(&heap), *slab = slab_at(made_block(&heap, HEADER + FRAMES), NULL, FRAMES, 256);
  made_set(task, FIRST_SLAB, slab);
  made_set(slab, HEADER + 16, make_slab(&heap, NULL));  // a pointer to another task's slab is none to this one's
  slab_at(slab + HEADER + 64, make_slab(&heap, NULL), 64, 0);
  csizer_totals totals = made_size_of_object(&heap, task);
  bool can_say = csizer_allocator_has_uniform_pages();
  CHECK_EQUAL(totals.raw_blocks, can_say ? 2 : 1);
  CHECK_EQUAL(nodes(totals), can_say ? 1 : 0);
  // More of them than are kept in mind: some are left out, none twice.
  enum { PARTS = 100 };
  char *wide = slab_at(made_block(&heap, HEADER + PARTS * 24), NULL, PARTS * 24, PARTS * 24);
  for (size_t i = 0; i < PARTS; i++) slab_at(wide + HEADER + i * 24, make_slab(&heap, NULL), 64, 0);
  made_set(task, FIRST_SLAB, wide);
  totals = made_size_of_object(&heap, task);
  CHECK(totals.raw_blocks <= PARTS + 1);
  CHECK(!can_say || totals.raw_blocks > 60);
  made_heap_deinit(&heap);
}

TEST(what_bears_no_mark_is_no_slab) {
  made_heap heap;
  char *task = make_task(&heap), *slab = make_slab(&heap, NULL);
  made_set(task, FIRST_SLAB, slab);
  made_set(slab, 0, task);
  CHECK_EQUAL(made_size_of_object(&heap, task).raw_blocks, 0);
  made_set(slab, 0, &mark);
  made_set_number(slab, 16, (uint64_t)FRAMES << 32 | 8);  // more in use than there is
  CHECK_EQUAL(made_size_of_object(&heap, task).raw_blocks, 0);
  for (uintptr_t word = 1; word; word <<= 1) {  // words that are no addresses
    made_set_number(task, FIRST_SLAB, word);
    CHECK_EQUAL(made_size_of_object(&heap, task).raw_blocks, 0);
  }
  made_heap_deinit(&heap);
}

static const swift_class *continuation_type(const char *name) {
  const csizer_owning_field row = {.type = name, .field = "context", .rule = CSIZER_OWNS_TASK};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_plain("Main.Int", 8, 7);
  const made_field fields[] = {{"context", "Main.Int", 16, 0}};
  return made_class((made_class_spec){.name = name, .size = 32, .field_count = 1, .fields = fields});
}

TEST(a_continuation_leads_to_its_task) {
  const swift_class *type = continuation_type("Main.Continuation");
  made_heap heap;
  char *task = make_unlisted_task(&heap);
  made_set(task, 64, made_node(&heap, 0));
  void *continuation = made_object(&heap, type, 32);
  made_set(continuation, 16, task);
  csizer_totals totals = made_size_of_object(&heap, continuation);
  if (csizer_allocator_has_uniform_pages()) CHECK_EQUAL(totals.objects, 3);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

// The task has ended, and its block is free, or is used again by an object or for something else.
TEST(a_continuation_of_a_task_that_ended_leads_nowhere) {
  const swift_class *type = continuation_type("Main.Stale");
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *node = made_node(&heap, 1), *continuation = made_object(&heap, type, 32);
  made_link(node, 0, made_node(&heap, 0));
  char *block = made_block(&heap, TASK), *other = made_block(&heap, TASK);
  made_set(other, 0, made_type("Main.Int"));
  made_set_number(other, 8, 3);
  made_set(block, 0, other);  // a list's node, say
  made_set_number(block, 8, 3);
  const swift_metadata *kind = made_kind("Main.Task", SWIFT_TASK, 0), *copy = made_block(&heap, 256);
  memcpy((void *)(uintptr_t)copy, kind, sizeof *kind);
  char *false_task = made_block(&heap, TASK);
  made_set(false_task, 0, copy);  // metadata that is in no image
  made_set_number(false_task, 8, 3);
  void *listed = made_object(&heap, kind, TASK);
  const void *const stale[] = {node, block, other, false_task, listed, block + 64, (const void *)4096, &mark};
  for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
    made_set(continuation, 16, stale[i]);
    csizer_totals totals = made_size_of_object(&heap, continuation);
    CHECK_EQUAL(totals.bytes, made_bytes(continuation));
    CHECK_EQUAL(totals.unresolved, 1);
  }
  made_set(continuation, 16, NULL);
  CHECK_EQUAL(made_size_of_object(&heap, continuation).unresolved, 0);
  made_heap_deinit(&heap);
}

TEST(an_async_lets_continuation_leads_to_the_task_that_waits) {
  const swift_class *type = continuation_type("Main.OfAsyncLet");
  made_heap heap;
  char *task = make_unlisted_task(&heap), *outer = make_slab(&heap, NULL), *inner = outer + 256;
  void *continuation = made_object(&heap, type, 32);
  void *isa;
  memcpy(&isa, task, sizeof isa);
  made_set(outer + 64, 0, isa);
  made_set(outer + 64, PARENT, task);
  made_set(inner, 0, isa);
  made_set(inner, PARENT, outer + 64);
  made_set(continuation, 16, inner);
  csizer_totals totals = made_size_of_object(&heap, continuation);
  bool can_say = csizer_allocator_has_uniform_pages();
  if (can_say) CHECK_EQUAL(totals.bytes, made_bytes(continuation) + made_bytes(task));
  CHECK_EQUAL(totals.unresolved, 1);
  made_set(outer + 64, PARENT, outer + 64);  // its own parent, as torn memory may say
  totals = made_size_of_object(&heap, continuation);
  if (can_say) CHECK_EQUAL(totals.bytes, made_bytes(continuation));
  if (can_say) CHECK_EQUAL(totals.unresolved, 1);
  made_set(inner, PARENT, continuation);  // no task
  totals = made_size_of_object(&heap, continuation);
  if (can_say) CHECK_EQUAL(totals.bytes, made_bytes(continuation));
  made_heap_deinit(&heap);
}
