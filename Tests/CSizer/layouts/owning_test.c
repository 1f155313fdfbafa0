// SPDX-License-Identifier: Apache-2.0
#include "csizer_owning.h"

#include "csizer_allocator.h"
#include "support/check.h"
#include "support/made_heap.h"

// The rules of owning fields, on a class with a pointer at 16 and siblings of it.

enum { POINTER = 16, COUNT = 24, FIRST = 32, OWNER = 40, SIZE = 48 };

// Every test has a class of its own: rows stay for the life of the process.
static const swift_class *make_class(const char *name, csizer_owning_field row) {
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  const made_field pair[] = {{"number", "Main.Int", 0, 0}, {"link", "Main.Node1", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = pair});
  row.type = name;
  row.field = "pointer";
  if (row.rule == CSIZER_OWNS_VALUES && !row.element) row.element = made_type("Main.Pair");
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  const made_field fields[] = {{"pointer", "Main.Int", POINTER, 0},
                               {"count", "Main.Int", COUNT, 0},
                               {"first", "Main.Int", FIRST, 0},
                               {"owner", "Main.Int", OWNER, 0}};
  return made_class((made_class_spec){.name = name, .size = SIZE, .field_count = 4, .fields = fields});
}

static void *make_owner(made_heap *heap, const char *name, csizer_owning_field row, const void *block) {
  const swift_class *class = make_class(name, row);
  made_heap_init(heap, NULL);
  void *owner = made_object(heap, class, SIZE);
  made_set(owner, POINTER, block);
  return owner;
}

// A block of `count` pairs, each with a leaf of its own.
static void *make_pairs(made_heap *heap, size_t count) {
  char *block = made_block(heap, count * 16);
  for (size_t i = 0; i < count; i++) made_set(block, i * 16 + 8, made_node(heap, 1));
  return block;
}

TEST(values_are_one_or_as_many_as_are_counted) {
  made_heap heap;
  void *owner = make_owner(&heap, "Main.Values", (csizer_owning_field){.rule = CSIZER_OWNS_VALUES}, NULL);
  made_set(owner, POINTER, make_pairs(&heap, 8));
  csizer_totals totals = made_size_of_object(&heap, owner);
  CHECK_EQUAL(totals.objects, 2);
  CHECK_EQUAL(totals.raw_blocks, 1);
  made_heap_deinit(&heap);
  owner = make_owner(&heap, "Main.Counted", (csizer_owning_field){.rule = CSIZER_OWNS_VALUES, .count = "count"}, NULL);
  made_set(owner, POINTER, make_pairs(&heap, 8));
  for (uint64_t count = 0; count <= 8; count++) {
    made_set_number(owner, COUNT, count);
    CHECK_EQUAL(made_size_of_object(&heap, owner).objects, 1 + count);
  }
  made_set_number(owner, COUNT, (uint64_t)1 << 62);  // a lie stays in the block
  CHECK_EQUAL(made_size_of_object(&heap, owner).bytes, heap.bytes);
  made_heap_deinit(&heap);
}

TEST(lists_through_raw_blocks_are_no_recursion) {
  enum { LENGTH = 300000 };
  made_heap heap;
  const made_field fields[] = {{"next", "Main.Link", 0, 0}};
  made_plain("Main.Link", 8, 7);
  const swift_metadata *type = made_struct((made_struct_spec){.name = "Main.Cell", .field_count = 1, .fields = fields});
  const csizer_owning_field row = {.type = "Main.Cell", .field = "next", .rule = CSIZER_OWNS_VALUES, .element = type};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_heap_init(&heap, NULL);
  void *head = NULL;
  for (int i = 0; i < LENGTH; i++) {
    void *cell = made_block(&heap, 8);
    made_set(cell, 0, head);
    head = cell;
  }
  CHECK(csizer_heapmap_insert(heap.map, made_block(&heap, 16)));  // a GiB where the allocator may be asked
  csizer_totals totals = made_size_of_value(&heap, &head, type);
  CHECK_EQUAL(totals.raw_blocks, LENGTH);
  made_heap_deinit(&heap);
}

TEST(rings_begin_where_their_first_element_is) {
  made_heap heap;
  const csizer_owning_field row = {.rule = CSIZER_OWNS_VALUES, .count = "first", .first = "owner"};
  void *owner = make_owner(&heap, "Main.Ring", row, NULL);
  // The field is a buffer pointer: 16 is its base, 24 the ring's size. 32 counts, 40 is the first.
  char *block = make_pairs(&heap, 8);
  made_set(owner, POINTER, block);
  made_set_number(owner, POINTER + 8, 8);
  void *trap = made_object(&heap, made_node_class(1), 32);
  for (uint64_t first = 0; first < 8; first++)
    for (uint64_t count = 0; count <= 8; count++) {
      made_set_number(owner, FIRST, count);
      made_set_number(owner, OWNER, first);
      void *leaf = made_node(&heap, 1);
      // The one behind the last, if there is room for one, is rubbish.
      void *spare = block + (first + count) % 8 * 16 + 8, *kept;
      __builtin_memcpy(&kept, spare, sizeof kept);
      if (count < 8) made_set(spare, 0, leaf);
      CHECK_EQUAL(made_size_of_object(&heap, owner).objects, 1 + count);
      made_set(spare, 0, kept);
    }
  CHECK_EQUAL(made_size_of_object(&heap, trap).objects, 1);
  made_heap_deinit(&heap);
}

TEST(lent_memory_is_not_owned) {
  made_heap heap;
  const csizer_owning_field lent_if_set = {.lender = "owner", .lent_bits = 6};
  void *owner = make_owner(&heap, "Main.Lent", lent_if_set, NULL);
  made_set(owner, POINTER, made_block(&heap, 100));
  for (uint64_t word = 0; word < 8; word++) {
    made_set_number(owner, OWNER, word);
    CHECK_EQUAL(made_size_of_object(&heap, owner).raw_blocks, (word & 6) == 0);
  }
  made_heap_deinit(&heap);
  csizer_owning_field lent_if_clear = lent_if_set;
  lent_if_clear.lent_if_clear = true;
  owner = make_owner(&heap, "Main.LentIfClear", lent_if_clear, NULL);
  made_set(owner, POINTER, made_block(&heap, 100));
  for (uint64_t word = 0; word < 8; word++) {
    made_set_number(owner, OWNER, word);
    CHECK_EQUAL(made_size_of_object(&heap, owner).raw_blocks, (word & 6) != 0);
  }
  made_heap_deinit(&heap);
}

TEST(objects_behind_pointers_are_followed) {
  made_heap heap;
  void *owner = make_owner(&heap, "Main.Opaque", (csizer_owning_field){.rule = CSIZER_OWNS_OBJECT}, NULL);
  void *object = made_node(&heap, 1);
  made_link(object, 0, made_node(&heap, 1));
  made_set(owner, POINTER, object);
  csizer_totals totals = made_size_of_object(&heap, owner);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.raw_blocks, 0);
  made_heap_deinit(&heap);
}

TEST(foreign_objects_are_counted_and_said_to_be_unknown) {
  made_heap heap;
  void *owner = make_owner(&heap, "Main.Foreign", (csizer_owning_field){.rule = CSIZER_OWNS_FOREIGN}, NULL);
  made_set(owner, POINTER, made_block(&heap, 100));
  csizer_totals totals = made_size_of_object(&heap, owner);
  // Its library may have allocated it elsewhere: without the allocator's word it is only said to be unknown.
  CHECK_EQUAL(totals.raw_blocks, csizer_allocator_has_uniform_pages());
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(doubtful_pointers_need_the_allocators_word) {
  made_heap heap;
  void *owner = make_owner(&heap, "Main.Doubt", (csizer_owning_field){.doubt = "owner"}, NULL);
  char *block = made_block(&heap, 256);
  bool can_say = csizer_allocator_has_uniform_pages();
  made_set(owner, POINTER, block);
  CHECK_EQUAL(made_size_of_object(&heap, owner).raw_blocks, 1);
  made_set_number(owner, OWNER, 1);
  CHECK_EQUAL(made_size_of_object(&heap, owner).raw_blocks, can_say);
  CHECK_EQUAL(made_size_of_object(&heap, owner).unresolved, !can_say);
  made_set(owner, POINTER, block + 64);  // into the middle
  CHECK_EQUAL(made_size_of_object(&heap, owner).raw_blocks, 0);
  made_heap_deinit(&heap);
}
