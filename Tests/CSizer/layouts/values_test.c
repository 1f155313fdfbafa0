// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_layout.h"
#include "layouts/compiling.h"
#include "support/check.h"
#include "support/made_heap.h"

// The layout compiler on values: each test makes a type by hand, puts leaves where its references are and rubbish where
// its data is, and counts what a walk finds.

enum { MOST_WORDS = 80 };

typedef struct bench {
  made_heap heap;
  uint64_t words[MOST_WORDS];  // the value
} bench;

static void start(bench *bench) {
  made_heap_init(&bench->heap, NULL);
  made_node_class(0);
  // Data that looks like a live object: whoever reads it as a reference counts one too many.
  void *trap = made_node(&bench->heap, 0);
  for (size_t i = 0; i < MOST_WORDS; i++) bench->words[i] = (uint64_t)(uintptr_t)trap;
}

static const void *leaf(bench *bench) { return made_node(&bench->heap, 0); }

// Sets a word of the value to a new leaf.
static void put_leaf(bench *bench, size_t word) { made_set(bench->words, word * 8, leaf(bench)); }

static void expect(bench *bench, const void *type, size_t objects) {
  csizer_totals totals = made_size_of_value(&bench->heap, bench->words, type);
  CHECK_EQUAL(totals.objects, objects);
  CHECK_EQUAL(totals.unresolved, 0);
}

static void end(bench *bench) { made_heap_deinit(&bench->heap); }

TEST(a_class_is_one_reference) {
  bench bench;
  start(&bench);
  put_leaf(&bench, 0);
  expect(&bench, made_node_class(0), 1);
  made_set(bench.words, 0, NULL);
  expect(&bench, made_node_class(0), 0);
  end(&bench);
}

TEST(structs_hold_what_their_fields_hold) {
  bench bench;
  start(&bench);
  made_plain("Main.Int", 8, 7);
  const made_field inner[] = {{"number", "Main.Int", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Inner", .field_count = 2, .fields = inner});
  const made_field outer[] = {
      {"first", "Main.Inner", 0, 0}, {"number", "Main.Int", 16, 0}, {"second", "Main.Inner", 24, 0}};
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.Outer", .field_count = 3, .fields = outer});
  put_leaf(&bench, 1);
  put_leaf(&bench, 4);
  expect(&bench, type, 2);
  end(&bench);
}

TEST(plain_structs_hold_nothing) {
  bench bench;
  start(&bench);
  made_plain("Main.Int", 8, 7);
  const made_field fields[] = {{"x", "Main.Int", 0, 0}, {"y", "Main.Int", 8, 0}};
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.Point", .field_count = 2, .fields = fields});
  expect(&bench, type, 0);
  CHECK(csizer_layout_is_plain(csizer_layouts_value(bench.heap.layouts, type)));
  end(&bench);
}

TEST(references_beyond_the_mask_are_found) {
  bench bench;
  start(&bench);
  enum { FIELDS = 70 };
  made_field fields[FIELDS];
  for (uint32_t i = 0; i < FIELDS; i++) fields[i] = (made_field){"link", "Main.Node0", i * 8, 0};
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.Wide", .field_count = FIELDS, .fields = fields});
  for (size_t i = 0; i < FIELDS; i++) put_leaf(&bench, i);
  expect(&bench, type, FIELDS);
  end(&bench);
}

TEST(how_a_field_is_held_decides) {
  bench bench;
  start(&bench);
  // All name a class; only the first and the box are strong.
  const made_field fields[] = {{"strong", "Main.Node0", 0, 0},    {"unowned", "Main.Node0Xo", 8, 0},
                               {"unmanaged", "Main.Node0Xu", 16, 0}, {"box", "Main.Node0z_Xx", 24, 0},
                               {"meta", "Main.Node0XMT", 32, 0},  {"lent", "Main.Node0Ig_", 40, 0}};
  const swift_metadata *type = made_struct((made_struct_spec){.name = "Main.Held", .field_count = 6, .fields = fields});
  put_leaf(&bench, 0);
  put_leaf(&bench, 3);
  expect(&bench, type, 2);
  end(&bench);
}

TEST(tuples_hold_what_their_elements_hold) {
  bench bench;
  start(&bench);
  made_plain("Main.Byte", 1, 0);
  const char *const types[] = {"Main.Byte", "Main.Node0", "Main.Byte", "Main.Node0"};
  const swift_metadata *type = made_tuple("Main.Tuple", 4, types);
  put_leaf(&bench, 1);
  put_leaf(&bench, 3);
  expect(&bench, type, 2);
  end(&bench);
}

TEST(functions_hold_their_context) {
  bench bench;
  start(&bench);
  put_leaf(&bench, 1);
  expect(&bench, made_function("Main.Function", SWIFT_CONVENTION_SWIFT), 1);
  expect(&bench, made_function("Main.CFunction", 3), 0);
  end(&bench);
}

TEST(fixed_arrays_hold_each_element) {
  bench bench;
  start(&bench);
  made_plain("Main.Int", 8, 7);
  const made_field fields[] = {{"number", "Main.Int", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = fields});
  for (size_t i = 0; i < 5; i++) put_leaf(&bench, 2 * i + 1);
  expect(&bench, made_fixed_array("Main.Five", 5, "Main.Pair"), 5);
  expect(&bench, made_fixed_array("Main.Numbers", 5, "Main.Int"), 0);
  expect(&bench, made_fixed_array("Main.None", 0, "Main.Pair"), 0);
  end(&bench);
}

TEST(class_existentials_are_one_reference) {
  bench bench;
  start(&bench);
  put_leaf(&bench, 0);
  expect(&bench, made_existential("Main.AnyObject", 8, 0), 1);
  expect(&bench, made_existential("Main.ClassBound", 16, 0), 1);
  expect(&bench, made_existential("Main.Error", 8, SWIFT_EXISTENTIAL_NOT_CLASS | SWIFT_EXISTENTIAL_ERROR), 1);
  end(&bench);
}

TEST(opaque_existentials_hold_what_their_type_says) {
  bench bench;
  start(&bench);
  made_plain("Main.Int", 8, 7);
  const swift_metadata *any = made_existential("Main.Any", 32, SWIFT_EXISTENTIAL_NOT_CLASS);
  const made_field fields[] = {
      {"link", "Main.Node0", 0, 0}, {"number", "Main.Int", 8, 0}, {"other", "Main.Node0", 16, 0}};
  const swift_metadata *small =
      made_struct((made_struct_spec){.name = "Main.Small", .field_count = 3, .fields = fields});
  put_leaf(&bench, 0);
  put_leaf(&bench, 2);
  made_set(bench.words, 24, small);
  expect(&bench, any, 2);
  made_set(bench.words, 24, made_type("Main.Int"));  // data inline
  expect(&bench, any, 0);
  made_set(bench.words, 24, NULL);  // an Optional's nil
  expect(&bench, any, 0);
  end(&bench);
}

TEST(large_values_of_existentials_are_in_a_box) {
  bench bench;
  start(&bench);
  const made_field fields[] = {{"a", "Main.Node0", 0, 0}, {"b", "Main.Node0", 24, 0}};
  const swift_metadata *large =
      made_struct((made_struct_spec){.name = "Main.Large", .field_count = 2, .fields = fields});
  CHECK(swift_witnesses_of(large)->flags & SWIFT_NOT_INLINE);
  void *box = made_object(&bench.heap, made_generic_box("Main.Large", 16), 16 + 32);
  made_set(box, 16, leaf(&bench));
  made_set(box, 16 + 24, leaf(&bench));
  made_set(bench.words, 0, box);
  made_set(bench.words, 24, large);
  expect(&bench, made_existential("Main.Any", 32, SWIFT_EXISTENTIAL_NOT_CLASS), 3);
  end(&bench);
}

TEST(metatypes_and_plain_words_hold_nothing) {
  bench bench;
  start(&bench);
  expect(&bench, made_kind("Main.Metatype", SWIFT_METATYPE, 8), 0);
  expect(&bench, made_kind("Main.ExistentialMetatype", SWIFT_EXISTENTIAL_METATYPE, 16), 0);
  expect(&bench, made_opaque("Main.BuiltinWord", 8, false), 0);
  end(&bench);
}

TEST(builtin_objects_are_one_reference) {
  bench bench;
  start(&bench);
  put_leaf(&bench, 0);
  expect(&bench, made_opaque("Main.NativeObject", 8, true), 1);
  end(&bench);
}

TEST(c_structs_are_plain_if_swift_can_copy_their_bits) {
  bench bench;
  start(&bench);
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.C", .size = 16, .align_mask = 7, .field_count = 2,
                                     .fields = (made_field[2]){{0}}, .without_records = true});
  expect(&bench, type, 0);
  end(&bench);
}

TEST(structs_without_records_are_scanned_and_said_to_be) {
  bench bench;
  start(&bench);
  const swift_metadata *type = made_struct(
      (made_struct_spec){.name = "Main.Stripped", .size = 24, .align_mask = 7, .field_count = 2,
                         .fields = (made_field[2]){{0}}, .without_records = true, .not_pod = true});
  bench.words[0] = 1;
  put_leaf(&bench, 1);
  bench.words[2] = ~(uint64_t)0;
  CHECK_EQUAL(made_size_of_value(&bench.heap, bench.words, type).objects, 1);
  CHECK(csizer_layouts_value(bench.heap.layouts, type)->unresolved);
  end(&bench);
}

TEST(a_type_is_compiled_once) {
  bench bench;
  start(&bench);
  made_plain("Main.Int", 8, 7);
  const swift_metadata *type = made_type("Main.Int");
  const csizer_value_layout *layout = csizer_layouts_value(bench.heap.layouts, type);
  CHECK(layout && csizer_layouts_value(bench.heap.layouts, type) == layout);
  // Through every growth of the table.
  char name[32];
  for (int i = 0; i < 450; i++) {
    snprintf(name, sizeof name, "Main.Plain%d", i);
    CHECK(csizer_layouts_value(bench.heap.layouts, made_plain(name, 8, 7)) != NULL);
  }
  CHECK(csizer_layouts_value(bench.heap.layouts, type) == layout);
  end(&bench);
}
