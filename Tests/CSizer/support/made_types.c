// SPDX-License-Identifier: Apache-2.0
#include "support/made_types.h"

#include <string.h>

#include "support/check.h"

// "Main.Outer.Inner": a module, an enum as name space, the type itself.
static swift_descriptor *dotted_descriptor(uint32_t flags, const char *name) {
  char part[128];
  swift_descriptor *parent = NULL;
  for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) {
    snprintf(part, sizeof part, "%.*s", (int)(dot - name), name);
    parent = made_descriptor(parent ? SWIFT_CONTEXT_ENUM : SWIFT_CONTEXT_MODULE, part, parent);
  }
  return made_descriptor(flags, name, parent);
}

static const swift_witnesses *made_witnesses(size_t size, uint32_t align_mask, bool not_pod) {
  swift_witnesses *witnesses = made_room(sizeof *witnesses);
  witnesses->size = size;
  witnesses->stride = size ? swift_round_up(size, align_mask) : 1;
  witnesses->flags = align_mask | (not_pod ? SWIFT_NOT_POD : 0);
  if (size > 24 || align_mask > 7) witnesses->flags |= SWIFT_NOT_INLINE;
  return witnesses;
}

// Before the address point: for classes the function that destroys an instance, then the value witnesses.
static void *made_metadata(const char *name, uintptr_t kind, size_t bytes, const swift_witnesses *witnesses) {
  const void **words = made_room(2 * sizeof *words + bytes);
  words[1] = witnesses;
  swift_metadata *type = (swift_metadata *)(void *)(words + 2);
  type->kind = kind;
  if (name) made_alias(name, type);
  return type;
}

static void made_records(swift_descriptor *descriptor, size_t count, const made_field *fields) {
  swift_field_descriptor *head = made_room(sizeof *head + count * sizeof(swift_field_record));
  swift_field_record *records = (swift_field_record *)(head + 1);
  head->record_size = sizeof *records;
  head->count = (uint32_t)count;
  for (size_t i = 0; i < count; i++) {
    records[i].flags = fields[i].flags;
    made_relative(&records[i].name, made_text(fields[i].name));
    made_relative(&records[i].type_name, fields[i].type ? made_text(fields[i].type) : NULL);
  }
  made_relative(&descriptor->fields, head);
}

// What the fields themselves ask for.
static void measure(made_struct_spec *spec) {
  for (size_t i = 0; i < spec->field_count; i++) {
    const made_field *field = &spec->fields[i];
    const swift_metadata *type = made_runtime.type_in_context(field->type, strlen(field->type), NULL, NULL);
    size_t size = 8;
    uint32_t mask = 7;
    bool not_pod = true;
    if (type) {
      size = swift_witnesses_of(type)->size;
      mask = swift_witnesses_of(type)->flags & SWIFT_ALIGNMENT_MASK;
      not_pod = swift_witnesses_of(type)->flags & SWIFT_NOT_POD;
    }
    if (spec->size < field->offset + size) spec->size = field->offset + size;
    if (spec->align_mask < mask) spec->align_mask = mask;
    spec->not_pod |= not_pod;
  }
}

const swift_metadata *made_struct(made_struct_spec spec) {
  if (!spec.without_records) measure(&spec);
  swift_descriptor *descriptor = dotted_descriptor(SWIFT_CONTEXT_STRUCT, spec.name);
  swift_value_type *type =
      made_metadata(spec.name, SWIFT_STRUCT, sizeof *type + spec.field_count * sizeof(uint32_t),
                    made_witnesses(spec.size, spec.align_mask, spec.not_pod));
  type->description = descriptor;
  descriptor->structure.field_count = (uint32_t)spec.field_count;
  descriptor->structure.field_offset_vector = sizeof *type / sizeof(uintptr_t);
  uint32_t *offsets = (uint32_t *)(void *)(type + 1);
  for (size_t i = 0; i < spec.field_count; i++) offsets[i] = spec.fields[i].offset;
  if (!spec.without_records) made_records(descriptor, spec.field_count, spec.fields);
  return (const swift_metadata *)type;
}

const swift_metadata *made_plain(const char *name, size_t size, uint32_t align_mask) {
  return made_struct((made_struct_spec){.name = name, .size = size, .align_mask = align_mask});
}

// Behind a generic class's descriptor: GenericContext.h.
static void made_parameters(swift_descriptor *descriptor, size_t count) {
  struct {
    swift_relative cache, pattern;
    uint16_t parameters, requirements, key_arguments, flags;
    uint8_t kinds[16];
  } part = {.parameters = (uint16_t)count, .key_arguments = (uint16_t)count};
  for (size_t i = 0; i < count; i++) part.kinds[i] = 0x80;  // a type, which is an argument
  memcpy(descriptor + 1, &part, sizeof part);
}

// A class's metadata: its head, its superclass's members, then its own: arguments, offsets of fields.
const swift_class *made_class(made_class_spec spec) {
  uint32_t head = sizeof(swift_class) / sizeof(uintptr_t);
  uint32_t inherited = spec.superclass ? spec.superclass->description->class_.positive_size : head;
  uint32_t own = (uint32_t)(spec.argument_count + spec.field_count);
  uintptr_t *words =
      made_metadata(spec.name, SWIFT_CLASS, (inherited + own) * sizeof *words, made_witnesses(8, 7, true));
  if (spec.superclass)
    memcpy(words + head, (const uintptr_t *)(const void *)spec.superclass + head, (inherited - head) * sizeof *words);
  for (size_t i = 0; i < spec.argument_count; i++) words[inherited + i] = (uintptr_t)spec.arguments[i];
  for (size_t i = 0; i < spec.field_count; i++) words[inherited + spec.argument_count + i] = spec.fields[i].offset;
  uint32_t flags = SWIFT_CONTEXT_CLASS | (spec.argument_count ? SWIFT_DESCRIPTOR_GENERIC : 0);
  swift_descriptor *descriptor = dotted_descriptor(flags, spec.name);
  if (spec.argument_count) made_parameters(descriptor, spec.argument_count);
  descriptor->class_.positive_size = inherited + own;
  descriptor->class_.immediate_members = own;
  descriptor->class_.field_count = (uint32_t)spec.field_count;
  if (spec.field_count) descriptor->class_.field_offset_vector = inherited + (uint32_t)spec.argument_count;
  if (spec.resilient) {
    ptrdiff_t *bounds = made_room(sizeof *bounds);
    *bounds = (ptrdiff_t)(inherited * sizeof *words);
    descriptor->flags |= SWIFT_CLASS_RESILIENT_SUPERCLASS;
    made_relative(&descriptor->class_.resilient_bounds, bounds);
    descriptor->class_.field_offset_vector = (uint32_t)spec.argument_count;
  }
  if (spec.without_records) descriptor->class_.field_offset_vector = 0;
  else made_records(descriptor, spec.field_count, spec.fields);
  swift_class *type = (swift_class *)(void *)words;
  type->superclass = spec.superclass;
  type->instance_size = spec.size;
  type->instance_align_mask = 15;
  type->description = descriptor;
  return type;
}

const swift_metadata *made_tuple(const char *name, size_t count, const char *const *types) {
  size_t offset = 0;
  uint32_t mask = 0;
  bool not_pod = false;
  swift_tuple *tuple = made_metadata(name, SWIFT_TUPLE, sizeof *tuple + count * sizeof *tuple->elements, NULL);
  tuple->count = count;
  for (size_t i = 0; i < count; i++) {
    const swift_witnesses *witnesses = swift_witnesses_of(made_type(types[i]));
    uint32_t element_mask = witnesses->flags & SWIFT_ALIGNMENT_MASK;
    offset = swift_round_up(offset, element_mask);
    tuple->elements[i].type = made_type(types[i]);
    tuple->elements[i].offset = (uint32_t)offset;
    tuple->elements[i].padding = 0xD000A5A5;
    offset += witnesses->size;
    if (mask < element_mask) mask = element_mask;
    not_pod |= (witnesses->flags & SWIFT_NOT_POD) != 0;
  }
  ((const swift_witnesses **)(void *)tuple)[-1] = made_witnesses(offset, mask, not_pod);
  return (const swift_metadata *)tuple;
}

const swift_metadata *made_function(const char *name, uintptr_t convention) {
  bool is_swift = convention == SWIFT_CONVENTION_SWIFT;
  swift_function *type =
      made_metadata(name, SWIFT_FUNCTION, sizeof *type, made_witnesses(is_swift ? 16 : 8, 7, is_swift));
  type->flags = convention << 16;
  return (const swift_metadata *)type;
}

const swift_metadata *made_existential(const char *name, size_t size, uint32_t flags) {
  swift_existential *type = made_metadata(name, SWIFT_EXISTENTIAL, sizeof *type, made_witnesses(size, 7, true));
  type->flags = flags;
  return (const swift_metadata *)type;
}

const swift_metadata *made_fixed_array(const char *name, intptr_t count, const char *element) {
  const swift_witnesses *of_element = swift_witnesses_of(made_type(element));
  size_t size = count > 0 ? (size_t)count * of_element->stride : 0;
  swift_fixed_array *type =
      made_metadata(name, SWIFT_FIXED_ARRAY, sizeof *type,
                    made_witnesses(size, of_element->flags & SWIFT_ALIGNMENT_MASK, of_element->flags & SWIFT_NOT_POD));
  type->count = count;
  type->element = made_type(element);
  return (const swift_metadata *)type;
}

const swift_metadata *made_opaque(const char *name, size_t size, bool not_pod) {
  return made_metadata(name, SWIFT_OPAQUE, sizeof(swift_metadata), made_witnesses(size, 7, not_pod));
}

const swift_metadata *made_kind(const char *name, uintptr_t kind, size_t size) {
  return made_metadata(name, kind, sizeof(swift_metadata), made_witnesses(size, 7, true));
}

const swift_metadata *made_generic_box(const char *type, uint32_t offset) {
  swift_generic_box *box = made_metadata(NULL, SWIFT_GENERIC_BOX, sizeof *box, NULL);
  box->offset = offset;
  box->type = made_type(type);
  return (const swift_metadata *)box;
}

const swift_metadata *made_context(size_t capture_count, const char *const *captures, size_t parameter_count,
                                   const char *const *parameters) {
  swift_capture_descriptor *descriptor =
      made_room(sizeof *descriptor + (capture_count + 2 * parameter_count) * sizeof(swift_relative));
  *descriptor = (swift_capture_descriptor){
      .capture_count = (uint32_t)capture_count,
      .source_count = (uint32_t)parameter_count,
      .binding_count = (uint32_t)parameter_count,
  };
  swift_relative *names = (swift_relative *)(void *)(descriptor + 1);
  for (size_t i = 0; i < capture_count; i++) made_relative(&names[i], made_text(captures[i]));
  for (size_t i = 0; i < parameter_count; i++) {
    char source[24];
    snprintf(source, sizeof source, "B%zu", i);
    made_relative(&names[capture_count + 2 * i], made_text(parameters[i]));
    made_relative(&names[capture_count + 2 * i + 1], made_text(source));
  }
  swift_local_variable *context = made_metadata(NULL, SWIFT_LOCAL_VARIABLE, sizeof *context, NULL);
  context->offset_to_first_capture = sizeof(swift_object);
  context->captures = descriptor;
  return (const swift_metadata *)context;
}

static bool is_plain(const made_field *payload) {
  if (!payload->type) return true;
  const swift_metadata *type = made_runtime.type_in_context(payload->type, strlen(payload->type), NULL, NULL);
  return !(payload->flags & SWIFT_FIELD_INDIRECT) && type && !(swift_witnesses_of(type)->flags & SWIFT_NOT_POD);
}

const swift_metadata *made_enum(made_enum_spec spec) {
  bool not_pod = false;
  for (size_t i = 0; i < spec.payload_cases; i++) not_pod |= !is_plain(&spec.cases[i]);
  swift_witnesses *witnesses = (swift_witnesses *)(uintptr_t)made_witnesses(spec.size, spec.size >= 8 ? 7 : 0, not_pod);
  witnesses->flags |= SWIFT_HAS_ENUM_WITNESSES;
  witnesses->get_enum_tag = spec.tag.get;
  witnesses->project_enum_data = spec.tag.project;
  witnesses->inject_enum_tag = spec.tag.inject;
  swift_value_type *type = made_metadata(spec.name, SWIFT_ENUM, sizeof *type, witnesses);
  swift_descriptor *descriptor = dotted_descriptor(SWIFT_CONTEXT_ENUM, spec.name);
  type->description = descriptor;
  descriptor->enumeration.payload_cases = (uint32_t)spec.payload_cases;
  descriptor->enumeration.empty_cases = (uint32_t)spec.empty_cases;
  made_records(descriptor, spec.payload_cases + spec.empty_cases, spec.cases);
  return (const swift_metadata *)type;
}
