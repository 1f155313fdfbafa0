// SPDX-License-Identifier: Apache-2.0
// What an image says of its process and its allocator, and the names of what is in it.
#include "csizer_allocator.h"
#include "graph/image_fields.h"
#include "graph/image_kinds.h"
#include "graph/image_places.h"
#include "graph/image_stream.h"

/// Keys of facts: texts have odd ones.
typedef enum image_fact {
  FACT_PROGRAM = 1,
  FACT_SINCE_1970 = 2,
  FACT_BUILD_ID = 3,
  FACT_SINCE_THE_START = 4,
  FACT_WRITER = 5,
  FACT_PROCESS = 6,
  FACT_IS_FROZEN = 8,
  FACT_HAS_EDGES = 10,
  FACT_STOPPED = 12,
  FACT_UNREADABLE = 14,
} image_fact;

static void put_fact(image_stream *stream, image_fact fact, uint64_t value) {
  image_put(stream, fact);
  image_put(stream, value);
}

static void put_text_fact(image_stream *stream, image_fact fact, const char *text) {
  if (!text) return;
  image_put(stream, fact);
  image_put_text(stream, text, strlen(text), NULL, 0);
}

static void put_facts(image_stream *stream, const csizer_image_facts *facts) {
  csizer_image_stream_section(stream, IMAGE_INFO);
  put_fact(stream, FACT_SINCE_1970, facts->since_1970);
  put_fact(stream, FACT_SINCE_THE_START, facts->since_the_start);
  put_fact(stream, FACT_PROCESS, facts->process);
  put_fact(stream, FACT_IS_FROZEN, facts->is_frozen);
  put_fact(stream, FACT_HAS_EDGES, !facts->has_no_edges);
  put_fact(stream, FACT_STOPPED, facts->stopped);
  put_fact(stream, FACT_UNREADABLE, facts->unreadable);
  put_text_fact(stream, FACT_PROGRAM, facts->program);
  put_text_fact(stream, FACT_BUILD_ID, facts->build_id);
  put_text_fact(stream, FACT_WRITER, facts->writer);
}

// ---- Types ----

typedef enum image_type {
  TYPE_OTHER = 0,
  TYPE_CLASS = 1,
  TYPE_CONTEXT = 2,
  TYPE_BOX = 3,
  TYPE_ARRAY = 4,
  TYPE_HASH = 5,
  TYPE_STRING = 6,
  TYPE_TASK = 7,
  TYPE_BUFFER = 9,
  TYPE_FOREIGN = 11,
} image_type;

static image_type type_of(const csizer_object_layout *layout) {
  if (layout->is_unknown || !layout->fields.type) return TYPE_OTHER;
  switch (layout->shape) {
    case SHAPE_ARRAY: return TYPE_ARRAY;
    case SHAPE_HASH: return TYPE_HASH;
    case SHAPE_STRING: return TYPE_STRING;
    case SHAPE_TASK: return TYPE_TASK;
    case SHAPE_TAIL: return TYPE_BUFFER;
    case SHAPE_CF: return TYPE_FOREIGN;
    case SHAPE_ERROR: return TYPE_BOX;
    default: break;
  }
  switch (swift_kind_of(layout->fields.type)) {
    case SWIFT_CLASS: return TYPE_CLASS;
    case SWIFT_LOCAL_VARIABLE: return TYPE_CONTEXT;
    case SWIFT_GENERIC_BOX: return TYPE_BOX;
    default: return TYPE_OTHER;
  }
}

// A type's module is its name up to the first dot.
static size_t module_length(const csizer_kind_name *name) {
  const char *dot = name->type_length ? memchr(name->type, '.', name->type_length) : NULL;
  return dot ? (size_t)(dot - name->type) : 0;
}

static void put_type(image_stream *stream, csizer_layouts *layouts, const csizer_object_layout *layout,
                     const csizer_kind_name *name) {
  image_put(stream, type_of(layout));  // below 128: a byte
  image_put(stream, layout->shape == SHAPE_FIELDS ? layout->requested : 0);
  image_put_text(stream, name->prefix, strlen(name->prefix), name->type, name->type_length);
  image_put_text(stream, name->type, module_length(name), NULL, 0);
  csizer_image_put_fields(stream, layouts, layout);
}

static void put_names(image_stream *stream, csizer_layouts *layouts, bool types) {
  csizer_image_stream_section(stream, types ? IMAGE_TYPES : IMAGE_LABELS);
  for (size_t i = 0; i < csizer_layouts_kind_count(layouts); i++) {
    if (image_is_type(&layouts->kinds[i]) != types) continue;
    csizer_kind_name name = {.prefix = ""};
    csizer_layouts_kind_name(layouts, i, &name);
    if (types) {
      put_type(stream, layouts, layouts->kinds[i].layout, &name);
      continue;
    }
    image_put(stream, LABEL_TEXT);
    image_put_text(stream, name.prefix, strlen(name.prefix), name.type, name.type_length);
  }
}

// The allocator's size classes, up to those whose steps nobody's instances will be fitted into.
static void put_classes(image_stream *stream) {
  enum { LARGEST = 64 * 1024, ALIGN_MASK = 15 };
  csizer_image_stream_section(stream, IMAGE_CLASSES);
  for (size_t last = 0, next; last < LARGEST; last = next) {
    next = csizer_allocator_usable_size_for(last + 1, ALIGN_MASK);
    if (next <= last) return;  // the allocator has none that anybody knows
    image_put(stream, next - last);
  }
}

csizer_status csizer_image_end(csizer_layouts *layouts, const csizer_image_facts *facts,
                               const csizer_image_places *places, csizer_image_totals totals,
                               csizer_image_output output) {
  image_kinds kinds;
  if (!csizer_image_kinds_make(&kinds, layouts)) return CSIZER_NO_MEMORY;
  image_stream *stream = csizer_image_stream_make(output);
  if (stream) {
    put_facts(stream, facts);
    put_names(stream, layouts, true);
    put_names(stream, layouts, false);
    if (places) csizer_image_put_places(stream, places);
    if (places) csizer_image_put_threads(stream, places);
    put_classes(stream);
    csizer_image_stream_section(stream, IMAGE_END);
    image_put(stream, totals.objects);
    image_put(stream, totals.edges);
    image_put(stream, kinds.type_count);
    image_put(stream, totals.keys + kinds.label_count + (places ? places->count : 0));
  }
  csizer_image_kinds_free(&kinds);
  return stream ? csizer_image_stream_end(stream) : CSIZER_NO_MEMORY;
}
