// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_GRAPH_INTERNAL_H
#define CSIZER_GRAPH_INTERNAL_H
#include "csizer_graph.h"
#include "census/census_copy.h"
#include "platform/regions_internal.h"
#include "walk/walk_internal.h"

// ---- What a graph is made of ----

/// An object. Its edges reach to where those of the next row begin.
typedef struct graph_row {
  uint32_t address_low;
  uint16_t address_high;
  uint16_t flags;
  uint32_t kind;
  uint32_t usable;  // divided by 8
  uint32_t slack;   // plus 1; 0: unknown
  uint32_t strong;
  uint32_t first_edge;
} graph_row;

/// Edges. Their targets are first grains (census_copy.h), then numbers of objects in the order in which they were
/// found, and in the end numbers of objects. Extra objects are CENSUS_FIRST_OTHER and their own number until the end;
/// CENSUS_NONE is none. A label is the slot, GRAPH_THROUGH and the kind, as in the heap image.
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

/// A value that shows a part of a buffer.
typedef struct graph_slice {
  uintptr_t buffer;
  uint64_t used;
  uint32_t holder, kind;
} graph_slice;

/// A word in a block of the allocator's that belongs to nothing the graph knows: it may hold an object.
typedef struct graph_foreign {
  uintptr_t at;
  uintptr_t start;  // of the page that it stands in; of a large block the page in which that begins
  size_t usable;    // bytes of the block
  uint32_t object;
} graph_foreign;

/// An extra object, by address, and how many objects of the census are below it.
typedef struct graph_place {
  uintptr_t address;
  uint32_t extra, below;
} graph_place;

/// Objects that the census does not know, in the order in which they were found, and a table to find them.
typedef struct graph_extras {
  uintptr_t *addresses;
  uint32_t count, capacity;
  uint32_t *slots;  // numbers plus 1
  uint32_t slot_count;
  /// In the end: their numbers, and all by address.
  uint32_t *final;
  graph_place *places;
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
  size_t numbered;  // edges whose targets are no grains any more
  /// By object: how many edges of each kind lead to it.
  uint32_t *found[4];
  size_t found_capacity;
  csizer_graph_raw *raws;
  size_t raw_capacity, raw_count;
  graph_counts *counts;
  size_t counts_capacity, counts_count;
  graph_unused *unused;
  size_t unused_capacity, unused_count;
  graph_slice *slices;
  size_t slice_capacity, slice_count;
  graph_foreign *foreign;
  size_t foreign_capacity, foreign_count;
  /// The addresses that are looked for in foreign memory: the lowest, the highest, and by bits which may be between.
  uintptr_t sought_low, sought_high;
  uint64_t *filter;
  graph_extras extras;
  /// Memory in which tasks, and then words of others, are looked for, and where that goes on after a fault.
  csizer_mappings memory;
  size_t next_memory;
  uintptr_t next_page;
  /// Of the object that is scanned.
  const char *base;
  size_t usable;
  bool is_scanning;
  /// Faults are caught, and lead back to where the capture goes on: in a frozen child. And one may come just now.
  bool may_fault, is_probing;
  /// References are not wanted: objects and what they own are enough.
  bool has_no_edges;
  /// Of objects whose type can't be told.
  uint32_t unknown_kind;
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
/// Of one whose counts are not plain ones.
graph_account csizer_graph_account_of_other(const swift_object *object);

static inline graph_account graph_account_of(const swift_object *object) {
  const uint64_t references = object->references;
  // No side table, not immortal, not dying, and no unowned reference but its own.
  const uint64_t plain = references & (SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK | SWIFT_DEINITING);
  if (__builtin_expect(plain == csizer_plain_counts, 1))
    return (graph_account){.strong = (uint32_t)(references >> 33) + 1};
  return csizer_graph_account_of_other(object);
}

// graph_words.c: what a walk with a sink tells
void csizer_graph_listen(csizer_graph *graph);
/// An edge to an object that is not in the copy of the census, if there is one: CENSUS_NONE when there is none.
uint32_t csizer_graph_other(csizer_graph *graph, uintptr_t address);

// graph_link.c: from addresses to numbers
/// Makes numbers of the grains among the targets; finds extra objects.
void csizer_graph_number(csizer_graph *graph);
/// Drops edges that lead to nothing, and counts the others at their targets.
void csizer_graph_count(csizer_graph *graph);

// graph_tasks.c: tasks, whether anything refers to them or not
/// Notes where to look, which must be done before an image is frozen.
csizer_status csizer_graph_note_memory(csizer_graph *graph);
/// Adds all that are found to the extra objects. Goes on where it stopped.
void csizer_graph_find_tasks(csizer_graph *graph);

// graph_blocks.c: which blocks the allocator has where
/// The next page in a GiB of addresses where the allocator is known to have something: in others it must not be asked.
uintptr_t csizer_graph_past_empty(csizer_graph *graph, uintptr_t page, uintptr_t end);
/// Bytes of the allocator's pages: what its memory is looked through by.
static inline size_t graph_page(const csizer_graph *graph) { return graph->walk->allocator.page_bytes; }
/// The first of these pages at or behind an address. A mapping need not begin with one, and before it nothing is the
/// allocator's.
uintptr_t csizer_graph_page_from(const csizer_graph *graph, uintptr_t address);
/// Whether a fault came of asking the allocator where it has nothing: nothing is lost. Forgets it.
bool csizer_graph_was_probing(csizer_graph *graph);
/// Whether the allocator has blocks of this size at a page, or of any (0). May be asked anywhere.
bool csizer_graph_has_blocks_of(const csizer_graph *graph, uintptr_t page, size_t usable);
/// The first page of the large block of which the allocator says that this page is its first or its last one.
uintptr_t csizer_graph_first_page(const csizer_graph *graph, uintptr_t page, size_t usable);
/// Tells whoever waits for the image that it goes on.
static inline void graph_tell_progress(const csizer_graph *graph) {
  if (graph->walk->steps) ++*graph->walk->steps;
}

// graph_scan.c: all objects, one after the other
/// Those of the census, then those that only references lead to. Goes on where it stopped.
void csizer_graph_scan(csizer_graph *graph);
/// What was scanned when a fault came can't be read: it has no references, and is there as if for ever. Then the scan
/// can go on.
void csizer_graph_give_up(csizer_graph *graph);

// graph_merge.c: the extra objects among the others
void csizer_graph_merge(csizer_graph *graph);
/// The number in the end of an object of the census.
uint32_t csizer_graph_final(const csizer_graph *graph, uint32_t number);

// graph_foreign.c: who else may hold objects
enum { CSIZER_GRAPH_FILTER_BYTES = 1 << 17 };
/// Whether an object counts more references than the graph's lead to it, by a count that can be believed.
bool csizer_graph_is_unexplained(const csizer_graph *graph, uint32_t object);
/// Finds words that may hold such objects, in memory that is nobody's the graph knows. After all else; called again
/// after a fault it goes on behind what can't be read.
void csizer_graph_find_foreign(csizer_graph *graph);

// graph.c: a capture in its parts
/// What has to be made before an image is frozen.
csizer_status csizer_graph_make(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph);
/// What the scan needs, as large as the census is now.
csizer_status csizer_graph_begin(csizer_graph *graph);
/// All that follows the scan.
csizer_status csizer_graph_finish(csizer_graph *graph);

// graph_check.c
/// What must hold of every graph: NULL, or what does not.
const char *csizer_graph_check(const csizer_graph *graph);

/// Whether all there is to know of such objects is a mask of references and a size.
static inline bool graph_is_plain(const csizer_object_layout *layout) {
  return layout->shape == SHAPE_FIELDS && layout->requested && layout->usable && !layout->fields.op_count &&
         !layout->excluded;
}

static inline uintptr_t graph_address(const graph_row *row) {
  return (uintptr_t)row->address_high << 32 | row->address_low;
}

/// The flags that its row has and those that follow from what was found.
static inline uint32_t graph_flags(const csizer_graph *graph, uint32_t object) {
  const graph_row *row = &graph->rows[object];
  uint32_t flags = row->flags;
  if (flags & CSIZER_OBJECT_DEINITING && graph->found[CSIZER_EDGE_UNOWNED][object])
    flags ^= CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_DEAD;
  const bool is_counted = !(row->flags & (CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_IMMORTAL));
  if (is_counted && graph->found[CSIZER_EDGE_STRONG][object] > row->strong) flags |= CSIZER_OBJECT_NEGATIVE;
  return flags;
}

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
