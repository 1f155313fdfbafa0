// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "runtime/mangling.h"
#include "support/check.h"
#include "support/made_types.h"

// The dotted names that owning fields and storage classes are known by.

static const char *name_of(const swift_descriptor *descriptor) {
  static char text[128];
  memset(text, '?', sizeof text);
  csizer_descriptor_name(descriptor, text, sizeof text);
  return text;
}

TEST(names_go_from_the_module_inwards) {
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Module", NULL);
  swift_descriptor *outer = made_descriptor(SWIFT_CONTEXT_ENUM, "Outer", module);
  swift_descriptor *inner = made_descriptor(SWIFT_CONTEXT_CLASS | SWIFT_DESCRIPTOR_GENERIC, "Inner", outer);
  CHECK_TEXT(name_of(module), "Module");
  CHECK_TEXT(name_of(inner), "Module.Outer.Inner");
}

TEST(contexts_without_a_name_are_passed_over) {
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Module", NULL);
  // An extension's and a private scope's third word is not a name.
  swift_descriptor *extension = made_descriptor(SWIFT_CONTEXT_EXTENSION, "not a name", module);
  swift_descriptor *scope = made_descriptor(SWIFT_CONTEXT_ANONYMOUS, "not a name", extension);
  CHECK_TEXT(name_of(made_descriptor(SWIFT_CONTEXT_STRUCT, "Hidden", scope)), "Module.Hidden");
}

TEST(parents_may_be_reached_through_a_pointer) {
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Elsewhere", NULL);
  swift_descriptor *type = made_descriptor(SWIFT_CONTEXT_STRUCT, "Type", NULL);
  const swift_descriptor **pointer = made_room(sizeof *pointer);
  *pointer = module;
  made_relative(&type->parent, pointer);
  type->parent |= 1;
  CHECK_TEXT(name_of(type), "Elsewhere.Type");
}

TEST(names_are_cut_to_the_room_there_is) {
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Module", NULL);
  swift_descriptor *type = made_descriptor(SWIFT_CONTEXT_STRUCT, "Type", module);
  for (size_t capacity = 1; capacity <= 16; capacity++) {
    char text[24];
    memset(text, '?', sizeof text);
    CHECK_EQUAL(csizer_descriptor_name(type, text, capacity), capacity > sizeof "Module.Type");
    CHECK(memchr(text, 0, capacity) != NULL);
    CHECK_EQUAL(strncmp(text, "Module.Type", strlen(text)), 0);
    for (size_t i = capacity; i < sizeof text; i++) CHECK_EQUAL(text[i], '?');
  }
}

TEST(endless_parents_end) {
  swift_descriptor *type = made_descriptor(SWIFT_CONTEXT_STRUCT, "Loop", NULL);
  made_relative(&type->parent, type);
  // A descriptor is its own parent at offset -4 from the field: what matters is that the call returns.
  char text[64];
  CHECK(!csizer_descriptor_name(type, text, sizeof text));
  CHECK(strlen(text) < sizeof text);
}
