// SPDX-License-Identifier: Apache-2.0
#include "csizer_image.h"

#include <string.h>

#include "support/read_image.h"

// What is in a heap image is named, where names can be known.

// ---- Names of slots ----

// The fields of the type with this name, as "offset label;" one after the other.
static void fields_of(image *image, const char *name, char *text, size_t room) {
  bool is_found = false;
  while (!is_over(image, TYPES)) {
    char type[NAME], part[NAME];
    take(image, TYPES);
    take(image, TYPES);
    take_text(image, TYPES, type, NAME);
    take_text(image, TYPES, part, NAME);
    const bool is_it = !strcmp(type, name);
    is_found |= is_it;
    size_t used = 0;
    for (uint64_t fields = take(image, TYPES); fields; fields--) {
      const uint64_t offset = take(image, TYPES);
      take_text(image, TYPES, part, NAME);
      if (is_it) used += (size_t)snprintf(text + used, room - used, "%d %s;", (int)offset, part);
    }
    CHECK_EQUAL(take(image, TYPES), 0);
  }
  CHECK(is_found);
  image->at[TYPES] = 0;
}

TEST(slots_have_the_names_of_what_stands_there) {
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  // What the engine puts in for parameters that a context does not bind.
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
  const made_field inner[] = {{"number", "Main.Int", 0, 0}, {"node", "Main.Node1", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Inner", .field_count = 2, .fields = inner});
  const made_field base[] = {{"first", "Main.Node1", 16, 0}};
  const swift_class *superclass =
      made_class((made_class_spec){.name = "Main.Base", .size = 24, .field_count = 1, .fields = base});
  const made_field fields[] = {{"inner", "Main.Inner", 24, 0}, {"count", "Main.Int", 40, 0},
                               {"parent", "Main.Node1Xw", 48, 0}, {"owner", "Main.Node1Xo", 56, 0}};
  const swift_class *outer = made_class((made_class_spec){
      .name = "Main.Outer", .superclass = superclass, .size = 64, .field_count = 4, .fields = fields});
  static const char *const captures[] = {"Main.Node1", "Main.Int", "Main.Inner"};
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_object(&heap, outer, 64);
  made_object(&heap, made_context(3, captures, 0, NULL), 48);
  made_object(&heap, made_generic_box("Main.Inner", 16), 32);
  image image;
  char text[1024];
  csizer_graph *graph = write_image(&heap, &image);
  fields_of(&image, "Main.Outer", text, sizeof text);
  CHECK_TEXT(text, "16 .first;32 .inner.node;48 .parent;56 .owner;");
  fields_of(&image, "closure context", text, sizeof text);
  CHECK_TEXT(text, "16 capture 1;40 capture 3.node;");
  fields_of(&image, "box of Main.Inner", text, sizeof text);
  CHECK_TEXT(text, "24 box.node;");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Names of functions ----

// A function that closures have; nobody calls it.
static void a_function(void) {}

TEST(a_closure_has_the_name_of_its_function) {
  static names names;
  static const char *const captures[] = {"Main.Node1"};
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
  made_function("Main.Callback", SWIFT_CONVENTION_SWIFT);
  const made_field fields[] = {{"first", "Main.Callback", 16, 0}, {"second", "Main.Callback", 32, 0}};
  const swift_class *caller =
      made_class((made_class_spec){.name = "Main.Caller", .size = 48, .field_count = 2, .fields = fields});
  const swift_metadata *isa = made_context(1, captures, 0, NULL);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = made_object(&heap, caller, 48);
  void *named = made_object(&heap, isa, 24), *nameless = made_object(&heap, isa, 24);
  made_set(holder, 16, (const void *)(uintptr_t)&a_function);
  made_set(holder, 24, named);
  made_set(holder, 32, holder);  // no function
  made_set(holder, 40, nameless);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK_EQUAL(csizer_graph_object_at(graph, (size_t)take_signed(&image, NAMES)).address, (uintptr_t)named);
  const uint64_t label = take(&image, NAMES);
  CHECK(label < names.label_count);
  CHECK_EQUAL(labelled_address(names.labels[label]), (uintptr_t)&a_function);
  CHECK(is_over(&image, NAMES));
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// What captures one object has that for its context: the reference has the function's name.
TEST(a_reference_has_the_name_of_the_function_that_captured_it) {
  static names names;
  made_node_class(1);
  made_function("Main.Callback", SWIFT_CONVENTION_SWIFT);
  made_function("Main.Code", 3);  // C's convention
  const made_field fields[] = {
      {"end", "Main.Callback", 16, 0}, {"code", "Main.Code", 32, 0}, {"node", "Main.Node1", 40, 0}};
  const swift_class *caller =
      made_class((made_class_spec){.name = "Main.Session", .size = 48, .field_count = 3, .fields = fields});
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *session = made_object(&heap, caller, 48);
  made_set(session, 16, (const void *)(uintptr_t)&a_function);
  made_set(session, 24, session);
  made_set(session, 32, (const void *)(uintptr_t)&a_function);  // C's function, and beside it what it knows nothing of
  made_set(session, 40, made_node(&heap, 1));
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK_EQUAL(csizer_graph_object_at(graph, (size_t)take_signed(&image, CALLS)).address, (uintptr_t)session);
  CHECK_EQUAL(take(&image, CALLS), 0);
  const uint64_t label = take(&image, CALLS);
  CHECK(label < names.label_count);
  CHECK_EQUAL(labelled_address(names.labels[label]), (uintptr_t)&a_function);
  CHECK(is_over(&image, CALLS));
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}
