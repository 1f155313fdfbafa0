// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_allocator.h"
#include "support/check.h"
#include "support/made_heap.h"

// Pointers whose bits an atomic keeps as a number: they may own a block, as any other pointer.

enum { BLOCK = 512 };

static const swift_metadata *struct_of(const char *name, const swift_descriptor *descriptor, size_t size,
                                       const swift_metadata *argument) {
  char witnesses_name[128];
  snprintf(witnesses_name, sizeof witnesses_name, "Main.Witnesses%zu", strlen(name));
  const void **words = made_room(4 * sizeof *words);
  words[0] = swift_witnesses_of(made_plain(witnesses_name, size, 7));
  swift_value_type *type = (swift_value_type *)(void *)(words + 1);
  type->kind = SWIFT_STRUCT;
  type->description = descriptor;
  words[3] = argument;
  made_alias(name, (const swift_metadata *)(const void *)type);
  return (const swift_metadata *)(const void *)type;
}

/// Synchronization.Atomic of a type, of so many bytes.
static const swift_metadata *atomic_of(const char *name, const swift_metadata *value, size_t size) {
  const swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Synchronization", NULL);
  return struct_of(name, made_descriptor(SWIFT_CONTEXT_STRUCT | SWIFT_DESCRIPTOR_GENERIC, "Atomic", module), size,
                   value);
}

/// What swift-atomics keeps instead of a value, as the runtime names it.
static const swift_metadata *representation(const char *name) {
  const swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Atomics", NULL);
  const swift_descriptor *extension = made_descriptor(SWIFT_CONTEXT_EXTENSION, "not a name", module);
  const char *dot = strrchr(name, '.');
  return struct_of(name, made_descriptor(SWIFT_CONTEXT_STRUCT, dot + 1, extension), 8, NULL);
}

static const swift_metadata *opaque_pointer(void) {
  static const swift_metadata *type;
  if (type) return type;
  made_plain("Builtin.RawPointer", 8, 7);
  const made_field raw = {"_rawValue", "Builtin.RawPointer", 0, 0};
  return type = made_struct((made_struct_spec){.name = "Swift.OpaquePointer", .field_count = 1, .fields = &raw});
}

static bool knows_blocks(const made_heap *heap) {
  return csizer_allocator_ownership(heap->blocks[heap->count - 1]) != CSIZER_OWNERSHIP_UNKNOWN;
}

// The value has two words: one is a number, the other one the address of a block.
static void expect_estimate(const swift_metadata *type, bool is_first) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_node(&heap, 0);
  void *block = made_block(&heap, BLOCK);
  const void *words[] = {is_first ? block : (void *)7, is_first ? (void *)7 : block};
  csizer_totals totals = made_size_of_value(&heap, words, type);
  if (knows_blocks(&heap)) {
    CHECK_EQUAL(totals.unresolved, 1);
    CHECK_EQUAL(totals.estimated_bytes, made_bytes(block));
    CHECK_EQUAL(totals.bytes, made_bytes(block));
  }
  made_heap_deinit(&heap);
}

static void expect_nothing(const swift_metadata *type) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  const void *words[] = {made_node(&heap, 0), made_block(&heap, BLOCK)};
  csizer_totals totals = made_size_of_value(&heap, words, type);
  CHECK_EQUAL(totals.bytes, 0);
  CHECK_EQUAL(totals.unresolved, 0);
  made_heap_deinit(&heap);
}

TEST(a_pointer_in_an_atomic_may_own) {
  expect_estimate(atomic_of("Main.AtomicPointer", opaque_pointer(), 8), true);
  const made_field handle = {"rawValue", "Swift.OpaquePointer", 0, 0};
  const swift_metadata *wrapped =
      made_struct((made_struct_spec){.name = "Main.Handle", .field_count = 1, .fields = &handle});
  expect_estimate(atomic_of("Main.AtomicHandle", wrapped, 8), true);
}

// Of a type of the program's: in whatever word it was put.
TEST(a_pointer_may_be_in_any_word_of_an_atomic) {
  opaque_pointer();
  made_plain("Main.Int", 8, 7);
  const made_field fields[] = {{"tag", "Main.Int", 0, 0}, {"pointer", "Swift.OpaquePointer", 8, 0}};
  const swift_metadata *tagged =
      made_struct((made_struct_spec){.name = "Main.Tagged", .field_count = 2, .fields = fields});
  expect_estimate(atomic_of("Main.AtomicTagged", tagged, 16), true);
  expect_estimate(atomic_of("Main.AtomicTaggedToo", tagged, 16), false);
}

TEST(what_else_an_atomic_owns_is_unresolved) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_node_class(0);
  const made_field field = {"node", "Main.Node0", 0, 0};
  const swift_metadata *holding =
      made_struct((made_struct_spec){.name = "Main.Holding", .field_count = 1, .fields = &field});
  const void *node = made_node(&heap, 0);
  csizer_totals totals = made_size_of_value(&heap, &node, atomic_of("Main.AtomicHolding", holding, 8));
  CHECK_EQUAL(totals.unresolved, 1);
  CHECK_EQUAL(totals.objects, 1);
  CHECK_EQUAL(totals.estimated_bytes, heap.bytes);
  made_heap_deinit(&heap);
}

TEST(an_atomic_number_owns_nothing) {
  made_plain("Main.Int", 8, 7);
  expect_nothing(atomic_of("Main.AtomicInt", made_type("Main.Int"), 8));
  expect_nothing(atomic_of("Main.AtomicByte", made_plain("Main.Byte", 1, 0), 1));
}

TEST(the_atomics_package_keeps_pointers_as_numbers) {
  expect_estimate(representation("(extension in Atomics):Swift.UnsafeMutableRawPointer.AtomicRepresentation"), true);
  expect_estimate(representation("(extension in Atomics):Swift.UnsafePointer<Main.Int>.AtomicOptionalRepresentation"),
                  true);
  expect_estimate(representation("(extension in Atomics):Swift.Unmanaged<Main.A.B>.AtomicRepresentation"), true);
  expect_nothing(representation("(extension in Atomics):Swift.Int.AtomicRepresentation"));
  expect_nothing(representation("(extension in Atomics):Main.UnsafeRawPointer.AtomicRepresentation"));
}
