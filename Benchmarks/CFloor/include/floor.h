// SPDX-License-Identifier: Apache-2.0

/// The floor: how fast the graphs of SizerBench can be walked at all.
///
/// Each function walks the very Swift objects that HeapSizer walks, but knows beforehand what HeapSizer has to find
/// out: where the references stand in a node and how large every node is. What is left is what no walk of a heap can do
/// without: a load from every object, a visited bitmap, and the cache misses.
///
/// Nothing here is thread safe. A walk allocates nothing, keeps no reference and changes no object.

#ifndef CSIZER_FLOOR_H
#define CSIZER_FLOOR_H

#include <stdbool.h>
#include <stddef.h>

/// The visited bitmap and the stack, made once and used by every walk over the same nodes.
typedef struct csizer_floor csizer_floor;

/// What a walk met.
typedef struct {
  size_t objects;
  size_t bytes;
} csizer_floor_total;

/// Prepares walks over `count` nodes, each `node_bytes` large, that all lie between `lowest` and `highest` (addresses
/// of nodes, both included). Returns false where memory is short, and leaves `*ret` alone. `*ret` belongs to the
/// caller.
bool csizer_floor_create(const void *lowest, const void *highest, size_t count, size_t node_bytes, csizer_floor **ret);

/// Takes back what `csizer_floor_create` gave. NULL is fine.
void csizer_floor_destroy(csizer_floor *floor);

/// Walks an array's elements. A leaf has no reference to read; its header is read instead, for a walk that does not
/// touch the objects is none: only leaves with the first one's header count.
csizer_floor_total csizer_floor_walk_leaves(csizer_floor *floor, const void *const *leaves, size_t count);

/// Walks a linked list. Each address comes out of the node before, so there is nothing to prefetch.
csizer_floor_total csizer_floor_walk_list(csizer_floor *floor, const void *head);

/// Walks a binary tree.
csizer_floor_total csizer_floor_walk_tree(csizer_floor *floor, const void *root);

/// Walks a graph of nodes with three references, some of them null.
csizer_floor_total csizer_floor_walk_graph(csizer_floor *floor, const void *root);

/// What the allocator set aside for the block at `block`: the one size query, asked before the clock starts.
size_t csizer_floor_usable_size(const void *block);

#endif
