// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_GRAPH_H
#define CSIZER_GRAPH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_heapmap.h"
#include "csizer_layout.h"
#include "csizer_status.h"

/// The heap graph: every Swift object that the census knows and every reference between them, with what the objects'
/// own counts say. Objects are numbered from 0 in the order of their addresses.
///
/// Tasks, which the census does not know, are in it, too, and so are other objects that it does not know and that
/// references lead to: those that are older than the census. Instances are only read, as by a walk (csizer_walk.h), and
/// the same rules for threads hold: one graph or walk at a time per heap map, and no other thread may change what is
/// read: that is every object, so in place the calling thread must be the only one that makes and frees any.
typedef struct csizer_graph csizer_graph;

/// What a reference is. The numbers are those of the heap image (Documents/heap-image.md).
typedef enum csizer_edge_kind {
  CSIZER_EDGE_STRONG = 0,
  /// It may be one: the word's type is a guess, or unknown.
  CSIZER_EDGE_UNCERTAIN = 1,
  CSIZER_EDGE_WEAK = 2,
  CSIZER_EDGE_UNOWNED = 3,
} csizer_edge_kind;

/// Flags of an object; the numbers are those of the heap image.
enum {
  CSIZER_OBJECT_IMMORTAL = 1,
  /// Its life has ended or is ending, and no unowned reference to it was found.
  CSIZER_OBJECT_DEINITING = 2,
  /// Its life has ended; unowned references keep its block.
  CSIZER_OBJECT_DEAD = 4,
  /// More certain references to it were found than it counts: something is under way.
  CSIZER_OBJECT_NEGATIVE = 8,
  /// Not all of its references are known by their types.
  CSIZER_OBJECT_UNRESOLVED = 16,
  CSIZER_OBJECT_HAS_SIDE_TABLE = 32,
  /// A task that has not ended: the concurrency runtime holds it, whatever its counts say.
  CSIZER_OBJECT_LIVING_TASK = 128,
};

/// An object and its account.
typedef struct csizer_graph_object {
  uintptr_t address;
  size_t usable;
  /// How many of the usable bytes nobody asked for, plus 1; 0 when that isn't known.
  uint32_t slack;
  uint32_t kind;  // csizer_layouts_kind_name
  uint32_t flags;
  /// What its counts say: strong references; unowned and weak ones without those that the runtime itself counts.
  uint32_t strong, unowned, weak;
  /// What was found: references that lead to it.
  uint32_t strong_found, uncertain_found, unowned_found, weak_found;
  size_t first_edge, edge_count;
} csizer_graph_object;

/// A reference. Its source is the object among whose edges it is.
typedef struct csizer_graph_edge {
  uint32_t target;
  csizer_edge_kind kind;
  /// Offset of the word in the source, divided by 8. When `is_through`, the word is in something raw that belongs to
  /// the source, and this is where the pointer to that is; 0 where that isn't known.
  uint32_t slot;
  bool is_through;
} csizer_graph_edge;

/// A raw block and whose it is.
typedef struct csizer_graph_raw {
  uint32_t owner, kind;
  size_t usable;
} csizer_graph_raw;

/// Captures the graph of all objects that `map` knows, in place. `layouts` must outlive it. Free with
/// csizer_graph_destroy. CSIZER_NO_MEMORY, too, when there is more than the graph's numbers can hold: 4 billion
/// references, or 64 GiB that are spanned by objects.
csizer_status csizer_graph_capture(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph);

/// The same without references, and without objects that only references lead to: what lives, and what it owns.
csizer_status csizer_graph_capture_rows(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph);

/// Frees the graph; NULL is fine.
void csizer_graph_destroy(csizer_graph *graph);

/// How many objects, references and raw blocks there are.
size_t csizer_graph_object_count(const csizer_graph *graph);
/// All references.
size_t csizer_graph_edge_count(const csizer_graph *graph);
/// All raw blocks.
size_t csizer_graph_raw_count(const csizer_graph *graph);

/// One of them; all zero when there is no such number.
csizer_graph_object csizer_graph_object_at(const csizer_graph *graph, size_t index);
/// Likewise.
csizer_graph_edge csizer_graph_edge_at(const csizer_graph *graph, size_t index);
/// Likewise.
csizer_graph_raw csizer_graph_raw_at(const csizer_graph *graph, size_t index);

/// The number of the object at `address`; CSIZER_NO_OBJECT when there is none.
size_t csizer_graph_find(const csizer_graph *graph, uintptr_t address);
/// No object's number.
enum { CSIZER_NO_OBJECT = UINT32_MAX };

/// Bytes of memory that the graph holds.
size_t csizer_graph_bytes(const csizer_graph *graph);

#endif
