// SPDX-License-Identifier: Apache-2.0
// References in payloads: a stored property's name and that of the case that its value holds. Names stand in memory as
// the compiler wrote them; the runtime is not asked, which a frozen image can't do.
#include "graph/image_cases.h"

#include "graph/image_places.h"
#include "layouts/enum_case.h"
#include "platform/hash.h"
#include "runtime/fields.h"

enum { ROOM = 4096, DEEPEST = 8, TEXT = 192 };

typedef struct image_case {
  const csizer_object_layout *layout;  // NULL: free
  const csizer_enum *outermost;
  uint32_t offset, label;
  uint32_t numbers;  // of the cases, four bits each
} image_case;

bool csizer_image_cases_make(image_cases *cases) {
  *cases = (image_cases){.known = csizer_pages_map(ROOM * sizeof *cases->known)};
  return cases->known != NULL;
}

void csizer_image_cases_free(image_cases *cases) { csizer_pages_unmap(cases->known, ROOM * sizeof *cases->known); }

// ---- Which cases are there ----

/// The enums that lie in one another at a place, and which case each holds.
typedef struct found {
  uint32_t offset;  // of the outermost in the object
  uint32_t count, numbers;
  const csizer_enum *enums[DEEPEST];
} found;

static const csizer_op *enum_at(const csizer_value_layout *layout, size_t offset) {
  for (uint32_t i = 0; layout && i < layout->op_count; i++) {
    const csizer_op *op = &layout->ops[i];
    const csizer_enum *type = op->detail;
    if (op->kind == OP_ENUM && offset >= op->offset && offset - op->offset < type->size) return op;
  }
  return NULL;
}

// Of an enum within an enum only one that begins where it does and can be read there: an Optional's.
static bool find(const csizer_value_layout *layout, const char *object, size_t offset, found *found) {
  enum { MOST_CASES = 15 };
  const csizer_op *op = enum_at(layout, offset);
  found->count = found->numbers = 0;
  found->offset = op ? op->offset : 0;
  bool has_several = false;
  while (op && found->count < DEEPEST) {
    const csizer_enum *type = op->detail;
    const uint32_t number = enum_case_of(type, object + found->offset);
    if (number == ENUM_NO_PAYLOAD || number > MOST_CASES) return false;
    has_several |= type->case_count > 1;
    found->enums[found->count] = type;
    found->numbers |= number << 4 * found->count++;
    if (!enum_payload_is_in_place(type, number)) break;
    op = enum_at(type->cases[number].payload, offset - found->offset);
    if (op && op->offset) break;
  }
  return has_several;
}

// ---- Texts ----

typedef struct text {
  size_t length;
  char bytes[TEXT];
} text;

static void add_name(text *text, const char *name) {
  const size_t length = strlen(name);
  if (length + 1 > TEXT - text->length) return;  // what is too long ends earlier
  text->bytes[text->length++] = '.';
  memcpy(text->bytes + text->length, name, length);
  text->length += length;
}

static bool add_property(text *text, const swift_class *type, size_t offset) {
  for (; type; type = type->superclass) {
    const swift_metadata *metadata = (const swift_metadata *)type;
    const swift_descriptor *descriptor = csizer_type_descriptor(metadata);
    if (!descriptor || !csizer_field_offsets_are_known(metadata)) return false;
    for (uint32_t i = 0; i < csizer_field_count(descriptor); i++) {
      csizer_field field;
      if (csizer_field_offset(metadata, i) != offset || !csizer_field_record(descriptor, i, &field)) continue;
      add_name(text, field.name);
      return text->length != 0;
    }
  }
  return false;
}

static void add_cases(text *text, const found *found) {
  for (uint32_t i = 0; i < found->count; i++) {
    csizer_field field;
    const swift_metadata *type = found->enums[i]->type;
    if (!type || swift_kind_of(type) != SWIFT_ENUM) continue;  // an Optional's some is not said
    if (csizer_field_record(csizer_type_descriptor(type), found->numbers >> 4 * i & 15, &field))
      add_name(text, field.name);
  }
}

// What has no name is known to have none.
static uint32_t put_label(image_keys *keys, const csizer_object_layout *layout, const found *found) {
  text text = {.length = 0};
  const bool is_property = image_may_have_cases(layout);
  if (is_property && !add_property(&text, (const swift_class *)layout->fields.type, found->offset)) return IMAGE_NO_KEY;
  add_cases(&text, found);
  if (!text.length) return IMAGE_NO_KEY;
  image_put(keys->labels, is_property ? LABEL_TEXT : LABEL_CASE);
  // Readers put the dot before a case.
  image_put_text(keys->labels, text.bytes + !is_property, text.length - !is_property, NULL, 0);
  return keys->count++;
}

static uint32_t label_of(image_cases *cases, image_keys *keys, const csizer_object_layout *layout, const found *found) {
  const uint64_t place = (uint64_t)found->offset << 32 | found->numbers;
  size_t i = hash_first(hash_address(layout) ^ hash_address(found->enums[0]) ^ hash_word(place), ROOM);
  for (; cases->known[i].layout; i = hash_next(i, ROOM)) {
    const image_case *known = &cases->known[i];
    const bool is_there = known->layout == layout && known->outermost == found->enums[0];
    if (is_there && known->offset == found->offset && known->numbers == found->numbers) return known->label;
  }
  if (cases->count == ROOM / 2) return IMAGE_NO_KEY;
  cases->count++;
  const uint32_t label = put_label(keys, layout, found);
  cases->known[i] = (image_case){layout, found->enums[0], found->offset, label, found->numbers};
  return cases->known[i].label;
}

uint32_t csizer_image_case_of(image_cases *cases, image_keys *keys, const csizer_object_layout *layout,
                              const char *object, uint32_t slot) {
  found found;
  if (!find(&layout->fields, object, 8 * (size_t)slot, &found)) return IMAGE_NO_KEY;
  return label_of(cases, keys, layout, &found);
}

// ---- Elements, keys and values, captures, boxes ----

static bool has_elements(const csizer_object_layout *layout) {
  return layout->shape == SHAPE_ARRAY && layout->element && layout->element->stride;
}

static bool may_have_inner_cases(const csizer_object_layout *layout) {
  if (!layout || layout->is_unknown) return false;
  if (layout->shape == SHAPE_HASH) return layout->element->op_count || (layout->value && layout->value->op_count);
  if (image_may_have_cases(layout)) return false;
  return has_elements(layout) ? layout->element->op_count : layout->fields.op_count;
}

// Of a table: in the column in which the reference stands.
static bool find_in_table(const csizer_object_layout *layout, const char *object, const uintptr_t columns[2],
                          size_t offset, found *found) {
  const uintptr_t place = (uintptr_t)object + offset;
  const bool is_value = layout->value && place >= columns[1];
  const csizer_value_layout *value = is_value ? layout->value : layout->element;
  const uintptr_t start = columns[is_value];
  if (!value->stride || place < start) return false;
  const size_t inside = (place - start) % value->stride;
  return find(value, (const char *)(place - inside), inside, found);
}

static bool find_inner(const csizer_object_layout *layout, const char *object, size_t offset, found *found) {
  if (!has_elements(layout) || offset < layout->first) return find(&layout->fields, object, offset, found);
  const size_t inside = (offset - layout->first) % layout->element->stride;
  return find(layout->element, object + offset - inside, inside, found);
}

/// What the records are made of, and from.
typedef struct case_column {
  image_stream *stream;
  const csizer_graph *graph;
  image_cases *cases;
  image_keys *keys;
  uint32_t before, records;
} case_column;

static void put_cases_of(case_column *column, uint32_t object, const csizer_object_layout *layout) {
  enum { MOST_RECORDS = 1 << 20 };
  const graph_row *row = &column->graph->rows[object];
  const char *const start = (const char *)graph_address(row);
  const bool is_table = layout->shape == SHAPE_HASH;
  uintptr_t columns[2];
  if (is_table && !csizer_image_columns_of(layout, start, columns)) return;
  for (uint32_t e = row->first_edge; e < row[1].first_edge && column->records < MOST_RECORDS; e++) {
    const uint32_t code = column->graph->labels[e], slot = code >> GRAPH_SLOT_SHIFT;
    const size_t offset = 8 * (size_t)slot;
    found found;
    if (code & GRAPH_THROUGH || slot == GRAPH_MOST_SLOT) continue;
    if (!(is_table ? find_in_table(layout, start, columns, offset, &found) : find_inner(layout, start, offset, &found)))
      continue;
    const uint32_t label = label_of(column->cases, column->keys, layout, &found);
    if (label == IMAGE_NO_KEY) continue;
    image_put_signed(column->stream, (int64_t)object - column->before);
    image_put(column->stream, e - row->first_edge);
    image_put(column->stream, label);
    column->before = object;
    column->records++;
  }
}

void csizer_image_put_cases(image_stream *stream, const csizer_graph *graph, image_cases *cases, image_keys *keys) {
  csizer_image_stream_section(stream, IMAGE_CASE);
  case_column column = {.stream = stream, .graph = graph, .cases = cases, .keys = keys};
  for (uint32_t i = 0; i < graph->count; i++) {
    const csizer_object_layout *layout = graph->layouts->kinds[graph->rows[i].kind].layout;
    if (may_have_inner_cases(layout)) put_cases_of(&column, i, layout);
  }
}
