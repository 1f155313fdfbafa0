// SPDX-License-Identifier: Apache-2.0
#include "support/made_swift.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/assumptions.h"
#include "runtime/target.h"
#include "support/check.h"

static made_fault fault;
static swift_metadata task_metadata;
static size_t blocks;

static void *take(size_t bytes) {
  void *block = calloc(1, bytes);
  CHECK(block != NULL);
  blocks++;
  return block;
}

static void give(void *block) {
  free(block);
  blocks--;
}

size_t made_swift_blocks(void) { return blocks; }

// ---- Objects ----

/// The one object that lives. In this version of Swift its counts stand for themselves: unowned references and one for
/// all strong ones from bit 1 on, a mark at the end of its life at bit 32, strong ones but one from bit 33 on.
static struct {
  uint64_t *words, *table;
  unsigned strong, unowned, weak;
  bool is_dead;
} object;

static uint64_t counts(void) {
  const uint64_t strong = object.strong ? object.strong - 1 : 0, dead = object.is_dead;
  return 1 | (uint64_t)object.unowned << (fault == MADE_UNOWNED_ELSEWHERE && object.unowned > 1 ? 2 : 1) |
         dead << (fault == MADE_DEAD_ELSEWHERE ? 31 : 32) | strong << (fault == MADE_STRONG_ELSEWHERE ? 34 : 33);
}

static void publish(void) {
  const bool is_swapped = fault == MADE_METADATA_SECOND;
  const uint64_t marks = (uint64_t)(fault == MADE_NO_MARK ? 2 : 3) << 62;
  object.words[!is_swapped] = object.table ? marks | (uint64_t)(uintptr_t)object.table >> 3 : counts();
  if (!object.table) return;
  object.table[fault == MADE_TABLE_OBJECT] = (uintptr_t)object.words;
  object.table[fault == MADE_TABLE_COUNTS ? 4 : 2] = counts();
  object.table[fault == MADE_TABLE_WEAK ? 5 : 3] = object.weak;
}

static void *slow_alloc(size_t bytes, size_t align_mask) {
  (void)align_mask;
  return take(bytes);
}

// In the places where the runtime has what is replaced by a jump.
#define MAY_BE_REPLACED __attribute__((noinline, aligned(16)))

MAY_BE_REPLACED static void slow_dealloc(void *block, size_t bytes, size_t align_mask) {
  (void)bytes, (void)align_mask;
  if (block == object.words) object.words = NULL;
  give(block);
}

MAY_BE_REPLACED static void *alloc_object(const void *metadata, size_t bytes, size_t align_mask) {
  memset(&object, 0, sizeof object);
  object.words = slow_alloc(bytes, align_mask);
  object.strong = 1;
  object.unowned = fault == MADE_OTHER_FIRST_COUNT ? 2 : 1;
  object.words[fault == MADE_METADATA_SECOND] = (uintptr_t)metadata;
  publish();
  object.unowned = 1;
  return object.words;
}

// The table goes with the last weak reference, of which the object itself is one as long as it lives.
static void drop_weak(void) {
  if (--object.weak) return;
  give(object.table);
  object.table = NULL;
}

// Asked of the table: a compiler must not know what it does.
static void free_object(bool by_itself) {
  void *block = object.words;
  if (object.table) drop_weak();
  object.words = NULL;
  if (by_itself) give(block);
  else csizer_target.slow_dealloc(block, 32, 7);
}

static bool is_last_unowned(const void *words) {
  CHECK(words == object.words && object.unowned);
  if (--object.unowned == 0) return true;
  publish();
  return false;
}

static void unowned_release(void *words) {
  if (is_last_unowned(words)) free_object(fault == MADE_FREES_LAST_UNOWNED);
}

static void dealloc_class_instance(void *words, size_t bytes, size_t align_mask) {
  CHECK(bytes == 32 && align_mask == 7 && object.is_dead);
  if (is_last_unowned(words)) free_object(fault == MADE_FREES_AT_END);
}

// One that was made by who has replaced alloc_object: so far its counts are in its header alone.
static void adopt(void *words) {
  enum { COUNTS_OF_NEW = 3 };
  if (words == object.words) return;
  CHECK(!object.words && ((uint64_t *)words)[1] == COUNTS_OF_NEW);
  memset(&object, 0, sizeof object);
  object.words = words;
  object.strong = object.unowned = 1;
}

static void *retain(void *words) {
  CHECK(words == object.words);
  object.strong++;
  publish();
  return words;
}

typedef SWIFT_CALL void (*destroyer)(SWIFT_CONTEXT_PARAMETER void *object);

static void end(void) {
  const uint64_t *metadata = (const uint64_t *)object.words[fault == MADE_METADATA_SECOND];
  destroyer slot;
  memcpy(&slot, metadata - (fault == MADE_OTHER_SLOT ? 3 : 2), sizeof slot);
  slot(fault == MADE_OTHER_REGISTER ? NULL : object.words);
}

static void release(void *words) {
  if (*(uint64_t *)words == (uintptr_t)&task_metadata) {
    give(words);
    return;
  }
  adopt(words);
  object.is_dead = --object.strong == 0;
  publish();
  if (object.is_dead) end();
}

static void *unowned_retain(void *words) {
  adopt(words);
  CHECK(words == object.words);
  object.unowned++;
  publish();
  return words;
}

static void *weak_init(void *reference, void *words) {
  CHECK(words == object.words);
  object.table = take(64);
  object.weak = 2;
  memcpy(reference, &object.table, sizeof object.table);
  publish();
  return reference;
}

static void weak_destroy(void *reference) {
  CHECK(memcmp(reference, &object.table, sizeof object.table) == 0);
  drop_weak();
}

// ---- Boxes ----

static const struct {
  const swift_witnesses *witnesses;
  swift_metadata type;
} integer = {&(const swift_witnesses){.size = 8, .stride = 8, .flags = 7}, {SWIFT_STRUCT}};

static SWIFT_CALL swift_box_pair alloc_box(const swift_metadata *type) {
  static swift_generic_box metadata;
  metadata = (swift_generic_box){.kind = fault == MADE_BOX_KIND ? SWIFT_ERROR_OBJECT : SWIFT_GENERIC_BOX,
                                 .offset = fault == MADE_BOX_VALUE ? 24 : 16,
                                 .type = fault == MADE_BOX_TYPE ? NULL : type};
  swift_object *box = take(32);
  box->metadata = (const swift_metadata *)&metadata;
  return (swift_box_pair){box, (char *)box + 16};
}

static SWIFT_CALL swift_box_pair alloc_error(const swift_metadata *type, const void *conformance, void *value,
                                             bool is_take) {
  static const swift_metadata metadata = {SWIFT_ERROR_OBJECT};
  CHECK(!conformance && !value && !is_take);
  uint64_t *error = take(64);
  error[0] = (uintptr_t)&metadata;
  error[fault == MADE_ERROR_TYPE ? 3 : 2] = (uintptr_t)type;
  return (swift_box_pair){(swift_object *)error, error + (fault == MADE_ERROR_VALUE ? 5 : 4)};
}

static void dealloc_box(swift_object *box) { give(box); }

static SWIFT_CALL void dealloc_error(swift_object *error, const swift_metadata *type) {
  CHECK(type == &integer.type);
  give(error);
}

// ---- Tasks ----

static const char mark;
static const void *const slab_mark = &mark;
static const void *const task_type = &task_metadata;
static size_t task_bytes;
static uint32_t task_layout;

enum { TASK = 1024, OWN = 208, CONTEXT = 240, SLAB = 304, UTILITY = 0x11 };

static SWIFT_CALL swift_new_task task_create(size_t flags, const void *options, const swift_metadata *result,
                                             const void *entry, void *closure) {
  CHECK(flags == UTILITY && !options && !result && entry && !closure);  // no future, and nobody enqueues it
  char *task = take(TASK);
  uint64_t *words = (uint64_t *)(void *)task, *slab = (uint64_t *)(void *)(task + SLAB);
  words[0] = (uintptr_t)&task_metadata;
  words[1] = 3;
  words[4] = (uint64_t)17 << 32 | (fault == MADE_TASK_FLAGS ? SWIFT_TASK_IS_FUTURE : 0);
  words[7] = (uintptr_t)task_create;
  words[fault == MADE_TASK_CONTEXT ? 9 : 8] = (uintptr_t)(task + CONTEXT);
  words[12] = fault == MADE_TASK_STATUS ? SWIFT_TASK_IS_ENQUEUED | UTILITY : UTILITY;
  words[15] = (uintptr_t)slab;
  slab[fault == MADE_TASK_SLAB ? 1 : 0] = (uintptr_t)&mark;
  slab[2] = TASK - SLAB - 32;
  return (swift_new_task){(swift_task *)task, (swift_async_context *)(task + CONTEXT)};
}

// ---- Empty collections ----

static swift_array empty_array;
static union {
  swift_hash hash;
  uint64_t words[9];
} empty_dictionary, empty_set;

static void make_empty(void) {
  const uint64_t immortal = fault == MADE_IMMORTAL_ELSEWHERE ? 3 : (uint64_t)1 << 63 | UINT32_MAX;
  memset(&empty_dictionary, 0, sizeof empty_dictionary);
  memset(&empty_set, 0, sizeof empty_set);
  empty_array = (swift_array){.header.references = immortal, .capacity_and_flag = 1};
  empty_array.count = fault == MADE_EMPTY_ARRAY;
  const unsigned keys = fault == MADE_EMPTY_DICTIONARY ? 5 : 6, elements = fault == MADE_EMPTY_SET ? 5 : 6;
  empty_dictionary.words[keys] = empty_dictionary.words[7] = 1;
  empty_set.words[elements] = 1;
  empty_dictionary.words[8] = empty_set.words[7] = ~(uint64_t)1;
}

// ---- The table ----

static SWIFT_CALL csizer_name type_name(const swift_metadata *type, bool is_qualified) {
  (void)type, (void)is_qualified;
  return (csizer_name){"?", 1};
}

static SWIFT_CALL const swift_metadata *no_type(const char *name, size_t length, const swift_descriptor *context,
                                                const void *const *arguments) {
  (void)name, (void)length, (void)context, (void)arguments;
  return NULL;
}

void made_swift_use(made_fault wanted) {
  fault = wanted;
  task_metadata.kind = fault == MADE_TASK_KIND ? SWIFT_JOB : SWIFT_TASK;
  task_bytes = fault == MADE_TASK_BYTES ? 100 : OWN;
  task_layout = fault == MADE_TASK_VERSION ? 2 : 1;
  make_empty();
  csizer_assumptions_forget();
  csizer_target_use(&(csizer_target_runtime){.alloc_object = alloc_object,
                                             .slow_alloc = slow_alloc,
                                             .slow_dealloc = slow_dealloc,
                                             .type_in_context = no_type,
                                             .type_name = type_name,
                                             .retain = retain,
                                             .release = release,
                                             .unowned_retain = unowned_retain,
                                             .unowned_release = unowned_release,
                                             .weak_init = weak_init,
                                             .weak_destroy = weak_destroy,
                                             .dealloc_class_instance = dealloc_class_instance,
                                             .alloc_box = alloc_box,
                                             .dealloc_box = dealloc_box,
                                             .alloc_error = alloc_error,
                                             .dealloc_error = dealloc_error,
                                             .int_type = &integer.type,
                                             .task_create = task_create,
                                             .task_slab_mark = &slab_mark,
                                             .task_bytes = &task_bytes,
                                             .task_metadata = &task_type,
                                             .task_layout = &task_layout,
                                             .empty_array = &empty_array,
                                             .empty_dictionary = &empty_dictionary.hash,
                                             .empty_set = &empty_set.hash},
                    CSIZER_TARGET_GIVEN);
}
