// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "runtime/mangling.h"

// Buffers whose elements follow a header of some library's making: how many there are, and where the first one is.

static const struct tail_header {
  const char *name;
  uint8_t count, count_bytes;  // where in the header, and how wide; no bytes: there are never any elements
  uint8_t first, capacity;     // of a ring; both 0: no ring
} tail_headers[] = {
    // swift-collections 1.6, _DequeBufferHeader.swift: capacity, count, startSlot. The concurrency library has its own
    // copy.
    {"DequeModule._DequeBufferHeader", 8, 8, 16, 0},
    {"Swift._DequeBufferHeader", 8, 8, 16, 0},
    // Rope+_Storage.swift: _childCount: UInt16, height. Foundation has its own copy.
    {"_RopeModule._RopeStorageHeader", 0, 2, 0, 0},
    {"_FoundationCollections._RopeStorageHeader", 0, 2, 0, 0},
    // _HashNode+Storage.swift: only the empty tree's singleton is a described buffer with this header.
    {"HashTreeCollections._HashNodeHeader", 0, 0, 0, 0},
};

bool csizer_compile_tail_header(csizer_object_layout *layout, const swift_metadata *header, size_t offset) {
  if (swift_kind_of(header) != SWIFT_STRUCT) return false;
  char name[96];
  csizer_descriptor_name(csizer_type_descriptor(header), name, sizeof name);
  for (size_t i = 0; i < sizeof tail_headers / sizeof *tail_headers; i++) {
    const struct tail_header *known = &tail_headers[i];
    if (strcmp(name, known->name) != 0) continue;
    layout->count = (uint32_t)offset + known->count;
    layout->count_bytes = known->count_bytes;
    if (known->first != known->capacity) {
      layout->ring_first = (uint32_t)offset + known->first;
      layout->ring_capacity = (uint32_t)offset + known->capacity;
    }
    return true;
  }
  return false;
}

// stdlib/public/Observation/Sources/Observation/Locking.swift of Swift 6.2: behind what an observable class's registrar
// guards there is a lock of libc's, in the room of so many raw pointers. They are none: its words own nothing. (6.3
// declares the lock as what it is.) The class adds nothing to ManagedBuffer; one that does is another.
static bool is_lock_of_observation(const swift_class *type, const swift_class *buffer, const swift_metadata *element) {
  if (swift_kind_of(element) != SWIFT_STRUCT || !type->description) return false;
  if (type->superclass != buffer || type->instance_size != buffer->instance_size) return false;
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(element), name, sizeof name);
  if (strcmp(name, "Swift.UnsafeRawPointer") != 0) return false;
  csizer_descriptor_name(type->description, name, sizeof name);
  return strcmp(name, "Observation._ManagedCriticalState.LockedBuffer") == 0;
}

const csizer_value_layout *csizer_compile_tail_lock(csizer_builder *builder, const swift_metadata *type,
                                                    const swift_class *buffer, const swift_metadata *element) {
  if (!is_lock_of_observation((const swift_class *)type, buffer, element)) return NULL;
  const swift_metadata *word = builder->layouts->runtime->type_in_context("Su", 2, NULL, NULL);
  return word ? csizer_layouts_value(builder->layouts, word) : NULL;
}

// swift-collections 1.6, HashTreeCollections: a node's children come first, its items (tuples of key and value) fill
// the other end of its storage. The class is nested in _HashNode<Key, Value>.
void csizer_compile_hash_node(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  const void *const *arguments = csizer_generic_arguments((const swift_metadata *)type);
  if (!arguments) return;
  const csizer_value_layout *key = csizer_layouts_value(builder->layouts, arguments[0]);
  const csizer_value_layout *value = csizer_layouts_value(builder->layouts, arguments[1]);
  if (!key || !value) return;
  layout->shape = SHAPE_HASH_NODE;
  layout->element = key;
  layout->value = value;
  size_t value_mask = value->align_mask, key_mask = key->align_mask;
  layout->pair_value = (uint32_t)swift_round_up(key->size, value_mask);
  layout->pair_stride = (uint32_t)swift_round_up(layout->pair_value + value->size, key_mask | value_mask);
  if (!layout->pair_stride) layout->pair_stride = 1;
  builder->unresolved |= key->unresolved || value->unresolved;
}

// swift-corelibs-foundation, NSSwiftRuntime.swift: CoreFoundation's C code makes objects of these classes, and keeps
// its own structs where the classes have stored properties.
void csizer_compile_cf_object(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  (void)type;
  layout->shape = SHAPE_CF;
  layout->raw_kind = csizer_layouts_add_kind(builder->layouts, (csizer_kind){.prefix = "CFRunArray"});
}
