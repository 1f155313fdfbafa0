// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_owning.h"
#include "support/check.h"
#include "support/made_heap.h"

// Objects with elements behind their fields: arrays, hash tables, managed buffers, errors. What is beyond the count, or
// in an empty bucket, is rubbish that must not be read.

static void start(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(0);
  made_alias("Si", made_plain("Swift.Int", 8, 7));
  const made_field pair[] = {{"number", "Swift.Int", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = pair});
}

static void *leaf(made_heap *heap) { return made_node(heap, 0); }

static const swift_class *storage_class(const char *name, size_t count, const char *first, const char *second) {
  const void *arguments[2] = {made_type(first), second ? made_type(second) : NULL};
  return made_class((made_class_spec){.name = name, .size = 32, .argument_count = count, .arguments = arguments});
}

// Header, count, capacity (times two and a flag), elements.
static void *make_array(made_heap *heap, const char *element, size_t count, size_t capacity) {
  size_t stride = swift_witnesses_of(made_type(element))->stride;
  void *array =
      made_object(heap, storage_class("Swift._ContiguousArrayStorage", 1, element, NULL), 32 + capacity * stride);
  made_set_number(array, 16, count);
  made_set_number(array, 24, capacity * 2 + 1);
  return array;
}

static csizer_kind_totals kind_of(made_heap *heap, const void *root, const char *name) {
  csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
  csizer_kind_totals totals = made_kind_totals(heap, walk, name);
  made_walk_end(heap, walk);
  return totals;
}

TEST(arrays_hold_their_elements_and_no_more) {
  made_heap heap;
  start(&heap);
  void *array = make_array(&heap, "Main.Node0", 10, 16);
  for (size_t i = 0; i < 10; i++) made_set(array, 32 + i * 8, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, array);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  for (size_t i = 10; i < 16; i++) made_set(array, 32 + i * 8, leaf(&heap));  // beyond the count
  CHECK_EQUAL(made_size_of_object(&heap, array).objects, 11);
  CHECK_EQUAL(kind_of(&heap, array, "Swift._ContiguousArrayStorage").unused, 6 * 8);
  made_heap_deinit(&heap);
}

TEST(arrays_of_structs_hold_what_the_structs_hold) {
  made_heap heap;
  start(&heap);
  void *array = make_array(&heap, "Main.Pair", 100, 100);
  for (size_t i = 0; i < 100; i++) {
    made_set(array, 32 + i * 16, array);  // data
    made_set(array, 40 + i * 16, leaf(&heap));
  }
  csizer_totals totals = made_size_of_object(&heap, array);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.requested, 32 + 100 * 16 + 100 * 24);
  made_heap_deinit(&heap);
}

TEST(arrays_of_data_are_one_block) {
  made_heap heap;
  start(&heap);
  void *array = make_array(&heap, "Swift.Int", 100, 100);
  for (size_t i = 0; i < 100; i++) made_set(array, 32 + i * 8, leaf(&heap));
  CHECK_EQUAL(made_size_of_object(&heap, array).objects, 1);
  made_heap_deinit(&heap);
}

TEST(a_count_that_lies_stays_in_the_block) {
  made_heap heap;
  start(&heap);
  void *array = make_array(&heap, "Main.Node0", 4, 4);
  for (size_t i = 0; i < 4; i++) made_set(array, 32 + i * 8, leaf(&heap));
  made_set_number(array, 16, (uint64_t)1 << 60);
  made_set_number(array, 24, ~(uint64_t)0);
  csizer_totals totals = made_size_of_object(&heap, array);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK(totals.requested <= totals.bytes);
  made_heap_deinit(&heap);
}

// Count, capacity, scale, pointers to keys and values, the bitmap, then both in a row.
static void *make_table(made_heap *heap, const char *key, const char *value, unsigned scale) {
  size_t buckets = (size_t)1 << scale, bitmap = (buckets + 63) / 64 * 8;
  size_t key_stride = swift_witnesses_of(made_type(key))->stride;
  size_t value_stride = value ? swift_witnesses_of(made_type(value))->stride : 0;
  size_t first = 48 + (value ? 16 : 8), keys = first + bitmap, values = keys + buckets * key_stride;
  const char *name = value ? "Swift._DictionaryStorage" : "Swift._SetStorage";
  // Behind the last bucket is room that the allocator added.
  size_t bytes = values + buckets * value_stride + 512;
  void *table = made_object(heap, storage_class(name, value ? 2 : 1, key, value), bytes);
  made_set_number(table, 24, buckets * 3 / 4);
  memset((char *)table + 32, (int)scale, 1);
  made_set(table, 48, (char *)table + keys);
  if (value) made_set(table, 56, (char *)table + values);
  return table;
}

static char *keys_of(void *table) {
  char *keys;
  memcpy(&keys, (char *)table + 48, sizeof keys);
  return keys;
}

static char *values_of(void *table) {
  char *values;
  memcpy(&values, (char *)table + 56, sizeof values);
  return values;
}

// Uses a bucket; `bitmap` is where the table's bits begin.
static void use_bucket(void *table, size_t bitmap, size_t bucket) {
  uint64_t word, used;
  memcpy(&word, (char *)table + bitmap + bucket / 64 * 8, sizeof word);
  made_set_number(table, bitmap + bucket / 64 * 8, word | (uint64_t)1 << bucket % 64);
  memcpy(&used, (char *)table + 16, sizeof used);
  made_set_number(table, 16, used + 1);
}

TEST(dictionaries_hold_keys_and_values_of_used_buckets) {
  made_heap heap;
  start(&heap);
  enum { SCALE = 8 };
  void *table = make_table(&heap, "Main.Pair", "Main.Node0", SCALE);
  void *trap = leaf(&heap);
  size_t used = 0;
  for (size_t bucket = 0; bucket < 1 << SCALE; bucket++) {
    bool uses = bucket % 3 == 0 || bucket == 255;
    made_set(keys_of(table), bucket * 16 + 8, uses ? leaf(&heap) : trap);
    made_set(values_of(table), bucket * 8, uses ? leaf(&heap) : trap);
    if (uses) use_bucket(table, 64, bucket);
    used += uses;
  }
  csizer_totals totals = made_size_of_object(&heap, table);
  CHECK_EQUAL(totals.objects, 1 + 2 * used);
  CHECK_EQUAL(totals.unresolved, 0);
  CHECK_EQUAL(totals.bytes + made_bytes(trap), heap.bytes);
  CHECK_EQUAL(kind_of(&heap, table, "Swift._DictionaryStorage").unused, (192 - used) * 24);
  made_heap_deinit(&heap);
}

TEST(sets_hold_elements_of_used_buckets) {
  made_heap heap;
  start(&heap);
  void *table = make_table(&heap, "Main.Node0", NULL, 2);
  for (size_t bucket = 0; bucket < 4; bucket++) made_set(keys_of(table), bucket * 8, leaf(&heap));
  use_bucket(table, 56, 1);
  use_bucket(table, 56, 3);
  for (size_t beyond = 4; beyond < 60; beyond++) made_set(keys_of(table), beyond * 8, leaf(&heap));
  // Four buckets share a word with 60 bits that mean nothing.
  made_set_number(table, 56, 0xA | (uint64_t)0xFFFF << 40);
  CHECK_EQUAL(made_size_of_object(&heap, table).objects, 3);
  made_heap_deinit(&heap);
}

TEST(tables_whose_pointers_lie_are_scanned_and_said_to_be) {
  made_heap heap;
  start(&heap);
  static const uint64_t lies[] = {0, 64, (uint64_t)1 << 46, ~(uint64_t)0};
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    void *table = make_table(&heap, "Main.Node0", NULL, 3);
    made_set(keys_of(table), 16, leaf(&heap));
    made_set_number(table, 48, lies[i]);
    csizer_totals totals = made_size_of_object(&heap, table);
    CHECK_EQUAL(totals.objects, 2);
    CHECK_EQUAL(totals.unresolved, 1);
  }
  made_heap_deinit(&heap);
}

// The header, a stored property, begins at 16. The buffer's own class has `more` bytes of its own.
static void *make_buffer_of(made_heap *heap, const char *name, uint32_t more, const char *header, const char *element,
                            size_t bytes) {
  const void *arguments[] = {made_type(header), made_type(element)};
  const made_field fields[] = {{"header", header, 16, 0}};
  uint32_t size = 16 + (uint32_t)swift_witnesses_of(made_type(header))->size;
  const swift_class *class = made_class((made_class_spec){.name = "Swift.ManagedBuffer",
                                                          .size = size,
                                                          .field_count = 1,
                                                          .fields = fields,
                                                          .argument_count = 2,
                                                          .arguments = arguments});
  const swift_class *own = made_class((made_class_spec){.name = name, .superclass = class, .size = size + more});
  return made_object(heap, own, bytes);
}

static void *make_managed_buffer(made_heap *heap, const char *header, const char *element, size_t bytes) {
  return make_buffer_of(heap, "Main.Buffer", 0, header, element, bytes);
}

TEST(managed_buffers_hold_as_many_elements_as_their_header_counts) {
  made_heap heap;
  start(&heap);
  const made_field fields[] = {{"link", "Main.Node0", 0, 0}, {"count", "Swift.Int", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Header", .field_count = 2, .fields = fields});
  void *rich = make_managed_buffer(&heap, "Main.Header", "Main.Pair", 32 + 4 * 16);
  made_set(rich, 16, leaf(&heap));
  made_set_number(rich, 24, 3);
  for (size_t i = 0; i < 4; i++) made_set(rich, 32 + i * 16 + 8, leaf(&heap));
  CHECK_EQUAL(made_size_of_object(&heap, rich).objects, 1 + 1 + 3);
  made_heap_deinit(&heap);
}

static void *make_numbered_buffer(made_heap *heap, uint64_t number) {
  void *buffer = make_managed_buffer(heap, "Swift.Int", "Main.Node0", 24 + 8 * 8);
  made_set_number(buffer, 16, number);
  for (size_t i = 0; i < 8; i++) made_set(buffer, 24 + i * 8, leaf(heap));
  return buffer;
}

// A header that is an Int may be a capacity, and words behind it stale.
TEST(what_a_described_number_counts_is_not_known) {
  made_heap heap;
  start(&heap);
  void *buffer = make_numbered_buffer(&heap, 5);
  csizer_totals totals = made_size_of_object(&heap, buffer);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, heap.bytes - made_bytes(buffer));
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

static void say_what_counts(const char *field) {
  const csizer_owning_field row = {
      .type = "Main.Buffer", .field = CSIZER_TAIL_HEADER, .rule = CSIZER_COUNTS_TAIL, .count = field};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
}

TEST(somebody_says_that_the_header_counts) {
  say_what_counts(NULL);
  made_heap heap;
  start(&heap);
  void *buffer = make_numbered_buffer(&heap, 5);
  csizer_totals totals = made_size_of_object(&heap, buffer);
  CHECK_EQUAL(totals.objects, 6);
  CHECK_EQUAL(totals.estimated_bytes, 0);
  CHECK_EQUAL(totals.unresolved, 0);
  made_heap_deinit(&heap);
}

TEST(somebody_says_what_in_the_header_counts) {
  say_what_counts("used");
  made_heap heap;
  start(&heap);
  const made_field fields[] = {{"count", "Swift.Int", 0, 0}, {"used", "Swift.Int", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Use", .field_count = 2, .fields = fields});
  void *buffer = make_managed_buffer(&heap, "Main.Use", "Main.Node0", 32 + 8 * 8);
  made_set_number(buffer, 16, 8);
  made_set_number(buffer, 24, 2);
  for (size_t i = 0; i < 8; i++) made_set(buffer, 32 + i * 8, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, buffer);
  CHECK_EQUAL(totals.objects, 3);
  CHECK_EQUAL(totals.unresolved, 0);
  made_heap_deinit(&heap);
}

TEST(managed_buffers_that_count_nowhere_are_scanned) {
  made_heap heap;
  start(&heap);
  void *buffer = make_managed_buffer(&heap, "Main.Pair", "Main.Node0", 32 + 4 * 8);
  for (size_t i = 0; i < 4; i++) made_set(buffer, 32 + i * 8, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, buffer);
  CHECK_EQUAL(totals.objects, 5);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

// What Swift 6.2 keeps for an observable class: what is guarded, here a number and a reference, and a lock in the room
// of five pointers. Where a live object's address stands in the lock it is a number.
static csizer_totals totals_with_lock(made_heap *heap, const char *name, uint32_t more, const char *element) {
  made_alias("Su", made_plain("Swift.UInt", 8, 7));
  made_plain("Swift.UnsafeRawPointer", 8, 7);
  void *buffer = make_buffer_of(heap, name, more, "Main.Pair", element, 32 + more + 5 * 8);
  made_set(buffer, 24, leaf(heap));
  for (size_t i = 0; i < 5; i++) made_set(buffer, 32 + more + i * 8, leaf(heap));
  return made_size_of_object(heap, buffer);
}

TEST(a_lock_behind_what_it_guards_owns_nothing) {
  static const char lock[] = "Observation._ManagedCriticalState.LockedBuffer";
  static const struct {
    const char *name, *element;
    uint32_t more;
  } others[] = {{"Main.LockedBuffer", "Swift.UnsafeRawPointer", 0},
                {lock, "Main.Node0", 0},
                {lock, "Swift.UnsafeRawPointer", 8}};
  made_heap heap;
  start(&heap);
  csizer_totals totals = totals_with_lock(&heap, lock, 0, "Swift.UnsafeRawPointer");
  CHECK_EQUAL(totals.objects, 2);
  CHECK_EQUAL(totals.estimated_bytes, 0);
  CHECK_EQUAL(totals.unresolved, 0);
  made_heap_deinit(&heap);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    start(&heap);
    totals = totals_with_lock(&heap, others[i].name, others[i].more, others[i].element);
    CHECK_EQUAL(totals.objects, 1 + 1 + 5);
    CHECK(totals.unresolved > 0);
    made_heap_deinit(&heap);
  }
}

TEST(error_boxes_hold_their_value_at_its_alignment) {
  made_heap heap;
  start(&heap);
  const swift_metadata *kind = made_kind(NULL, SWIFT_ERROR_OBJECT, 8);
  void *error = made_object(&heap, kind, 48);
  made_set(error, 16, made_type("Main.Pair"));
  made_set(error, 40, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, error);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.requested, 48 + 24);
  made_heap_deinit(&heap);
}
