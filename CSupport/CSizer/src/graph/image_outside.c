// SPDX-License-Identifier: Apache-2.0
// Global variables and stacks that refer to objects, and the functions of closures.
#include "graph/image_outside.h"

#include "platform/checked_read.h"
#include "platform/hash.h"

// ---- Roots ----

enum { ROOT_GLOBAL = 1, ROOT_STACK = 2, CHUNK = 512 };  // words read at a time

/// Where roots are looked for, and as what they are told.
typedef struct search {
  image_stream *stream;
  const csizer_graph *graph;
  csizer_image_places *places;
  uint32_t first_label;
  uint32_t what;
  uint32_t thread;  // of a stack
} search;

static void put_root(const search *search, uintptr_t word, uintptr_t address) {
  // A string's or an enum's bits stand above the address.
  const uintptr_t plain = walk_may_be_object(word) ? word : word & (((uintptr_t)1 << 56) - 1);
  if (!walk_may_be_object(plain)) return;
  const size_t object = csizer_graph_find(search->graph, plain);
  if (object == CSIZER_NO_OBJECT) return;
  uint32_t place = search->thread;
  if (search->what == ROOT_GLOBAL) place = csizer_image_place_add(search->places, address, LABEL_SYMBOL);
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
      if (words[k]) put_root(search, words[k], at + k * sizeof *words);
  }
}

void csizer_image_put_roots(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_ROOT);
  search search = {.stream = stream, .graph = graph, .places = places, .first_label = first_label};
  search.what = ROOT_GLOBAL;
  for (uint32_t i = 0; i < places->segment_count; i++)
    look_through(&search, places->segments[i].start, places->segments[i].end);
  search.what = ROOT_STACK;
  for (search.thread = 0; search.thread < places->thread_count; search.thread++)
    look_through(&search, places->threads[search.thread].stack_start, places->threads[search.thread].stack_end);
}

// ---- Closures ----

enum { KNOWN_CODES = 1 << 14 };

/// Functions that have a place already, by address.
typedef struct known_codes {
  uint32_t count;
  struct {
    uintptr_t address;
    uint32_t place;
  } codes[KNOWN_CODES];
} known_codes;

static uint32_t place_of(known_codes *known, csizer_image_places *places, uintptr_t code) {
  size_t i = hash_first(hash_address((const void *)code), KNOWN_CODES);
  while (known->codes[i].address && known->codes[i].address != code) i = hash_next(i, KNOWN_CODES);
  if (known->codes[i].address) return known->codes[i].place;
  if (known->count == KNOWN_CODES / 2) return PLACES_MOST;
  const uint32_t place = csizer_image_place_add(places, code, LABEL_FUNCTION);
  if (place == PLACES_MOST) return place;
  known->count++;
  known->codes[i].address = code;
  return known->codes[i].place = place;
}

static bool is_context(const csizer_graph *graph, uint32_t object) {
  const csizer_kind *kind = &graph->layouts->kinds[graph->rows[object].kind];
  const swift_metadata *type = kind->layout ? kind->layout->fields.type : NULL;
  return type && !kind->layout->is_unknown && swift_kind_of(type) == SWIFT_LOCAL_VARIABLE;
}

// The word before a reference to a context, when a function is there.
static uintptr_t code_before(const csizer_graph *graph, const graph_row *source, uint32_t label) {
  enum { FIRST = 3 };  // behind the header, and behind a word
  const uint32_t slot = label >> GRAPH_SLOT_SHIFT;
  if ((label & (GRAPH_THROUGH | 3)) != CSIZER_EDGE_STRONG || slot < FIRST || slot == GRAPH_MOST_SLOT) return 0;
  uintptr_t code;
  const void *at = (const void *)(graph_address(source) + 8 * (uintptr_t)(slot - 1));
  if (!csizer_checked_copy(at, &code, sizeof code)) return 0;
  return csizer_images_contain_code(&graph->layouts->images, code) ? code : 0;
}

static void find_names(const csizer_graph *graph, csizer_image_places *places, known_codes *known, uint32_t *names) {
  for (uint32_t i = 0; i < graph->count; i++)
    for (uint32_t e = graph->rows[i].first_edge; e < graph->rows[i + 1].first_edge; e++) {
      const uint32_t target = graph->targets[e];
      if (graph->rows[target].strong == 0 || names[target] || !is_context(graph, target)) continue;
      const uintptr_t code = code_before(graph, &graph->rows[i], graph->labels[e]);
      const uint32_t place = code ? place_of(known, places, code) : PLACES_MOST;
      if (place != PLACES_MOST) names[target] = place + 1;
    }
}

bool csizer_image_put_closures(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                               uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_NAME);
  known_codes *known = csizer_pages_map(sizeof *known);
  uint32_t *names = csizer_pages_map((graph->count + (size_t)1) * sizeof *names);  // places plus 1
  const bool has_memory = known && names;
  if (has_memory) find_names(graph, places, known, names);
  uint32_t before = 0;
  for (uint32_t i = 0; has_memory && i < graph->count; i++) {
    if (!names[i]) continue;
    image_put_signed(stream, (int64_t)i - before);
    image_put(stream, first_label + (uint64_t)names[i] - 1);
    before = i;
  }
  csizer_pages_unmap(known, sizeof *known);
  csizer_pages_unmap(names, (graph->count + (size_t)1) * sizeof *names);
  return has_memory;
}
