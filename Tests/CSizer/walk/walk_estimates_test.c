// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_referents.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_heap.h"

// What is counted because of words of unknown type is an estimate, and what certain words lead to is none, whatever
// comes first.

/// An object of a class that was compiled without reflection metadata: all its words are uncertain.
static void *make_unknown(made_heap *heap, unsigned words) {
  char name[32];
  snprintf(name, sizeof name, "Main.Unknown%u", words);
  const swift_metadata *known = made_runtime.type_in_context(name, strlen(name), NULL, NULL);
  const made_field field = {"hidden", "Main.Word", 16, 0};
  made_class_spec spec = {
      .name = name, .size = 16 + words * 8, .field_count = 1, .fields = &field, .without_records = true};
  const void *class = known ? (const void *)known : made_class(spec);
  return made_object(heap, class, 16 + words * 8);
}

static void link_unknown(void *object, unsigned index, const void *target) { made_set(object, 16 + index * 8, target); }

static csizer_totals totals_of(made_heap *heap, const void *root, csizer_walk_options options) {
  csizer_walk *walk = made_walk(heap, options);
  CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
  csizer_totals totals = csizer_walk_totals(walk);
  made_walk_end(heap, walk);
  return totals;
}

TEST(what_uncertain_words_lead_to_is_estimate) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = make_unknown(&heap, 3), *child = made_node(&heap, 1), *leaf = made_node(&heap, 9);
  link_unknown(root, 1, child);
  made_link(child, 0, leaf);
  csizer_totals totals = made_size_of_object(&heap, root);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, made_bytes(child) + made_bytes(leaf));
  CHECK_EQUAL(totals.unresolved, 1);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
  CHECK_EQUAL(made_kind_totals(&heap, walk, "Main.Node1").estimated, made_bytes(child));
  CHECK_EQUAL(made_kind_totals(&heap, walk, "Main.Unknown3").estimated, 0);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

// The unknown object is met before and after the word that makes its referents certain.
TEST(what_is_reached_both_ways_is_certain) {
  for (unsigned first = 0; first < 2; first++) {
    made_heap heap;
    made_heap_init(&heap, NULL);
    void *root = made_node(&heap, 2), *unknown = make_unknown(&heap, 2), *certain = made_node(&heap, 1);
    void *shared = made_node(&heap, 1), *below = made_node(&heap, 4), *own = made_node(&heap, 7);
    made_link(root, first, unknown);
    made_link(root, 1 - first, certain);
    made_link(certain, 0, shared);
    made_link(shared, 0, below);
    link_unknown(unknown, 0, shared);
    link_unknown(unknown, 1, own);
    csizer_totals totals = made_size_of_object(&heap, root);
    CHECK_EQUAL(totals.bytes, heap.bytes);
    CHECK_EQUAL(totals.estimated_bytes, made_bytes(own));
    made_heap_deinit(&heap);
  }
}

// An estimate's own uncertain words, and a chain of unknown objects.
TEST(estimates_lead_on) {
  enum { LENGTH = 5000 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = make_unknown(&heap, 2), *last = root;
  for (int i = 0; i < LENGTH; i++) {
    void *next = make_unknown(&heap, 2);
    link_unknown(last, (unsigned)i % 2, next);
    last = next;
  }
  link_unknown(last, 0, root);
  csizer_totals totals = made_size_of_object(&heap, root);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, heap.bytes - made_bytes(root));
  CHECK_EQUAL(totals.unresolved, LENGTH + 1);
  made_heap_deinit(&heap);
}

// Random graphs of known and unknown objects against a model: what is reachable along certain words only.
typedef struct made_graph {
  void *objects[400];
  unsigned targets[400][3];
  bool is_unknown[400], is_certain[400], is_reached[400];
  size_t count;
} made_graph;

static void reach(made_graph *graph, unsigned from, bool certainly) {
  bool *reached = certainly ? graph->is_certain : graph->is_reached;
  if (reached[from]) return;
  reached[from] = true;
  if (certainly && graph->is_unknown[from]) return;
  for (int i = 0; i < 3; i++) reach(graph, graph->targets[from][i], certainly);
}

static void make_graph(made_heap *heap, made_graph *graph, uint64_t *state) {
  for (size_t i = 0; i < graph->count; i++) {
    graph->is_unknown[i] = check_random(state) % 4 == 0;
    graph->objects[i] = graph->is_unknown[i] ? make_unknown(heap, 3) : made_node(heap, 3);
  }
  for (size_t i = 0; i < graph->count; i++)
    for (unsigned j = 0; j < 3; j++) {
      graph->targets[i][j] = (unsigned)(check_random(state) % graph->count);
      made_set(graph->objects[i], 16 + j * 8, graph->objects[graph->targets[i][j]]);
    }
}

TEST(random_graphs_are_as_a_model_says) {
  uint64_t state = 11;
  for (int round = 0; round < 50; round++) {
    static made_graph graph;
    graph = (made_graph){.count = 20 + check_random(&state) % 380};
    made_heap heap;
    made_heap_init(&heap, NULL);
    make_graph(&heap, &graph, &state);
    reach(&graph, 0, true);
    reach(&graph, 0, false);
    size_t certain = 0, all = 0;
    for (size_t i = 0; i < graph.count; i++) {
      if (graph.is_certain[i]) certain += made_bytes(graph.objects[i]);
      if (graph.is_reached[i]) all += made_bytes(graph.objects[i]);
    }
    csizer_totals totals = made_size_of_object(&heap, graph.objects[0]);
    CHECK_EQUAL(totals.bytes, all);
    CHECK_EQUAL(totals.estimated_bytes, all - certain);
    made_heap_deinit(&heap);
  }
}

// Enough to sweep, both before and while it is estimated.
TEST(large_estimates_are_swept) {
  enum { MANY = 200000 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_node(&heap, 2), *unknown = make_unknown(&heap, 1), *wide = made_node(&heap, 40),
       *known = made_node(&heap, 40);
  made_link(root, 0, unknown);
  made_link(root, 1, known);
  link_unknown(unknown, 0, wide);
  size_t before = heap.bytes, estimated = made_bytes(wide);
  void *ends[80];
  for (unsigned i = 0; i < 80; i++) made_link(i < 40 ? wide : known, i % 40, ends[i] = made_node(&heap, 2));
  for (int i = 0; i < MANY; i++) {
    void *node = made_node(&heap, 2);
    made_link(ends[i % 80], (unsigned)i / 80 % 2, node);
    if (i / 80 % 2) ends[i % 80] = node;
  }
  estimated += (heap.bytes - before) / 2;
  csizer_totals totals = made_size_of_object(&heap, root);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, estimated);
  made_heap_deinit(&heap);
}

TEST(a_depth_limit_holds_for_estimates) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_node(&heap, 1), *unknown = make_unknown(&heap, 1), *third = made_node(&heap, 1),
       *fourth = made_node(&heap, 0);
  made_link(root, 0, unknown);
  link_unknown(unknown, 0, third);
  made_link(third, 0, fourth);
  for (size_t depth = 1; depth <= 5; depth++) {
    csizer_totals totals =
        totals_of(&heap, root, (csizer_walk_options){.maximum_depth = depth, .census_is_complete = true});
    CHECK_EQUAL(totals.objects, depth < 4 ? depth : 4);
    CHECK_EQUAL(totals.cut, depth < 4);
    size_t estimated = (depth > 2 ? made_bytes(third) : 0) + (depth > 3 ? made_bytes(fourth) : 0);
    CHECK_EQUAL(totals.estimated_bytes, estimated);
  }
  made_heap_deinit(&heap);
}

// One after the other in one walk: what the first may reach is an estimate of its, and no longer there for the second.
TEST(each_root_has_its_own_estimate) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *first = make_unknown(&heap, 1), *second = make_unknown(&heap, 1), *shared = made_node(&heap, 3),
       *own = made_node(&heap, 5);
  link_unknown(first, 0, shared);
  link_unknown(second, 0, own);
  made_link(own, 0, shared);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, first), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).estimated_bytes, made_bytes(shared));
  CHECK_EQUAL(csizer_walk_object(walk, second), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).estimated_bytes, made_bytes(shared) + made_bytes(own));
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(refused_memory_is_told) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = make_unknown(&heap, 1);
  link_unknown(root, 0, made_node(&heap, 0));
  csizer_totals all = made_size_of_object(&heap, root);  // from now on all layouts are known
  bool was_refused = false;
  for (size_t at = 1; at < 10; at++) {
    csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
    csizer_pages_fail_at = at;
    csizer_status status = csizer_walk_object(walk, root);
    csizer_pages_fail_at = 0;
    was_refused |= status == CSIZER_NO_MEMORY;
    CHECK(status == CSIZER_NO_MEMORY || csizer_walk_totals(walk).bytes == all.bytes);
    made_walk_end(&heap, walk);
  }
  CHECK(was_refused);
  made_heap_deinit(&heap);
}

// ---- Trees of referents ----

/// Reads the parts of a tree: their bytes by their place.
static size_t parts_of(const csizer_referents *referents, uint64_t *bytes, size_t room) {
  static char text[1 << 16];
  size_t end = csizer_referents_write(referents, false, text, sizeof text), count = 0;
  CHECK(end <= sizeof text);
  for (size_t at = 0; at < end; at += sizeof(csizer_referent)) {
    csizer_referent part;
    memcpy(&part, text + at, sizeof part);
    CHECK(count < room && !part.text_bytes);
    bytes[count++] = part.bytes;
  }
  return count;
}

// The first part may lead to what the second certainly has, and to something of its own.
TEST(names_make_no_difference_to_estimates) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *unknown = make_unknown(&heap, 2), *certain = made_node(&heap, 1), *shared = made_node(&heap, 4),
       *own = made_node(&heap, 20);
  const made_field fields[] = {{"unknown", "Main.Unknown2", 16, 0}, {"certain", "Main.Node1", 24, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Named", .size = 32, .field_count = 2, .fields = fields});
  void *root = made_object(&heap, class, 32);
  made_set(root, 16, unknown);
  made_set(root, 24, certain);
  link_unknown(unknown, 0, shared);
  link_unknown(unknown, 1, own);
  made_link(certain, 0, shared);
  for (uint32_t depth = 0; depth < 4; depth++) {
    csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
    csizer_referents *referents;
    uint64_t bytes[16];
    CHECK_EQUAL(csizer_referents_create((csizer_key_types){0}, &referents), CSIZER_OK);
    CHECK_EQUAL(csizer_referents_of_value(referents, walk, &root, class, depth), CSIZER_OK);
    CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes);
    CHECK_EQUAL(csizer_walk_totals(walk).estimated_bytes, made_bytes(own));
    CHECK(parts_of(referents, bytes, 16) > 0);
    CHECK_EQUAL(bytes[0], heap.bytes);
    csizer_referents_destroy(referents);
    made_walk_end(&heap, walk);
  }
  made_heap_deinit(&heap);
}
