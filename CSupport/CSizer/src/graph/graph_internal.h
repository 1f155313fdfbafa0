// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_GRAPH_INTERNAL_H
#define CSIZER_GRAPH_INTERNAL_H
#include "csizer_graph.h"
#include "graph/census_copy.h"
#include "walk/walk_internal.h"

// ---- What a graph is made of ----

/// An object. Its edges reach to where those of the next row begin.
typedef struct graph_row {
  uint64_t address : 48;
  uint64_t flags : 16;
  uint32_t kind;
  uint32_t usable;  // divided by 8
  uint32_t slack;   // plus 1; 0: unknown
  uint32_t strong;
  uint32_t first_edge;
  uint32_t padding;
} graph_row;

/// Edges, while objects are scanned: targets are grains (census_copy.h), or GRAPH_EXTRA and the number of an extra
/// object. Then they are numbers of objects. A label is the slot, GRAPH_THROUGH and the kind, as in the heap image.
enum { GRAPH_THROUGH = 4, GRAPH_SLOT_SHIFT = 3, GRAPH_MOST_SLOT = (1 << 28) - 1 };

/// Counts that few objects have, in order of their numbers.
typedef struct graph_counts {
  uint32_t object;
  uint32_t unowned, weak;
} graph_counts;

/// Room for elements without elements, likewise.
typedef struct graph_unused {
  uint32_t object;
  uint32_t bytes;
} graph_unused;

/// Objects that the census does not know, in the order in which they were found, and a table to find them.
typedef struct graph_extras {
  uintptr_t *addresses;
  uint32_t count, capacity;
  uint32_t *slots;  // numbers plus 1
  uint32_t slot_count;
  uint32_t *final;  // their numbers in the end
} graph_extras;

struct csizer_graph {
  walk_sink sink;  // the first member: what the sink is told, the graph is told
  csizer_layouts *layouts;
  csizer_walk *walk;  // while objects are scanned
  census_copy census;
  graph_row *rows;  // one more than there are objects
  size_t row_capacity;
  uint32_t count;  // of objects
  uint32_t *targets, *labels;
  size_t edge_capacity, edge_count;
  /// By object: how many edges of each kind lead to it.
  uint32_t *found[4];
  size_t found_capacity;
  csizer_graph_raw *raws;
  size_t raw_capacity, raw_count;
  graph_counts *counts;
  size_t counts_capacity, counts_count;
  graph_unused *unused;
  size_t unused_capacity, unused_count;
  graph_extras extras;
  /// Of the object that is scanned.
  const char *base;
  size_t usable;
  csizer_status status;
};

// The parts, from those that call no other to those that call all above them.

// graph_memory.c
/// Memory that is read at random places: with large pages, where the system has them.
void *csizer_graph_map(size_t bytes);
/// Room for one more item in a list; false when memory runs out, which the graph's status says.
bool csizer_graph_make_room(csizer_graph *graph, void *list, size_t *capacity, size_t count, size_t item_bytes);

// graph_extras.c
enum { GRAPH_NO_EXTRA = UINT32_MAX };
uint32_t csizer_graph_extra_find(const csizer_graph *graph, uintptr_t address);
/// Adds one; GRAPH_NO_EXTRA when that can't be, which the graph's status says.
uint32_t csizer_graph_extra_add(csizer_graph *graph, uintptr_t address);
void csizer_graph_extras_free(csizer_graph *graph);

// graph_account.c: what an object's counts say
typedef struct graph_account {
  uint32_t flags, strong, unowned, weak;
} graph_account;
graph_account csizer_graph_account(const swift_object *object);

// graph_words.c: what a walk with a sink tells
void csizer_graph_listen(csizer_graph *graph);

// graph_scan.c: all objects, one after the other
void csizer_graph_scan(csizer_graph *graph, uintptr_t from);

// graph_merge.c: the extra objects among the others
void csizer_graph_merge(csizer_graph *graph);

// graph_link.c: from addresses to numbers
void csizer_graph_link(csizer_graph *graph);

// graph_check.c
/// What must hold of every graph: NULL, or what does not.
const char *csizer_graph_check(const csizer_graph *graph);

static inline bool graph_edge_room(csizer_graph *graph) {
  return __builtin_expect(graph->edge_count < graph->edge_capacity, 1);
}

/// Room for one more edge; false when there is none.
bool csizer_graph_more_edges(csizer_graph *graph);

static inline void graph_add_edge(csizer_graph *graph, uint32_t target, uint32_t label) {
  if (!graph_edge_room(graph) && !csizer_graph_more_edges(graph)) return;
  graph->targets[graph->edge_count] = target;
  graph->labels[graph->edge_count++] = label;
}

#endif
