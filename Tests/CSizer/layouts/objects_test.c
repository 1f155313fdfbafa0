// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"
#include "support/made_heap.h"

// Objects that are their fields: classes and their superclasses, boxes, closures' contexts.

static void *leaf(made_heap *heap) { return made_node(heap, 0); }

static void start(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(0);
  made_plain("Main.Int", 8, 7);
  // What the engine puts in for parameters that a context does not bind.
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
}

// All blocks of the heap are found, and the objects alone asked for `requested` bytes.
static void expect_all(made_heap *heap, const void *object, size_t requested) {
  csizer_totals totals = made_size_of_object(heap, object);
  CHECK_EQUAL(totals.bytes, heap->bytes);
  CHECK_EQUAL(totals.objects, heap->count);
  CHECK_EQUAL(totals.requested, requested);
  CHECK_EQUAL(totals.unresolved, 0);
}

enum { LEAF = 24 };  // bytes that a leaf asks for

TEST(subclasses_hold_what_their_superclasses_hold) {
  made_heap heap;
  start(&heap);
  const made_field base[] = {{"a", "Main.Node0", 16, 0}, {"x", "Main.Int", 24, 0}};
  const made_field middle[] = {{"y", "Main.Int", 32, 0}, {"b", "Main.Node0", 40, 0}};
  const made_field last[] = {{"c", "Main.Node0", 48, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Base", .size = 32, .field_count = 2, .fields = base});
  class = made_class(
      (made_class_spec){.name = "Main.Middle", .superclass = class, .size = 48, .field_count = 2, .fields = middle});
  class = made_class(
      (made_class_spec){.name = "Main.Last", .superclass = class, .size = 56, .field_count = 1, .fields = last});
  void *object = made_object(&heap, class, 56);
  made_set(object, 16, leaf(&heap));
  made_set(object, 40, leaf(&heap));
  made_set(object, 48, leaf(&heap));
  expect_all(&heap, object, 56 + 3 * LEAF);
  made_heap_deinit(&heap);
}

TEST(generic_arguments_are_found_behind_the_superclass) {
  made_heap heap;
  start(&heap);
  const made_field base[] = {{"x", "Main.Int", 16, 0}};
  const swift_class *superclass =
      made_class((made_class_spec){.name = "Main.Base", .size = 24, .field_count = 1, .fields = base});
  const void *const arguments[] = {made_node_class(0)};
  const made_field fields[] = {{"element", "x", 24, 0}};
  for (int resilient = 0; resilient < 2; resilient++) {
    const swift_class *class = made_class((made_class_spec){
        .name = "Main.Generic", .superclass = superclass, .size = 32, .field_count = 1, .fields = fields,
        .argument_count = 1, .arguments = arguments, .resilient = resilient});
    void *object = made_object(&heap, class, 32);
    made_set(object, 24, leaf(&heap));
    CHECK_EQUAL(made_size_of_object(&heap, object).objects, 2);
  }
  made_heap_deinit(&heap);
}

TEST(classes_without_records_are_scanned_and_said_to_be) {
  made_heap heap;
  start(&heap);
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Stripped", .size = 48, .field_count = 3,
                                   .fields = (made_field[3]){{0}}, .without_records = true});
  void *object = made_object(&heap, class, 48);
  made_set(object, 24, leaf(&heap));
  made_set_number(object, 32, 0xDEADBEEF);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, object), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 2);
  CHECK_EQUAL(csizer_walk_totals(walk).unresolved, 1);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(objects_of_an_unknown_kind_are_scanned_and_said_to_be) {
  made_heap heap;
  start(&heap);
  void *object = made_object(&heap, made_kind(NULL, 0x6FF, 8), 64);
  made_set(object, 40, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, object);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(generic_boxes_hold_their_value) {
  made_heap heap;
  start(&heap);
  const made_field fields[] = {{"x", "Main.Int", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = fields});
  void *box = made_object(&heap, made_generic_box("Main.Pair", 16), 32);
  made_set(box, 16, box);  // data
  made_set(box, 24, leaf(&heap));
  expect_all(&heap, box, 32 + LEAF);
  made_heap_deinit(&heap);
}

TEST(captures_lie_in_order_at_their_alignment) {
  made_heap heap;
  start(&heap);
  made_plain("Main.Byte", 1, 0);
  made_plain("Main.Short", 2, 1);
  // Behind the header: 16 byte, 18 short, 24 class, 32 byte, 40 function, 56 box, 64 weak, 72 unowned, 80 unmanaged.
  const char *const captures[] = {"Main.Byte",   "Main.Short",  "Main.Node0",    "Main.Byte",   "SiIegd_",
                                  "Main.Node0z_Xx", "Main.Node0Xw", "Main.Node0Xo", "Main.Node0Xu"};
  void *context = made_object(&heap, made_context(9, captures, 0, NULL), 88);
  made_set(context, 24, leaf(&heap));
  made_set(context, 48, leaf(&heap));
  made_set(context, 56, leaf(&heap));
  made_set(context, 40, context);  // code
  expect_all(&heap, context, 88 + 3 * LEAF);
  made_heap_deinit(&heap);
}

TEST(generic_captures_are_laid_out_for_their_bindings) {
  made_heap heap;
  start(&heap);
  made_plain("Main.Byte", 1, 0);
  const char *const captures[] = {"Main.Byte", "x", "Main.Node0"}, *const parameters[] = {"x"};
  const swift_metadata *isa = made_context(3, captures, 1, parameters);
  // The same metadata, two layouts: 16 binding, 24 byte, then a class at 32, or a byte at 25; then a class.
  void *with_class = made_object(&heap, isa, 48), *with_byte = made_object(&heap, isa, 40);
  made_set(with_class, 16, made_node_class(0));
  made_set(with_class, 32, leaf(&heap));
  made_set(with_class, 40, with_byte);
  made_set(with_byte, 16, made_type("Main.Byte"));
  made_set(with_byte, 32, leaf(&heap));
  expect_all(&heap, with_class, 48 + 40 + 2 * LEAF);
  made_heap_deinit(&heap);
}

TEST(captures_that_nobody_can_resolve_are_scanned) {
  made_heap heap;
  start(&heap);
  const char *const captures[] = {"Main.Unheard", "Main.Node0"};
  void *context = made_object(&heap, made_context(2, captures, 0, NULL), 48);
  made_set(context, 32, leaf(&heap));
  csizer_totals totals = made_size_of_object(&heap, context);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(kinds_say_what_was_counted) {
  made_heap heap;
  start(&heap);
  const made_field fields[] = {{"a", "Main.Node0", 16, 0}, {"b", "Main.Node0", 24, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Owner", .size = 32, .field_count = 2, .fields = fields});
  void *owner = made_object(&heap, class, 32);
  made_set(owner, 16, leaf(&heap));
  made_set(owner, 24, leaf(&heap));
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, owner), CSIZER_OK);
  csizer_kind_totals owners = made_kind_totals(&heap, walk, "Main.Owner");
  csizer_kind_totals leaves = made_kind_totals(&heap, walk, "Main.Node0");
  CHECK_EQUAL(owners.count, 1);
  CHECK_EQUAL(owners.bytes, made_bytes(owner));
  CHECK_EQUAL(leaves.count, 2);
  CHECK_EQUAL(leaves.requested, 2 * LEAF);
  CHECK_EQUAL(owners.bytes + leaves.bytes, heap.bytes);
  CHECK_EQUAL(csizer_walk_kind_totals(walk, 100000).count, 0);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}
