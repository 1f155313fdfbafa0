// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include "csizer_allocator.h"
#include "csizer_owning.h"
#include "support/check.h"
#include "support/made_heap.h"

// Pointers that no rule explains: the block that one leads to is an estimate, unless something else leads there, too.

static void make_pointer(void) {
  made_plain("Builtin.RawPointer", 8, 7);
  const made_field raw = {"_rawValue", "Builtin.RawPointer", 0, 0};
  made_struct((made_struct_spec){.name = "Swift.OpaquePointer", .field_count = 1, .fields = &raw});
  made_node_class(1);
}

/// An object with two pointers, at 16 and 24, and a reference at 32.
static void *make_holder(made_heap *heap) {
  static const swift_class *class;
  if (!class) {
    make_pointer();
    const made_field fields[] = {{"first", "Swift.OpaquePointer", 16, 0}, {"second", "Swift.OpaquePointer", 24, 0},
                                 {"link", "Main.Node1", 32, 0}};
    class = made_class((made_class_spec){.name = "Main.Holder", .size = 40, .field_count = 3, .fields = fields});
  }
  return made_object(heap, class, 40);
}

static void expect(made_heap *heap, const void *root, size_t bytes, size_t estimated, size_t unresolved) {
  csizer_totals totals = made_size_of_object(heap, root);
  CHECK_EQUAL(totals.bytes, bytes);
  CHECK_EQUAL(totals.estimated_bytes, estimated);
  CHECK_EQUAL(totals.unresolved, unresolved);
}

// Whoever does not know its allocator's blocks can say no more than that something is not known.
static bool knows_blocks(made_heap *heap) {
  return csizer_allocator_ownership(heap->blocks[0]) != CSIZER_OWNERSHIP_UNKNOWN;
}

TEST(a_block_that_a_pointer_leads_to_is_an_estimate) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = make_holder(&heap);
  made_set(holder, 16, made_block(&heap, 900));
  if (knows_blocks(&heap)) expect(&heap, holder, heap.bytes, heap.bytes - made_bytes(holder), 1);
  made_set(holder, 24, made_block(&heap, 100000));  // of one object, once
  if (knows_blocks(&heap)) expect(&heap, holder, heap.bytes, heap.bytes - made_bytes(holder), 1);
  made_heap_deinit(&heap);
}

TEST(what_is_no_block_of_this_heap_is_nothing) {
  static uint64_t data[4];
  uint64_t local[4] = {0};
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = make_holder(&heap);
  char *mapping = mmap(NULL, check_page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapping != MAP_FAILED);
  const void *targets[] = {NULL, data, local, mapping, (void *)8, (void *)-16, (void *)0x7FFFFFFFFFF0};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    if (targets[i] == mapping && !knows_blocks(&heap)) continue;
    made_set(holder, 16, targets[i]);
    expect(&heap, holder, made_bytes(holder), 0, 0);
  }
  CHECK_EQUAL(munmap(mapping, check_page_bytes()), 0);
  made_heap_deinit(&heap);
}

// Into the middle of an object, of a raw block beside objects, and of blocks that are no slabs: everywhere but at their
// start.
TEST(a_pointer_into_the_middle_is_nothing) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = make_holder(&heap);
  if (!knows_blocks(&heap)) {
    made_heap_deinit(&heap);
    return;
  }
  char *object = made_node(&heap, 20), *large = made_block(&heap, 1000000);
  for (size_t at = 8; at < made_bytes(object); at += 8) {
    made_set(holder, 16, object + at);
    expect(&heap, holder, made_bytes(holder), 0, 0);
  }
  // Where in the first page it starts only the allocator knows. Every line of a page has its turn, not of each: that
  // takes an emulated processor minutes.
  for (size_t at = csizer_allocator_geometry_read().page_bytes; at < made_bytes(large); at += (size_t)17 * 64) {
    made_set(holder, 16, large + at);
    expect(&heap, holder, made_bytes(holder), 0, 0);
  }
  made_set(holder, 16, large);
  expect(&heap, holder, made_bytes(holder) + made_bytes(large), made_bytes(large), 1);
  made_heap_deinit(&heap);
}

TEST(what_something_else_leads_to_is_explained) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = make_holder(&heap), *child = made_node(&heap, 1), *grandchild = made_node(&heap, 0);
  made_set(holder, 16, grandchild);
  made_set(holder, 32, child);
  made_link(child, 0, grandchild);
  expect(&heap, holder, heap.bytes, 0, 0);
  made_set(child, 16, NULL);
  expect(&heap, holder, heap.bytes, made_bytes(grandchild), 1);
  made_heap_deinit(&heap);
}

// The object is not looked into, and stays there for whoever has it.
TEST(an_owner_that_comes_later_has_it_all) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = make_holder(&heap), *owner = made_node(&heap, 1), *owned = made_node(&heap, 1),
       *below = made_node(&heap, 3);
  made_set(holder, 16, owned);
  made_link(owner, 0, owned);
  made_link(owned, 0, below);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, holder), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, made_bytes(holder) + made_bytes(owned));
  CHECK_EQUAL(csizer_walk_totals(walk).estimated_bytes, made_bytes(owned));
  CHECK_EQUAL(csizer_walk_object(walk, owner), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes + made_bytes(owned));
  CHECK_EQUAL(csizer_walk_totals(walk).unresolved, 1);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

// Both are unresolved; the block counts once.
TEST(two_that_point_at_one_block) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_node(&heap, 2), *first = make_holder(&heap), *second = make_holder(&heap),
       *target = made_node(&heap, 7);
  made_link(root, 0, first);
  made_link(root, 1, second);
  made_set(first, 16, target);
  made_set(second, 24, target);
  expect(&heap, root, heap.bytes, made_bytes(target), 2);
  made_heap_deinit(&heap);
}

TEST(a_row_that_borrows_silences) {
  const csizer_owning_field row = {.type = "Main.Borrower", .field = "pointer", .rule = CSIZER_BORROWS};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_pointer();
  const made_field field = {"pointer", "Swift.OpaquePointer", 16, 0};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Borrower", .size = 24, .field_count = 1, .fields = &field});
  void *borrower = made_object(&heap, class, 24);
  made_set(borrower, 16, made_node(&heap, 1));
  expect(&heap, borrower, made_bytes(borrower), 0, 0);
  made_heap_deinit(&heap);
}

// ---- Values that are more than bits, and nothing says why ----

static csizer_totals size_of(made_heap *heap, const swift_metadata *type, const void *words) {
  return made_size_of_value(heap, words, type);
}

// `@_rawLayout`, and C++: no field tells. What looks like an object is followed, as an estimate.
TEST(more_than_bits_without_an_owner_is_unresolved) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  const void *words[4] = {NULL, made_node(&heap, 2), NULL, NULL};
  const swift_metadata *raw =
      made_struct((made_struct_spec){.name = "Main.Raw", .size = 32, .align_mask = 7, .not_pod = true});
  csizer_totals totals = size_of(&heap, raw, words);
  CHECK_EQUAL(totals.unresolved, 1);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, heap.bytes);
  const made_field inner[] = {{"raw", "Main.Raw", 0, 0}};
  CHECK_EQUAL(
      size_of(&heap, made_struct((made_struct_spec){.name = "Main.Outer", .field_count = 1, .fields = inner}), words)
          .unresolved,
      1);
  made_heap_deinit(&heap);
}

TEST(a_handle_or_a_pointer_with_a_deinit_is_unresolved_once) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_pointer();
  made_plain("Main.Int", 8, 7);
  const made_field fields[] = {{"number", "Main.Int", 0, 0}, {"pointer", "Swift.OpaquePointer", 8, 0}};
  made_node(&heap, 0);
  const void *words[2] = {NULL, made_block(&heap, 500)};
  size_t block = made_bytes(words[1]);
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.Owner", .field_count = 2, .fields = fields, .not_pod = true});
  csizer_totals totals = size_of(&heap, type, words);
  CHECK_EQUAL(totals.unresolved, 1);
  if (knows_blocks(&heap)) CHECK_EQUAL(totals.estimated_bytes, block);
  words[1] = NULL;
  CHECK_EQUAL(size_of(&heap, type, words).unresolved, 1);  // it would not be more than bits for nothing
  made_heap_deinit(&heap);
}

// What is known to own nothing, alone and as a part.
TEST(what_is_explained_is_not_unresolved) {
  const csizer_owning_field row = {.type = "Main.Handle", .field = "number", .rule = CSIZER_BORROWS};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_heap heap;
  made_heap_init(&heap, NULL);
  const void *words[4] = {made_node(&heap, 1), made_node(&heap, 1), made_node(&heap, 1), made_node(&heap, 1)};
  const swift_metadata *atomic =
      made_struct((made_struct_spec){.name = "Synchronization.Atomic", .size = 8, .align_mask = 7, .not_pod = true});
  const made_field part[] = {{"counter", "Synchronization.Atomic", 0, 0}};
  const swift_metadata *whole =
      made_struct((made_struct_spec){.name = "Main.Counter", .field_count = 1, .fields = part});
  const swift_metadata *types[] = {atomic, whole, made_fixed_array("Main.Counters", 3, "Main.Counter"),
                                   made_opaque("Main.ActorStorage", 32, true)};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    csizer_totals totals = size_of(&heap, types[i], words);
    CHECK_EQUAL(totals.bytes, 0);
    CHECK_EQUAL(totals.unresolved, 0);
  }
  made_plain("Main.Int", 8, 7);
  const made_field handle[] = {{"number", "Main.Int", 0, 0}};
  const made_struct_spec spec = {.name = "Main.Handle", .field_count = 1, .fields = handle, .not_pod = true};
  CHECK_EQUAL(size_of(&heap, made_struct(spec), words).unresolved, 0);
  made_heap_deinit(&heap);
}

TEST(objects_of_cplusplus_are_estimates) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_node(&heap, 0);
  const void *word = made_block(&heap, 2000);
  csizer_totals totals = size_of(&heap, made_kind("Main.CxxClass", SWIFT_FOREIGN_REFERENCE, 8), &word);
  CHECK_EQUAL(totals.unresolved, 1);
  if (knows_blocks(&heap)) CHECK_EQUAL(totals.estimated_bytes, made_bytes(word));
  made_heap_deinit(&heap);
}
