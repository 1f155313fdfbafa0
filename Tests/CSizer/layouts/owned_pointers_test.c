// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_owning.h"
#include "support/check.h"
#include "support/made_heap.h"

// Pointers that own by their pointee's type, and containers whose elements own.

enum { FIELD = 16, SIZE = 32 };

// UnsafeMutablePointer<pointee>, known as "Main.<number>".
static const char *pointer_to(const swift_metadata *pointee) {
  static unsigned number;
  char name[32];
  snprintf(name, sizeof name, "Main.Pointer%u", number++);
  const swift_witnesses *witnesses = swift_witnesses_of(made_plain(name, 8, 7));
  const swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Swift", NULL);
  const void **words = made_room(4 * sizeof *words);
  words[0] = witnesses;
  swift_value_type *type = (swift_value_type *)(void *)(words + 1);
  type->kind = SWIFT_STRUCT;
  type->description = made_descriptor(SWIFT_CONTEXT_STRUCT | SWIFT_DESCRIPTOR_GENERIC, "UnsafeMutablePointer", module);
  words[3] = pointee;
  const char *text = made_text(strcat(name, "P"));
  made_alias(text, (const swift_metadata *)(const void *)type);
  return text;
}

static void *holder_of(made_heap *heap, const char *name, const char *field_type, const void *block) {
  made_heap_init(heap, NULL);
  const made_field fields[] = {{"whatever", field_type, FIELD, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = name, .size = SIZE, .field_count = 1, .fields = fields});
  void *object = made_object(heap, class, SIZE);
  made_set(object, FIELD, block);
  return object;
}

static csizer_totals size_of_block(const char *name, const char *pointee, size_t bytes, size_t before) {
  made_heap heap;
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = pointee, .size = 40, .align_mask = 7, .without_records = true});
  void *object = holder_of(&heap, name, pointer_to(type), NULL);
  made_set(object, FIELD, (char *)made_block(&heap, bytes) + before);
  csizer_totals totals = made_size_of_object(&heap, object);
  made_heap_deinit(&heap);
  return totals;
}

static csizer_totals size_with(const char *name, const char *pointee, size_t before) {
  return size_of_block(name, pointee, 256, before);
}

TEST(pointers_to_locks_own_their_block) {
  bool can_say = csizer_allocator_has_uniform_pages();
  csizer_totals lock = size_of_block("Main.Lock", "__C.pthread_mutex_t", 40, 0);
  CHECK_EQUAL(lock.raw_blocks, can_say);
  CHECK_EQUAL(lock.unresolved, !can_say);
  csizer_totals stream = size_with("Main.Stream", "__C._IO_FILE", 0);
  CHECK_EQUAL(stream.raw_blocks, can_say);
  CHECK_EQUAL(stream.unresolved, 1);
}

// A struct of C's whose first member is the lock: the block is owned, what else is in it may own more.
TEST(a_lock_in_a_larger_block_is_not_all_of_it) {
  bool can_say = csizer_allocator_has_uniform_pages();
  csizer_totals room = size_of_block("Main.SameClass", "__C.pthread_mutex_t", 48, 0);
  CHECK_EQUAL(room.raw_blocks, can_say);
  CHECK_EQUAL(room.unresolved, !can_say);
  csizer_totals larger = size_of_block("Main.Larger", "__C.pthread_mutex_t", 49, 0);
  CHECK_EQUAL(larger.raw_blocks, can_say);
  CHECK_EQUAL(larger.unresolved, 1);
  CHECK_EQUAL(larger.estimated_bytes, 0);
}

// Whose it is, nothing says: an estimate, where the allocator can tell that a block starts there. libc's can't: then
// the holder is unresolved if the block is in a GiB where objects are (AddressSanitizer's are in others, by size).
TEST(pointers_to_something_else_are_estimates) {
  enum { GIB_SHIFT = 30, BYTES = 256 };
  bool can_say = csizer_allocator_has_uniform_pages();
  const char *const names[][2] = {{"Main.Other", "__C.timespec"}, {"Main.Own", "Main.pthread_mutex_t"}};
  for (int i = 0; i < 2; i++) {
    made_heap heap;
    const swift_metadata *type =
        made_struct((made_struct_spec){.name = names[i][1], .size = 40, .align_mask = 7, .without_records = true});
    void *object = holder_of(&heap, names[i][0], pointer_to(type), NULL), *block = made_block(&heap, BYTES);
    made_set(object, FIELD, block);
    csizer_totals totals = made_size_of_object(&heap, object);
    bool is_near = (uintptr_t)object >> GIB_SHIFT == (uintptr_t)block >> GIB_SHIFT;
    CHECK_EQUAL(totals.unresolved, can_say || is_near);
    CHECK_EQUAL(totals.estimated_bytes, can_say ? BYTES : 0);
    made_heap_deinit(&heap);
  }
}

TEST(handles_of_locks_own_their_block) {
  made_struct((made_struct_spec){
      .name = "__C.OpenCombineUnfairLock", .size = 8, .align_mask = 7, .without_records = true});
  made_heap heap;
  void *object = holder_of(&heap, "Main.Subject", "__C.OpenCombineUnfairLock", NULL);
  made_set(object, FIELD, made_block(&heap, 48));
  csizer_totals totals = made_size_of_object(&heap, object);
  if (csizer_allocator_has_uniform_pages()) CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.unresolved, !csizer_allocator_has_uniform_pages());
  made_heap_deinit(&heap);
}

TEST(a_lock_inside_a_block_owns_nothing) {
  CHECK_EQUAL(size_with("Main.Inside", "__C.pthread_mutex_t", 64).raw_blocks, 0);
  // A stream's pointer that leads inside is somebody's, but whose isn't known.
  csizer_totals stream = size_with("Main.StreamInside", "__C._IO_FILE", 64);
  CHECK_EQUAL(stream.raw_blocks, 0);
  CHECK_EQUAL(stream.unresolved, 1);
}

TEST(blocks_may_begin_before_their_handle) {
  const csizer_owning_field row = {
      .type = "Main.Prefixed", .field = "whatever", .rule = CSIZER_OWNS_FOREIGN, .before = 8};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_plain("Main.Int", 8, 7);
  made_heap heap;
  void *object = holder_of(&heap, "Main.Prefixed", "Main.Int", NULL);
  made_set(object, FIELD, (char *)made_block(&heap, 256) + 8);
  csizer_totals totals = made_size_of_object(&heap, object);
  if (csizer_allocator_has_uniform_pages()) CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

// An enum of one case: the value is the payload.
static unsigned only_case(const void *value, const swift_metadata *type) {
  (void)value, (void)type;
  return 0;
}
static void leave(void *value, const swift_metadata *type) { (void)value, (void)type; }
static void leave_tag(void *value, unsigned tag, const swift_metadata *type) { (void)value, (void)tag, (void)type; }

TEST(a_cases_payload_may_own) {
  const csizer_owning_field row = {.type = "Main.Key", .field = "native", .rule = CSIZER_OWNS_BLOCK};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_plain("Main.Int", 8, 7);
  const made_field cases[] = {{"native", "Main.Int", 0, 0}};
  const made_tag tag = {only_case, leave, leave_tag};
  made_enum((made_enum_spec){.name = "Main.Key", .size = 8, .payload_cases = 1, .cases = cases, .tag = tag});
  made_heap heap;
  void *object = holder_of(&heap, "Main.KeyHolder", "Main.Key", NULL);
  made_set(object, FIELD, made_block(&heap, 100));
  CHECK_EQUAL(made_size_of_object(&heap, object).bytes, heap.bytes);
  made_heap_deinit(&heap);
}

// ---- Containers ----

static void *make_container(made_heap *heap, const char *holder, const char *class, csizer_owning_rule rule,
                            size_t bytes) {
  const csizer_owning_field row = {.type = holder, .field = "whatever", .rule = rule};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_plain("Main.Slab", 16, 7);
  made_node_class(0);
  const void *arguments[] = {made_type("Main.Slab")};
  const swift_class *type =
      made_class((made_class_spec){.name = class, .size = 32, .argument_count = 1, .arguments = arguments});
  made_alias("Main.Container", (const swift_metadata *)type);
  void *object = holder_of(heap, holder, "Main.Container", NULL);
  void *container = made_object(heap, type, bytes);
  made_set(object, FIELD, container);
  return object;
}

static void *container_of(void *object) {
  void *container;
  memcpy(&container, (char *)object + FIELD, sizeof container);
  return container;
}

TEST(each_block_of_an_array_is_owned) {
  enum { COUNT = 5, ROOM = 8 };
  made_heap heap;
  const char *class = "Swift._ContiguousArrayStorage";
  void *object = make_container(&heap, "Main.Slabs", class, CSIZER_OWNS_EACH_BLOCK, 32 + ROOM * 16);
  void *array = container_of(object);
  made_set_number(array, 16, COUNT);
  made_set_number(array, 24, ROOM * 2);
  for (size_t i = 0; i < COUNT; i++) {
    made_set(array, 32 + i * 16, i == 3 ? NULL : made_block(&heap, 100 << i));
    made_set_number(array, 40 + i * 16, 100 << i);
  }
  csizer_totals totals = made_size_of_object(&heap, object);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.raw_blocks, COUNT - 1);
  made_set(array, 32 + COUNT * 16, made_block(&heap, 100));  // beyond the count
  CHECK_EQUAL(made_size_of_object(&heap, object).raw_blocks, COUNT - 1);
  made_set_number(array, 16, (uint64_t)1 << 60);  // a lie stays in the block
  CHECK_EQUAL(made_size_of_object(&heap, object).raw_blocks, COUNT);
  made_heap_deinit(&heap);
}

TEST(each_object_of_a_set_is_held) {
  enum { BUCKETS = 8, KEYS = 64 };
  made_heap heap;
  const char *class = "Swift._SetStorage";
  void *object = make_container(&heap, "Main.Children", class, CSIZER_OWNS_EACH_OBJECT, KEYS + BUCKETS * 16);
  char *set = container_of(object);
  made_set_number(set, 32, 3);  // the scale: a byte
  made_set(set, 48, set + KEYS);
  made_set_number(set, 56, 1 << 2 | 1 << 7);
  for (size_t i = 0; i < BUCKETS; i++) made_set(set, KEYS + i * 16, made_node(&heap, 0));
  csizer_totals totals = made_size_of_object(&heap, object);
  CHECK_EQUAL(totals.objects, 2 + 2);
  made_set_number(set, 32, 40);  // more buckets than there is room
  CHECK_EQUAL(made_size_of_object(&heap, object).raw_blocks, 0);
  made_heap_deinit(&heap);
}
