// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/metadata_check.h"
#include "support/check.h"
#include "support/made_heap.h"

// What the runtime is going to follow or to call is looked at before: symbolic references, and what generic types
// demand.

static void *nowhere_near(const void *made) { return (char *)(uintptr_t)made - (1 << 30); }

static char *reference(char kind, const void *target) {
  char *name = made_room(8);
  swift_relative offset;
  name[0] = kind;
  offset = (swift_relative)((const char *)target - (name + 1));
  memcpy(name + 1, &offset, sizeof offset);
  return name;
}

static void some_code(void) {}

TEST(access_functions_are_code) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  char *data = made_room(8);
  CHECK(csizer_mangled_name_is_sound(heap.layouts, reference(9, (const void *)(uintptr_t)some_code)));
  CHECK(!csizer_mangled_name_is_sound(heap.layouts, reference(9, data)));
  CHECK(!csizer_mangled_name_is_sound(heap.layouts, reference(9, nowhere_near(data))));
  made_heap_deinit(&heap);
}

TEST(contexts_have_scopes) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Module", NULL);
  swift_descriptor *type = made_descriptor(SWIFT_CONTEXT_STRUCT, "Type", module);
  const void **indirect = made_room(sizeof *indirect);
  const char *direct = reference(1, type), *pointed = reference(2, indirect);
  CHECK(csizer_mangled_name_is_sound(heap.layouts, direct));
  CHECK(!csizer_mangled_name_is_sound(heap.layouts, pointed));  // NULL
  *indirect = type;
  CHECK(csizer_mangled_name_is_sound(heap.layouts, pointed));
  made_relative(&module->name, nowhere_near(module));
  CHECK(!csizer_mangled_name_is_sound(heap.layouts, direct));
  CHECK(!csizer_mangled_name_is_sound(heap.layouts, pointed));
  enum { OPAQUE_TYPE = 4 };  // its third word is no name
  swift_descriptor *opaque = made_descriptor(OPAQUE_TYPE, NULL, NULL);
  made_relative(&opaque->name, nowhere_near(opaque));
  CHECK(csizer_mangled_name_is_sound(heap.layouts, reference(1, opaque)));
  made_heap_deinit(&heap);
}

// A generic struct of one parameter that demands one protocol; GenericContext.h.
typedef struct generic_struct {
  uint32_t descriptor[7];
  swift_relative cache, pattern;
  uint16_t parameters, requirements, key_arguments, flags;
  uint8_t parameter[4];
  uint32_t requirement_flags;
  swift_relative subject, protocol;
} generic_struct;

TEST(demanded_protocols_can_be_read) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  swift_descriptor *module = made_descriptor(SWIFT_CONTEXT_MODULE, "Module", NULL);
  swift_descriptor *protocol = made_descriptor(SWIFT_CONTEXT_PROTOCOL, "Wanted", module);
  generic_struct *type = made_room(sizeof *type);
  swift_descriptor *descriptor = (swift_descriptor *)(void *)type;
  descriptor->flags = SWIFT_CONTEXT_STRUCT | SWIFT_DESCRIPTOR_GENERIC;
  made_relative(&descriptor->parent, module);
  made_relative(&descriptor->name, made_text("Generic"));
  type->parameters = type->requirements = 1;
  type->key_arguments = 2;
  type->parameter[0] = type->requirement_flags = 0x80;
  made_relative(&type->subject, made_text("x"));
  made_relative(&type->protocol, protocol);
  CHECK(csizer_descriptor_is_sound(heap.layouts, descriptor));
  made_relative(&type->protocol, module);
  CHECK(!csizer_descriptor_is_sound(heap.layouts, descriptor));
  made_relative(&type->protocol, nowhere_near(type));
  CHECK(!csizer_descriptor_is_sound(heap.layouts, descriptor));
  const void **indirect = made_room(sizeof *indirect);
  made_relative(&type->protocol, indirect);
  type->protocol |= 1;
  CHECK(!csizer_descriptor_is_sound(heap.layouts, descriptor));
  *indirect = protocol;
  CHECK(csizer_descriptor_is_sound(heap.layouts, descriptor));
  made_relative(&type->subject, nowhere_near(type));
  CHECK(!csizer_descriptor_is_sound(heap.layouts, descriptor));
  made_relative(&type->subject, made_text("x"));
  type->requirements = UINT16_MAX;  // more than there is memory behind, or rubbish
  CHECK(!csizer_descriptor_is_sound(heap.layouts, descriptor));
  made_heap_deinit(&heap);
}
