// SPDX-License-Identifier: Apache-2.0
// Global variables and stacks that refer to objects, and the functions of closures.
#include "graph/image_outside.h"

#include "platform/checked_read.h"

// ---- Roots ----

enum { ROOT_GLOBAL = 1, ROOT_STACK = 2, ROOT_C_MEMORY = 4, ROOT_STACK_IN_USE = 6 };
enum { CHUNK = 512 };  // words read at a time

/// Where roots are looked for, and as what they are told.
typedef struct search {
  image_stream *stream;
  const csizer_graph *graph;
  csizer_image_places *places;
  uint32_t first_label;
  uint32_t what;
  uint32_t thread;  // of a stack
  uint8_t *globals;  // by object: how many variables have its address, or many
} search;

// Whether a variable's word is where a buffer ends whose beginning stands among the words before it: stdio's FILE and
// C++'s vectors have such words, and do not hold the block behind. An object of which a reference is not explained may
// be held by the word all the same.
static bool is_end_of_buffer(const csizer_graph *graph, const uintptr_t *before, size_t count, uintptr_t word,
                             size_t object) {
  enum { NEAR = 8 };
  if (csizer_graph_is_unexplained(graph, (uint32_t)object)) return false;
  for (size_t i = 1; i <= count && i <= NEAR; i++) {
    const uintptr_t start = *(before - i);
    if (start >= word || start & 15 || csizer_graph_find(graph, start) != CSIZER_NO_OBJECT) continue;
    if (csizer_graph_has_blocks_of(graph, start, word - start)) return true;
  }
  return false;
}

// The word at `at` was read from `address`, and so many before it.
static void put_root(const search *search, const uintptr_t *at, size_t before, uintptr_t address) {
  const uintptr_t word = *at;
  // A string's or an enum's bits stand above the address.
  const uintptr_t plain = walk_may_be_object(word) ? word : word & (((uintptr_t)1 << 56) - 1);
  if (!walk_may_be_object(plain)) return;
  const size_t object = csizer_graph_find(search->graph, plain);
  if (object == CSIZER_NO_OBJECT) return;
  if (address >= search->places->left_out_start && address < search->places->left_out_end) return;
  uint32_t place = search->thread;
  if (search->what == ROOT_GLOBAL) {
    if (is_end_of_buffer(search->graph, at, before, plain, object)) return;
    place = csizer_image_place_add(search->places, address, LABEL_SYMBOL);
    search->globals[object] += search->globals[object] < UINT8_MAX;
  }
  // Whether the word is a reference its type would say, which nobody knows.
  image_put(search->stream, search->what << 2 | CSIZER_EDGE_UNCERTAIN);
  image_put(search->stream, object);
  image_put(search->stream, place == PLACES_MOST ? 0 : search->first_label + (uint64_t)place + 1);
  image_put(search->stream, 0);
}

static void look_through(const search *search, uintptr_t start, uintptr_t end) {
  uintptr_t words[CHUNK];
  for (uintptr_t at = start; at + sizeof *words <= end; at += sizeof words) {
    const size_t count = (end - at) / sizeof *words < CHUNK ? (end - at) / sizeof *words : CHUNK;
    // A library or a thread may be gone, or pages be closed.
    if (!csizer_checked_copy((const void *)at, words, count * sizeof *words)) continue;
    for (size_t k = 0; k < count; k++)
      if (words[k]) put_root(search, &words[k], k, at + k * sizeof *words);
  }
}

// ---- Foreign memory ----

// jemalloc's cache of a thread's freed blocks has the addresses of those that it gave out last. It is a block itself,
// to whose parts the thread's own variables point.
static bool is_cache_of(const image_thread *thread, const graph_foreign *foreign) {
  enum { FEW = 8 };
  uintptr_t words[CHUNK];
  unsigned found = 0;
  const uintptr_t end = thread->variables_end;
  for (uintptr_t at = thread->variables_start; at + sizeof *words <= end && found < FEW; at += sizeof words) {
    const size_t count = (end - at) / sizeof *words < CHUNK ? (end - at) / sizeof *words : CHUNK;
    if (!csizer_checked_copy((const void *)at, words, count * sizeof *words)) return false;
    for (size_t i = 0; i < count; i++) found += words[i] - foreign->start < foreign->usable;
  }
  return found >= FEW;
}

static bool is_cache(const csizer_image_places *places, const graph_foreign *foreign) {
  enum { SMALLEST = 4096 };
  for (uint32_t i = 0; foreign->usable > SMALLEST && i < places->thread_count; i++)
    if (is_cache_of(&places->threads[i], foreign)) return true;
  return false;
}

// What variables explain is not looked for elsewhere.
static void put_foreign(const search *search) {
  const csizer_graph *graph = search->graph;
  uintptr_t start = 0;
  bool is_left_out = false;
  for (size_t i = 0; i < graph->foreign_count; i++) {
    const graph_foreign *foreign = &graph->foreign[i];
    const uint32_t object = foreign->object;
    const uint64_t known = (uint64_t)graph->found[CSIZER_EDGE_STRONG][object] +
                           graph->found[CSIZER_EDGE_UNCERTAIN][object] + search->globals[object];
    if (graph->rows[object].strong <= known) continue;
    if (foreign->start != start) is_left_out = is_cache(search->places, foreign);
    start = foreign->start;
    if (is_left_out) continue;
    const uint32_t place = csizer_image_place_of_word(search->places, foreign->at, foreign->usable);
    if (place == PLACES_MOST) return;
    image_put(search->stream, ROOT_C_MEMORY << 2 | CSIZER_EDGE_UNCERTAIN);
    image_put(search->stream, object);
    image_put(search->stream, search->first_label + (uint64_t)place + 1);
    image_put(search->stream, 0);
  }
}

bool csizer_image_put_roots(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_ROOT);
  search search = {.stream = stream, .graph = graph, .places = places, .first_label = first_label};
  search.globals = csizer_pages_map(graph->count + (size_t)1);
  if (!search.globals) return false;
  search.what = ROOT_GLOBAL;
  for (uint32_t i = 0; i < places->segment_count; i++)
    look_through(&search, places->segments[i].start, places->segments[i].end);
  for (search.thread = 0; search.thread < places->thread_count; search.thread++) {
    const image_thread *thread = &places->threads[search.thread];
    search.what = thread->has_exact_stack ? ROOT_STACK_IN_USE : ROOT_STACK;
    look_through(&search, thread->stack_start, thread->stack_end);
    look_through(&search, thread->own_start, thread->own_end);
  }
  put_foreign(&search);
  csizer_pages_unmap(search.globals, graph->count + (size_t)1);
  return true;
}

// ---- Closures ----

static bool is_context(const csizer_graph *graph, uint32_t object) {
  const csizer_kind *kind = &graph->layouts->kinds[graph->rows[object].kind];
  const swift_metadata *type = kind->layout ? kind->layout->fields.type : NULL;
  return type && !kind->layout->is_unknown && swift_kind_of(type) == SWIFT_LOCAL_VARIABLE;
}

// What an asynchronous closure has instead of its code: where that is from here, and the size of its first frame.
// lib/IRGen/GenCall.cpp in swiftlang/swift, emitAsyncFunctionPointer.
static bool is_async_function(const csizer_graph *graph, uintptr_t address) {
  enum { MOST = 1 << 24 };
  struct {
    int32_t code;
    uint32_t frame;
  } pointer;
  if (!csizer_images_contain(&graph->layouts->images, address) ||
      !csizer_checked_copy((const void *)address, &pointer, sizeof pointer))
    return false;
  const uintptr_t code = address + (uintptr_t)(intptr_t)pointer.code;
  return pointer.frame && pointer.frame < MOST && csizer_images_contain_code(&graph->layouts->images, code);
}

// The word before a reference to a context, when a function is there.
static uintptr_t code_before(const csizer_graph *graph, const graph_row *source, uint32_t label) {
  enum { FIRST = 3 };  // behind the header, and behind a word
  const uint32_t slot = label >> GRAPH_SLOT_SHIFT;
  if ((label & (GRAPH_THROUGH | 3)) != CSIZER_EDGE_STRONG || slot < FIRST || slot == GRAPH_MOST_SLOT) return 0;
  uintptr_t code;
  const void *at = (const void *)(graph_address(source) + 8 * (uintptr_t)(slot - 1));
  if (!csizer_checked_copy(at, &code, sizeof code)) return 0;
  const bool is_function = csizer_images_contain_code(&graph->layouts->images, code) || is_async_function(graph, code);
  return is_function ? code : 0;
}

static void find_names(const csizer_graph *graph, csizer_image_places *places, uint32_t *names) {
  for (uint32_t i = 0; i < graph->count; i++)
    for (uint32_t e = graph->rows[i].first_edge; e < graph->rows[i + 1].first_edge; e++) {
      const uint32_t target = graph->targets[e];
      if (graph->rows[target].strong == 0 || names[target] || !is_context(graph, target)) continue;
      const uintptr_t code = code_before(graph, &graph->rows[i], graph->labels[e]);
      const uint32_t place = code ? csizer_image_place_of_code(places, code) : PLACES_MOST;
      if (place != PLACES_MOST) names[target] = place + 1;
    }
}

bool csizer_image_put_closures(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                               uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_NAME);
  uint32_t *names = csizer_pages_map((graph->count + (size_t)1) * sizeof *names);  // places plus 1
  const bool has_memory = names != NULL;
  if (has_memory) find_names(graph, places, names);
  uint32_t before = 0;
  for (uint32_t i = 0; has_memory && i < graph->count; i++) {
    if (!names[i]) continue;
    image_put_signed(stream, (int64_t)i - before);
    image_put(stream, first_label + (uint64_t)names[i] - 1);
    before = i;
  }
  csizer_pages_unmap(names, (graph->count + (size_t)1) * sizeof *names);
  return has_memory;
}

// Whether a type says that what a function has captured may stand at this offset: in some case of an enum, too, such as
// an optional function's.
static bool holds_context(const csizer_value_layout *value, size_t offset, int depth) {
  enum { WORDS = 64, DEEPEST = 8 };
  if (offset / 8 < WORDS && value->contexts >> offset / 8 & 1) return true;
  for (uint32_t i = 0; i < value->op_count && depth < DEEPEST; i++) {
    const csizer_op *op = &value->ops[i];
    if (op->kind != OP_ENUM || op->offset > offset) continue;
    const csizer_enum *type = op->detail;
    for (uint32_t k = 0; k < type->case_count && offset - op->offset < type->size; k++)
      if (type->cases[k].payload && holds_context(type->cases[k].payload, offset - op->offset, depth + 1)) return true;
  }
  return false;
}

static bool is_captured(const csizer_object_layout *layout, uint32_t slot) {
  const bool has_elements = layout->shape == SHAPE_ARRAY && layout->element && layout->element->stride;
  const size_t offset = 8 * (size_t)slot;
  if (!has_elements || offset < layout->first) return holds_context(&layout->fields, offset, 0);
  return holds_context(layout->element, (offset - layout->first) % layout->element->stride, 0);
}

static bool may_hold_functions(const csizer_object_layout *layout) {
  if (!layout || layout->is_unknown) return false;
  const csizer_value_layout *element = layout->shape == SHAPE_ARRAY ? layout->element : NULL;
  return layout->fields.contexts || layout->fields.op_count || (element && (element->contexts || element->op_count));
}

void csizer_image_put_calls(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_CALL);
  uint32_t before = 0;
  for (uint32_t i = 0; i < graph->count; i++) {
    const graph_row *row = &graph->rows[i];
    const csizer_object_layout *layout = graph->layouts->kinds[row->kind].layout;
    if (!may_hold_functions(layout)) continue;
    for (uint32_t e = row->first_edge; e < row[1].first_edge; e++) {
      const bool is_plain = !(graph->labels[e] & GRAPH_THROUGH) && !is_context(graph, graph->targets[e]);
      if (!is_plain || !is_captured(layout, graph->labels[e] >> GRAPH_SLOT_SHIFT)) continue;
      const uintptr_t code = code_before(graph, row, graph->labels[e]);
      const uint32_t place = code ? csizer_image_place_of_code(places, code) : PLACES_MOST;
      if (place == PLACES_MOST) continue;
      image_put_signed(stream, (int64_t)i - before);
      image_put(stream, e - row->first_edge);
      image_put(stream, first_label + (uint64_t)place);
      before = i;
    }
  }
}
