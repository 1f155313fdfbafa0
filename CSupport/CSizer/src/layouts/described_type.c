// SPDX-License-Identifier: Apache-2.0
// Structs and tuples without metadata, laid out as the compiler does it.
#include "layouts/described_type.h"

#include <string.h>

#include "runtime/mangling.h"

enum { INLINE_BYTES = 24, MOST_ALIGNED = 15, WITNESS_TABLE_SPARES = 0x7FFFFFFF };

// ---- Structs and tuples ----

// Fields lie in order, each at its alignment; the field with the most extra inhabitants, the first of these, lends
// its own.
static void place(csizer_described *described, const csizer_field *field, bool *is_plain, uint32_t *ret_offset) {
  const swift_witnesses *witnesses = swift_witnesses_of(field->type);
  size_t align_mask = witnesses->flags & SWIFT_ALIGNMENT_MASK;
  if (align_mask > MOST_ALIGNED) align_mask = MOST_ALIGNED;
  size_t offset = swift_round_up(described->witnesses.size, align_mask);
  csizer_holding holding = csizer_mangled_holding(field->type_name, field->type_name_length);
  // A weak reference to an existential has its spare values in the witness table's word: whoever needs one is told
  // none.
  bool is_wide_weak = holding == CSIZER_HOLDS_WEAK && witnesses->size > sizeof(void *);
  if (is_wide_weak && described->witnesses.extra_inhabitants < WITNESS_TABLE_SPARES) {
    described->spare = CSIZER_SPARE_NONE;
    described->witnesses.extra_inhabitants = WITNESS_TABLE_SPARES;
  }
  bool lends = holding == CSIZER_HOLDS_VALUE || holding == CSIZER_HOLDS_UNOWNED || holding == CSIZER_HOLDS_UNMANAGED ||
               holding == CSIZER_HOLDS_BLOCK;
  if (lends && witnesses->extra_inhabitants > described->witnesses.extra_inhabitants) {
    described->spare = CSIZER_SPARE_FIELD;
    described->part = field->type;
    described->offset = (uint32_t)offset;
    described->witnesses.extra_inhabitants = witnesses->extra_inhabitants;
  }
  *is_plain &= holding == CSIZER_HOLDS_UNMANAGED || !(witnesses->flags & SWIFT_NOT_POD);
  described->witnesses.size = offset + witnesses->size;
  if (align_mask > (described->witnesses.flags & SWIFT_ALIGNMENT_MASK))
    described->witnesses.flags = (described->witnesses.flags & ~SWIFT_ALIGNMENT_MASK) | (uint32_t)align_mask;
  *ret_offset = (uint32_t)offset;
}

// The offsets go where the runtime would have put them: owning fields look for their siblings there.
static bool compile_struct(csizer_builder *builder, csizer_described *described) {
  uint32_t count = csizer_field_count(described->descriptor);
  csizer_field *fields = csizer_layouts_allocate(builder->layouts, (count ? count : 1) * sizeof *fields);
  if (!fields || !described->descriptor->fields || count != described->descriptor->structure.field_count) return false;
  uint32_t *offsets =
      (uint32_t *)((uintptr_t *)&described->metadata + described->descriptor->structure.field_offset_vector);
  bool is_plain = true;
  for (uint32_t i = 0; i < count; i++) {
    if (!csizer_field_record(described->descriptor, i, &fields[i]) || !fields[i].type_name) return false;
    fields[i].type = csizer_described_field_type(builder->layouts, described, fields[i].type_name);
    if (!fields[i].type) return false;
    place(described, &fields[i], &is_plain, &offsets[i]);
  }
  if (!is_plain) described->witnesses.flags |= SWIFT_NOT_POD;
  if (csizer_compile_pointer(builder, (const swift_metadata *)&described->metadata)) return true;
  for (uint32_t i = 0; i < count; i++)
    if (!csizer_owning_field_compile(builder, (const swift_metadata *)&described->metadata, &fields[i], offsets[i]))
      csizer_builder_held(builder, offsets[i], described->witnesses.size, fields[i].type_name, fields[i].type);
  return true;
}

static bool compile_tuple(csizer_builder *builder, csizer_described *described) {
  bool is_plain = true;
  for (size_t i = 0; i < described->argument_count; i++) {
    csizer_field field = {.type_name = "", .type = described->metadata.arguments[i]};
    uint32_t offset;
    place(described, &field, &is_plain, &offset);
    csizer_builder_append(builder, offset, csizer_layouts_value(builder->layouts, field.type));
  }
  if (!is_plain) described->witnesses.flags |= SWIFT_NOT_POD;
  return true;
}

// ---- Stand-ins ----

static csizer_described *find(const csizer_layouts *layouts, const swift_descriptor *descriptor,
                         const swift_metadata *const *arguments, size_t count) {
  csizer_described *at = layouts->described_types;
  while (at && (at->descriptor != descriptor || at->argument_count != count ||
                memcmp(at->metadata.arguments, arguments, count * sizeof *arguments) != 0))
    at = at->next;
  return at;
}

// C's types have the records of the fields that Swift can see, and others besides.
static bool is_imported(const swift_descriptor *descriptor) {
  char name[64];
  csizer_descriptor_name(descriptor, name, sizeof name);
  return strncmp(name, "__C.", 4) == 0;
}

static bool compile(csizer_builder *builder, csizer_described *described) {
  if (described->descriptor && is_imported(described->descriptor)) return false;
  if (!described->descriptor) return compile_tuple(builder, described);
  switch (described->descriptor->flags & 0x1F) {
    case SWIFT_CONTEXT_STRUCT: return compile_struct(builder, described);
    case SWIFT_CONTEXT_ENUM: return csizer_described_enum(builder, described);
    default: return false;
  }
}

static bool finish(csizer_layouts *layouts, csizer_builder *builder, csizer_described *described) {
  swift_witnesses *witnesses = &described->witnesses;
  size_t align_mask = witnesses->flags & SWIFT_ALIGNMENT_MASK;
  witnesses->stride = swift_round_up(witnesses->size ? witnesses->size : 1, align_mask);
  if (witnesses->size > INLINE_BYTES || align_mask >= sizeof(void *)) witnesses->flags |= SWIFT_NOT_INLINE;
  csizer_value_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  if (!layout) return false;
  const swift_metadata *type = (const swift_metadata *)&described->metadata;
  *layout = (csizer_value_layout){.type = type,
                                  .size = (uint32_t)witnesses->size,
                                  .stride = (uint32_t)witnesses->stride,
                                  .align_mask = (uint8_t)align_mask};
  csizer_builder_finish(builder, layout);
  return csizer_layout_map_insert(layouts, &layouts->values, type, layout);
}

const swift_metadata *csizer_described_make(csizer_layouts *layouts, const swift_descriptor *descriptor,
                                       const swift_metadata *const *arguments, size_t count) {
  const csizer_described *known = find(layouts, descriptor, arguments, count);
  // One that is being laid out is met again only behind a reference: as Array's element, say, where its address is
  // enough.
  if (known) return known->failed ? NULL : (const swift_metadata *)&known->metadata;
  // Behind the arguments there may be witness tables, which the runtime looks up where they are missing; then come
  // offsets.
  bool is_struct = descriptor && (descriptor->flags & 0x1F) == SWIFT_CONTEXT_STRUCT;
  size_t words = count + CSIZER_DESCRIBED_ARGUMENTS;
  if (is_struct) words += descriptor->structure.field_offset_vector + descriptor->structure.field_count;
  size_t bytes = sizeof(csizer_described) + words * sizeof *arguments;
  csizer_described *described = csizer_layouts_allocate(layouts, bytes);
  if (!described) return NULL;
  memset(described, 0, bytes);
  bool is_enum = descriptor && (descriptor->flags & 0x1F) == SWIFT_CONTEXT_ENUM;
  described->witnesses.flags = CSIZER_DESCRIBED_FLAG;
  described->descriptor = descriptor;
  described->argument_count = count;
  described->witnesses_of_metadata = &described->witnesses;
  described->metadata.kind = is_enum ? SWIFT_ENUM : SWIFT_STRUCT;
  described->metadata.description = descriptor;
  memcpy(described->metadata.arguments, arguments, count * sizeof *arguments);
  described->next = layouts->described_types;
  layouts->described_types = described;
  csizer_builder builder = {.layouts = layouts};
  described->failed = !compile(&builder, described) || !finish(layouts, &builder, described);
  return described->failed ? NULL : (const swift_metadata *)&described->metadata;
}
