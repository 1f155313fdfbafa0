// SPDX-License-Identifier: Apache-2.0
// The names of slots: from a type and an offset to the stored property, the case or the capture that is there.
#include "graph/image_fields.h"

#include "layouts/metadata_check.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"

enum { MOST_FIELDS = 128, LABEL = 96, DEEPEST = 8 };

typedef struct label {
  uint32_t offset, length;
  char text[LABEL];
} label;

/// The slots of one value or object.
typedef struct labels {
  const csizer_object_layout *layout;
  const csizer_value_layout *value;
  bool is_element;
  uint32_t count;
  label labels[MOST_FIELDS];
} labels;

static void add_text(label *label, const char *before, const char *text, size_t length) {
  const size_t before_length = strlen(before);
  if (label->length + before_length + length > LABEL) return;  // what is too long ends earlier
  memcpy(label->text + label->length, before, before_length);
  memcpy(label->text + label->length + before_length, text, length);
  label->length += (uint32_t)(before_length + length);
}

static void add_number(label *label, const char *before, uint32_t number) {
  char digits[12];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  add_text(label, before, digits + at, sizeof digits - at);
}

// ---- Types ----

static void describe(csizer_layouts *layouts, const swift_metadata *type, size_t offset, label *label, int depth);

// The stored property of a struct, or of one class of a chain, that begins last at or before an offset.
static uint32_t field_before(const swift_metadata *type, size_t offset, size_t *ret_start) {
  const uint32_t count = csizer_field_count(csizer_type_descriptor(type));
  uint32_t found = CSIZER_NO_FIELD;
  for (uint32_t i = 0; i < count && csizer_field_offsets_are_known(type); i++) {
    const size_t start = csizer_field_offset(type, i);
    if (start > offset || (found != CSIZER_NO_FIELD && start < *ret_start)) continue;
    found = i;
    *ret_start = start;
  }
  return found;
}

static void describe_field(csizer_layouts *layouts, const swift_metadata *type, uint32_t index, size_t offset,
                           label *label, int depth) {
  csizer_field field;
  if (!csizer_field_read(layouts->runtime, type, index, &field) || !field.name) return;
  add_text(label, ".", field.name, strlen(field.name));
  const bool is_value = csizer_mangled_holding(field.type_name, field.type_name_length) == CSIZER_HOLDS_VALUE;
  if (is_value && field.type) describe(layouts, field.type, offset, label, depth + 1);
}

// The class of the chain that declares the property: what stands behind is a subclass's.
static void describe_class(csizer_layouts *layouts, const swift_class *type, size_t offset, label *label, int depth) {
  for (; type && csizer_metadata_is_sound(layouts, (const swift_metadata *)type); type = type->superclass) {
    size_t start = 0;
    if (!csizer_type_descriptor((const swift_metadata *)type)) return;
    const uint32_t index = field_before((const swift_metadata *)type, offset, &start);
    if (index == CSIZER_NO_FIELD) continue;
    describe_field(layouts, (const swift_metadata *)type, index, offset - start, label, depth);
    return;
  }
}

// How the standard library's types are made nobody wants to know.
static bool is_of_standard_library(const swift_descriptor *descriptor) {
  enum { NAME = 128 };
  char name[NAME];
  csizer_descriptor_name(descriptor, name, sizeof name);
  return strncmp(name, "Swift.", 6) == 0;
}

static void describe_struct(csizer_layouts *layouts, const swift_metadata *type, size_t offset, label *label,
                            int depth) {
  size_t start = 0;
  if (is_of_standard_library(csizer_type_descriptor(type))) return;
  const swift_metadata *content = csizer_raw_content(type);
  if (content) {
    describe(layouts, content, offset, label, depth + 1);
    return;
  }
  const uint32_t index = field_before(type, offset, &start);
  if (index != CSIZER_NO_FIELD) describe_field(layouts, type, index, offset - start, label, depth);
}

// Which of several cases is there the type does not tell.
static void describe_enum(csizer_layouts *layouts, const swift_metadata *type, size_t offset, label *label, int depth) {
  csizer_builder builder = {.layouts = layouts};
  const csizer_enum *described = csizer_enum_describe(&builder, type, true);
  if (described && described->case_count == 1) describe_field(layouts, type, 0, offset, label, depth);
}

static void describe_tuple(csizer_layouts *layouts, const swift_tuple *tuple, size_t offset, label *label, int depth) {
  size_t i = tuple->count;
  while (i && tuple->elements[i - 1].offset > offset) i--;
  if (!i) return;
  add_number(label, ".", (uint32_t)(i - 1));
  describe(layouts, tuple->elements[i - 1].type, offset - tuple->elements[i - 1].offset, label, depth + 1);
}

static void describe(csizer_layouts *layouts, const swift_metadata *type, size_t offset, label *label, int depth) {
  if (depth > DEEPEST || !csizer_metadata_is_sound(layouts, type)) return;
  switch (swift_kind_of(type)) {
    case SWIFT_STRUCT: describe_struct(layouts, type, offset, label, depth); return;
    case SWIFT_ENUM: describe_enum(layouts, type, offset, label, depth); return;
    case SWIFT_OPTIONAL: describe(layouts, csizer_generic_arguments(type)[0], offset, label, depth + 1); return;
    case SWIFT_TUPLE: describe_tuple(layouts, (const swift_tuple *)type, offset, label, depth); return;
    default: return;  // a reference: here the path ends
  }
}

// ---- Objects ----

static void describe_captures(csizer_layouts *layouts, labels *labels) {
  const csizer_object_layout *layout = labels->layout;
  for (uint32_t i = 0; i < labels->count; i++) {
    label *label = &labels->labels[i];
    uint32_t found = 0;  // plus 1
    for (uint32_t k = 0; k < layout->capture_count; k++)
      if (layout->captures[k].offset <= label->offset) found = k + 1;
    if (!found) continue;
    const csizer_capture *capture = &layout->captures[found - 1];
    add_number(label, "capture ", found);
    if (capture->type) describe(layouts, capture->type, label->offset - capture->offset, label, 0);
  }
}

static void describe_object(csizer_layouts *layouts, labels *labels) {
  const swift_metadata *type = labels->layout->fields.type;
  for (uint32_t i = 0; i < labels->count; i++) {
    label *label = &labels->labels[i];
    if (swift_kind_of(type) == SWIFT_CLASS) describe_class(layouts, (const swift_class *)type, label->offset, label, 0);
    if (swift_kind_of(type) != SWIFT_GENERIC_BOX) continue;
    const swift_generic_box *box = (const swift_generic_box *)type;
    add_text(label, "box", "", 0);
    if (label->offset >= box->offset) describe(layouts, box->type, label->offset - box->offset, label, 0);
  }
  if (swift_kind_of(type) == SWIFT_LOCAL_VARIABLE) describe_captures(layouts, labels);
}

// Where the next word that may refer to something is, from an offset on; UINT32_MAX when there is none.
static uint32_t next_slot(const csizer_value_layout *value, uint32_t from) {
  uint32_t found = UINT32_MAX;
  for (uint64_t words = value->references; words; words &= words - 1) {
    const uint32_t offset = 8 * (uint32_t)__builtin_ctzll(words);
    if (offset >= from && offset < found) found = offset;
  }
  for (uint32_t i = 0; i < value->op_count; i++)
    if (value->ops[i].offset >= from && value->ops[i].offset < found) found = value->ops[i].offset;
  return found;
}

static void find_slots(labels *labels) {
  labels->count = 0;
  for (uint32_t from = 0; labels->count < MOST_FIELDS; labels->count++) {
    const uint32_t offset = next_slot(labels->value, from);
    if (offset == UINT32_MAX) return;
    labels->labels[labels->count].offset = offset;
    labels->labels[labels->count].length = 0;
    from = offset + 1;
  }
}

// Between begin and end of a compilation, behind its fault guard: when that faults, slots have no names.
static const void *find_names(csizer_layouts *layouts, const void *type, const void *detail) {
  (void)type;
  labels *labels = (struct labels *)(uintptr_t)detail;
  find_slots(labels);
  if (layouts->believes_nothing) return NULL;
  if (!labels->is_element) describe_object(layouts, labels);
  for (uint32_t i = 0; labels->is_element && i < labels->count; i++)
    describe(layouts, labels->value->type, labels->labels[i].offset, &labels->labels[i], 0);
  return NULL;
}

static void put(image_stream *stream, csizer_layouts *layouts, labels *labels, const void *type) {
  csizer_layouts_compile(layouts, find_names, type, labels);
  image_put(stream, labels->count);
  for (uint32_t i = 0; i < labels->count; i++) {
    image_put(stream, labels->labels[i].offset);
    image_put_text(stream, labels->labels[i].text, labels->labels[i].length, NULL, 0);
  }
}

// Whatever a task refers to, its frames do.
static void put_task(image_stream *stream) {
  static const char label[] = "frame";
  image_put(stream, 1);
  image_put(stream, 0);
  image_put_text(stream, label, sizeof label - 1, NULL, 0);
  image_put(stream, 0);  // no elements
}

void csizer_image_put_fields(image_stream *stream, csizer_layouts *layouts, const csizer_object_layout *layout) {
  if (layout->shape == SHAPE_TASK) {
    put_task(stream);
    return;
  }
  labels labels = {.layout = layout, .value = &layout->fields};
  const bool is_known = layout->fields.type && !layout->is_unknown;
  if (is_known) put(stream, layouts, &labels, layout->fields.type);
  else image_put(stream, 0);
  const bool has_elements = is_known && (layout->shape == SHAPE_ARRAY || layout->shape == SHAPE_TAIL) &&
                            layout->element && layout->element->type && layout->element->stride;
  image_put(stream, has_elements ? layout->element->stride : 0);
  if (!has_elements) return;
  image_put(stream, layout->first);
  labels.value = layout->element;
  labels.is_element = true;
  put(stream, layouts, &labels, layout->element->type);
}
