// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_HEAP_H
#define MADE_HEAP_H
#include <pthread.h>

#include "csizer_walk.h"
#include "support/made_types.h"

// Objects made by hand in the process's own heap, known to a heap map of the test's own as the census would know them.

typedef struct made_heap {
  csizer_heapmap *map;
  csizer_layouts *layouts;
  size_t count, bytes;  // of the blocks that made_object and made_block gave
  void **blocks;
  size_t capacity;
  size_t held_before;
} made_heap;

/// An empty heap whose layouts ask the stand-in runtime. `exclusions` may be NULL.
void made_heap_init(made_heap *heap, const csizer_exclusions *exclusions);

/// Frees all blocks and checks that the engine holds nothing more than before the heap was made.
void made_heap_deinit(made_heap *heap);

/// A block that the census does not know, zeroed.
void *made_block(made_heap *heap, size_t bytes);

/// A live object: its words after the header are zero.
void *made_object(made_heap *heap, const void *isa, size_t bytes);

/// Registers a pointer field that owns a block.
void made_owner(const char *type, const char *field);

/// Sets the word at `offset`.
void made_set(void *object, size_t offset, const void *word);
void made_set_number(void *object, size_t offset, uint64_t word);

/// Usable bytes, as the allocator says.
size_t made_bytes(const void *block);

/// Starts a walk of a heap whose census is complete; ends the program when that fails.
csizer_walk *made_walk(made_heap *heap, csizer_walk_options options);

/// Ends a walk and checks that no mark of it is left in the map.
void made_walk_end(made_heap *heap, csizer_walk *walk);

/// The totals of a walk of its own from one object, or from one value. Four walks must come to the same sums, by kind
/// too, and have seen the same blocks: one by the queue, and three that sweep the map from the start: the walk by
/// itself, a crew of one and a crew of two.
csizer_totals made_size_of_object(made_heap *heap, const void *object);
csizer_totals made_size_of_value(made_heap *heap, const void *value, const void *type);

/// A crew of a walk's, whose other worker is a thread of libc's.
typedef struct made_crew {
  struct walk_crew *crew;
  bool has_other;
  pthread_t other;
} made_crew;
void made_crew_begin(made_crew *crew, csizer_walk *walk, bool is_of_two);
void made_crew_end(made_crew *crew);

/// What a walk from `object` counts under a kind's full name; zeros when there is no such kind.
csizer_kind_totals made_kind_totals(made_heap *heap, const csizer_walk *walk, const char *name);

/// Takes all marks from a map. What a fault left seen in pages of which nothing was learnt is not forgotten otherwise:
/// a child ends with its marks.
void made_wipe_marks(csizer_heapmap *map);

/// Checks the marks of a map: none may be set between walks.
void made_check_no_marks(const csizer_heapmap *map);

/// A class with `references` strong references from offset 16 on and a word of data behind them; made once for each
/// number.
const swift_class *made_node_class(unsigned references);

/// An object of made_node_class.
void *made_node(made_heap *heap, unsigned references);

/// The class of arrays of references, and an array with room for so many, from offset 32 on.
const swift_class *made_array_class(void);
void *made_array(made_heap *heap, size_t count);

/// So many nodes of three references: in a ring, and each leads to two others.
void made_tangle(made_heap *heap, size_t nodes, uint64_t *random);

/// Sets reference `index` of a node.
void made_link(void *node, unsigned index, const void *target);

#endif
