// SPDX-License-Identifier: Apache-2.0
#include "csizer_owning.h"
#include "layouts/compiling.h"
#include "support/check.h"
#include "support/made_heap.h"

// What a table leaves out, and which pointer fields own what they point at.

static const made_field two_links[] = {{"kept", "Main.Node0", 16, 0}, {"cache", "Main.Cache", 24, 0}};

static void define(void) {
  made_node_class(0);
  made_plain("Main.Int", 8, 7);
  const made_field cache[] = {{"entries", "Main.Node0", 0, 0}, {"hits", "Main.Int", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Cache", .field_count = 2, .fields = cache});
  made_class((made_class_spec){.name = "Main.Owner", .size = 40, .field_count = 2, .fields = two_links});
}

// An owner of two leaves, one of them through a field of the struct Main.Cache.
static void *make_owner(made_heap *heap) {
  void *owner = made_object(heap, made_type("Main.Owner"), 40);
  made_set(owner, 16, made_node(heap, 0));
  made_set(owner, 24, made_node(heap, 0));
  return owner;
}

TEST(nothing_is_left_out_without_exclusions) {
  made_heap heap;
  define();
  made_heap_init(&heap, NULL);
  CHECK_EQUAL(made_size_of_object(&heap, make_owner(&heap)).bytes, heap.bytes);
  made_heap_deinit(&heap);
}

TEST(excluded_structs_are_not_followed) {
  made_heap heap;
  define();
  const void *const types[] = {made_type("Main.Cache")};
  made_heap_init(&heap, &(csizer_exclusions){.types = types, .type_count = 1});
  CHECK_EQUAL(made_size_of_object(&heap, make_owner(&heap)).objects, 2);
  made_heap_deinit(&heap);
}

TEST(excluded_classes_are_neither_counted_nor_followed) {
  made_heap heap;
  define();
  const void *const types[] = {made_type("Main.Owner")};
  made_heap_init(&heap, &(csizer_exclusions){.types = types, .type_count = 1});
  csizer_totals totals = made_size_of_object(&heap, make_owner(&heap));
  CHECK_EQUAL(totals.objects, 0);
  CHECK_EQUAL(totals.bytes, 0);
  made_heap_deinit(&heap);
}

TEST(names_exclude_as_types_do) {
  made_heap heap;
  define();
  const char *const names[] = {"Main.Other", "Main.Node0"};
  made_heap_init(&heap, &(csizer_exclusions){.names = names, .name_count = 2});
  CHECK_EQUAL(made_size_of_object(&heap, make_owner(&heap)).objects, 1);
  made_heap_deinit(&heap);
}

TEST(a_name_must_match_as_a_whole) {
  made_heap heap;
  define();
  const char *const names[] = {"Main.Nod", "Main.Node00", "Main", ""};
  made_heap_init(&heap, &(csizer_exclusions){.names = names, .name_count = 4});
  CHECK_EQUAL(made_size_of_object(&heap, make_owner(&heap)).objects, 3);
  made_heap_deinit(&heap);
}

TEST(owning_fields_count_their_block) {
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"buffer", "Main.Pointer", 16, 0}, {"borrowed", "Main.Pointer", 24, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Buffer", .size = 32, .field_count = 2, .fields = fields});
  made_owner("Main.Buffer", "buffer");
  made_owner("Main.Buffer", "buffer");
  CHECK_EQUAL(csizer_owning_field_register(&(csizer_owning_field){.type = "Main.Buffer", .field = ""}), CSIZER_INVALID);
  CHECK_EQUAL(csizer_owning_field_register(&(csizer_owning_field){.type = "", .field = "buffer"}), CSIZER_INVALID);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *object = made_object(&heap, class, 32), *block = made_block(&heap, 1000);
  made_set(object, 16, block);
  made_set(object, 24, made_block(&heap, 1000));
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, object), CSIZER_OK);
  csizer_totals totals = csizer_walk_totals(walk);
  CHECK_EQUAL(totals.raw_blocks, 1);
  CHECK_EQUAL(totals.objects, 1);
  CHECK_EQUAL(totals.bytes, made_bytes(object) + made_bytes(block));
  CHECK_EQUAL(made_kind_totals(&heap, walk, "Main.Buffer.buffer").bytes, made_bytes(block));
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}
