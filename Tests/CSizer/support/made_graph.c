// SPDX-License-Identifier: Apache-2.0
#include "support/made_graph.h"

#include <stdlib.h>

#include "support/check.h"
#include "walk/walk_internal.h"

enum { NONE = UINT32_MAX, HEADER = 32 };

void made_graph_init(made_graph *graph, uint64_t seed) {
  *graph = (made_graph){.random = seed, .capacity = 600000, .link_capacity = 2000000};
  made_heap_init(&graph->heap, NULL);
  graph->members = calloc(graph->capacity, sizeof *graph->members);
  graph->links = malloc(graph->link_capacity * sizeof *graph->links);
  CHECK(graph->members && graph->links);
}

void made_graph_deinit(made_graph *graph) {
  made_heap_deinit(&graph->heap);
  free(graph->members);
  free(graph->links);
}

uint32_t made_graph_below(made_graph *graph, uint32_t bound) {
  return (uint32_t)(check_random(&graph->random) % bound);
}

static uint32_t add(made_graph *graph, void *block, uint32_t links, bool is_array) {
  CHECK(graph->count < graph->capacity && graph->link_count + links <= graph->link_capacity);
  for (uint32_t i = 0; i < links; i++) graph->links[graph->link_count + i] = NONE;
  graph->members[graph->count] =
      (made_member){.block = block, .first = graph->link_count, .count = links, .is_array = is_array};
  graph->link_count += links;
  return graph->count++;
}

uint32_t made_graph_node(made_graph *graph, unsigned links) {
  return add(graph, made_node(&graph->heap, links), links, false);
}

uint32_t made_graph_array(made_graph *graph, uint32_t links) {
  return add(graph, made_array(&graph->heap, links), links, true);
}

uint32_t made_graph_older(made_graph *graph, unsigned links) {
  const swift_class *class = made_node_class(links);
  swift_object *object = made_block(&graph->heap, class->instance_size);
  object->metadata = (const void *)class;
  object->references = 3;
  return add(graph, object, links, false);
}

uint32_t made_graph_dead(made_graph *graph) {
  const uint32_t dead = made_graph_older(graph, 1);
  ((swift_object *)graph->members[dead].block)->references = SWIFT_DEINITING;
  graph->members[dead].is_dead = true;
  return dead;
}

void made_graph_set(made_graph *graph, uint32_t from, uint32_t slot, uint64_t word) {
  const made_member *member = &graph->members[from];
  CHECK(slot < member->count);
  made_set_number(member->block, (member->is_array ? HEADER : 16) + 8 * (size_t)slot, word);
}

void made_graph_link(made_graph *graph, uint32_t from, uint32_t slot, uint32_t to) {
  made_graph_set(graph, from, slot, (uint64_t)(uintptr_t)graph->members[to].block);
  graph->links[graph->members[from].first + slot] = to;
}

// ---- The model ----

typedef struct model {
  const made_graph *graph;
  bool *seen;
  uint32_t *waiting;
  size_t objects, bytes;
  bool cut;
} model;

static void model_init(model *model, const made_graph *graph) {
  *model = (struct model){.graph = graph};
  model->seen = calloc(graph->count, sizeof *model->seen);
  model->waiting = malloc(graph->count * sizeof *model->waiting);
  CHECK(model->seen && model->waiting);
}

static void model_deinit(model *model) {
  free(model->seen);
  free(model->waiting);
}

// Level by level; what is below the last one is not seen.
static void model_walk(model *model, uint32_t root, size_t depth) {
  const made_graph *graph = model->graph;
  size_t head = 0, tail = 0, end = 0;
  if (!model->seen[root]) model->waiting[tail++] = root;
  model->seen[root] = true;
  for (size_t level = 1; head < tail; level++)
    for (end = tail; head < end; head++) {
      const made_member *member = &graph->members[model->waiting[head]];
      model->objects++;
      model->bytes += made_bytes(member->block);
      for (uint32_t i = 0; i < member->count; i++) {
        const uint32_t to = graph->links[member->first + i];
        if (to == NONE || graph->members[to].is_dead || model->seen[to]) continue;
        model->cut |= level == depth;
        if (level == depth) continue;
        model->seen[to] = true;
        model->waiting[tail++] = to;
      }
    }
}

// ---- Comparisons ----

const made_graph_way made_graph_ways[MADE_GRAPH_WAYS] = {
    {WALK_MOST_WAITING, 0, false}, {WALK_MOST_WAITING, UINT32_MAX, false}, {64, 0, true}, {64, UINT32_MAX, false},
    {1000, 5000, false},           {1000, 0, true},                        {20000, 0, false}};

void made_graph_expect_by(made_graph *graph, made_graph_way way, const uint32_t *roots, size_t root_count,
                          size_t depth) {
  csizer_walk *walk = made_walk(&graph->heap, (csizer_walk_options){.maximum_depth = depth});
  walk->sweep_at = way.sweep_at;
  walk->unforeseen = way.unforeseen;
  walk->is_near = way.is_near;
  model model;
  model_init(&model, graph);
  for (size_t i = 0; i < root_count; i++) {
    CHECK_EQUAL(csizer_walk_object(walk, graph->members[roots[i]].block), CSIZER_OK);
    model_walk(&model, roots[i], depth);
    const csizer_totals totals = csizer_walk_totals(walk);
    CHECK_EQUAL(totals.objects, model.objects);
    CHECK_EQUAL(totals.bytes, model.bytes);
    CHECK_EQUAL(totals.raw_blocks, 0);
    CHECK_EQUAL(totals.unresolved, 0);
    CHECK_EQUAL(totals.cut, model.cut);
  }
  model_deinit(&model);
  made_walk_end(&graph->heap, walk);
}

void made_graph_expect(made_graph *graph, const uint32_t *roots, size_t root_count) {
  for (size_t i = 0; i < MADE_GRAPH_WAYS; i++) made_graph_expect_by(graph, made_graph_ways[i], roots, root_count, 0);
}
