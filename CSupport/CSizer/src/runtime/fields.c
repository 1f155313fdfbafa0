// SPDX-License-Identifier: Apache-2.0
// Stored properties and cases as metadata lists them.
#include <string.h>

#include "runtime/block_names.h"
#include "runtime/fields.h"
#include "runtime/mangling.h"
#include "runtime/typetext.h"

const swift_descriptor *csizer_type_descriptor(const swift_metadata *type) {
  switch (swift_kind_of(type)) {
    case SWIFT_CLASS: return ((const swift_class *)type)->description;
    case SWIFT_STRUCT:
    case SWIFT_ENUM:
    case SWIFT_OPTIONAL: return ((const swift_value_type *)type)->description;
    default: return NULL;
  }
}

// Where a class's own part of its metadata begins, in bytes from the address point. With a superclass from a resilient
// module that is known only at run time. Metadata.h, TargetClassDescriptor::getImmediateMembersOffset
static ptrdiff_t immediate_members(const swift_descriptor *descriptor) {
  if (descriptor->flags & SWIFT_CLASS_RESILIENT_SUPERCLASS) {
    const ptrdiff_t *bounds = swift_resolve(&descriptor->class_.resilient_bounds);
    return bounds ? *bounds : 0;
  }
  ptrdiff_t words = (descriptor->flags & SWIFT_CLASS_NEGATIVE_MEMBERS)
                        ? -(ptrdiff_t)descriptor->class_.negative_size
                        : (ptrdiff_t)descriptor->class_.positive_size - (ptrdiff_t)descriptor->class_.immediate_members;
  return words * (ptrdiff_t)sizeof(void *);
}

const void *const *csizer_generic_arguments(const swift_metadata *type) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  if (!descriptor || !(descriptor->flags & SWIFT_DESCRIPTOR_GENERIC)) return NULL;
  if (swift_kind_of(type) == SWIFT_CLASS)
    return (const void *const *)((const char *)type + immediate_members(descriptor));
  return ((const swift_value_type *)type)->arguments;
}

static const swift_field_descriptor *field_descriptor(const swift_descriptor *descriptor) {
  return swift_resolve(&descriptor->fields);
}

uint32_t csizer_field_count(const swift_descriptor *descriptor) {
  const swift_field_descriptor *fields = field_descriptor(descriptor);
  return fields ? fields->count : 0;
}

static const swift_field_record *record_at(const swift_field_descriptor *fields, uint32_t index) {
  return (const void *)((const char *)(fields + 1) + (size_t)index * fields->record_size);
}

uint32_t csizer_field_index(const swift_descriptor *descriptor, const char *name) {
  const swift_field_descriptor *fields = field_descriptor(descriptor);
  for (uint32_t i = 0; fields && i < fields->count; i++) {
    const char *own = swift_resolve(&record_at(fields, i)->name);
    if (own && strcmp(own, name) == 0) return i;
  }
  return CSIZER_NO_FIELD;
}

// Where a type can't be copied, the record's name leads to an accessor that answers `()`.
static bool hides_its_type(const csizer_field *field) {
  return field->type && csizer_mangled_is_accessor(field->type_name) && swift_kind_of(field->type) == SWIFT_TUPLE &&
         !((const swift_tuple *)field->type)->count;
}

bool csizer_field_record(const swift_descriptor *descriptor, uint32_t index, csizer_field *ret) {
  const swift_field_descriptor *fields = field_descriptor(descriptor);
  if (!fields || index >= fields->count) return false;
  const swift_field_record *record = record_at(fields, index);
  const char *name = swift_resolve(&record->name);
  *ret = (csizer_field){.name = name ? name : "", .flags = record->flags};
  ret->type_name = swift_resolve(&record->type_name);
  if (ret->type_name) ret->type_name_length = csizer_mangled_length(ret->type_name);
  return true;
}

static const swift_metadata *type_in_context(const csizer_runtime *runtime, const csizer_field *field,
                                             const swift_descriptor *descriptor, const void *const *arguments) {
  const char *name = field->type_name;
  size_t length = field->type_name_length;
  char room[CSIZER_STAND_IN_ROOM];
  if (csizer_name_mentions_block(name, length)) {
    if (!csizer_name_without_blocks(name, length, room)) return NULL;
    name = room;
    length = strlen(room);
  }
  return runtime->type_in_context(name, length, descriptor, arguments);
}

bool csizer_field_read(const csizer_runtime *runtime, const swift_metadata *type, uint32_t index, csizer_field *ret) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  if (!descriptor || !csizer_field_record(descriptor, index, ret)) return false;
  if (!ret->type_name) return true;
  const void *const *arguments = csizer_generic_arguments(type);
  if (runtime->type_in_context &&
      (arguments || !csizer_mangled_expands_pack(ret->type_name, ret->type_name_length)))
    ret->type = type_in_context(runtime, ret, descriptor, arguments);
  if (hides_its_type(ret)) {
    csizer_type_scope scope = {runtime, descriptor, arguments};
    ret->type = csizer_type_of_noncopyable_field(ret->type_name, &scope);
  }
  return true;
}

bool csizer_field_offsets_are_known(const swift_metadata *type) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  uint32_t count = csizer_field_count(descriptor);
  if (swift_kind_of(type) != SWIFT_CLASS) return count == descriptor->structure.field_count;
  // With a resilient superclass the vector's place is counted from the class's own part of the metadata, which may
  // begin with it.
  bool has_vector = descriptor->class_.field_offset_vector || descriptor->flags & SWIFT_CLASS_RESILIENT_SUPERCLASS;
  return count == descriptor->class_.field_count && (!count || has_vector);
}

const void *csizer_field_offsets(const swift_metadata *type) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  if (swift_kind_of(type) != SWIFT_CLASS) return (const uintptr_t *)type + descriptor->structure.field_offset_vector;
  ptrdiff_t vector = (ptrdiff_t)descriptor->class_.field_offset_vector * (ptrdiff_t)sizeof(void *);
  if (descriptor->flags & SWIFT_CLASS_RESILIENT_SUPERCLASS) vector += immediate_members(descriptor);
  return (const char *)type + vector;
}

size_t csizer_field_offset(const swift_metadata *type, uint32_t index) {
  const void *offsets = csizer_field_offsets(type);
  if (swift_kind_of(type) != SWIFT_CLASS) return ((const uint32_t *)offsets)[index];
  return ((const uintptr_t *)offsets)[index];
}
