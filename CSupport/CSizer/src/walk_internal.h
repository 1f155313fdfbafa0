// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_INTERNAL_H
#define CSIZER_WALK_INTERNAL_H
#include "csizer_images.h"
#include "csizer_walk.h"
#include "heapmap_internal.h"
#include "layout_internal.h"
#include "pagememo_internal.h"

enum {
  WALK_QUEUE = 32 * 1024,
  WALK_FLOOR = 4096,  // no object is below: nil and the runtime's other extra inhabitants are
};
#define WALK_CEILING ((uintptr_t)1 << HEAPMAP_ADDRESS_BITS)

/// Addresses of blocks that start at 8 modulo 16: they have no bit in the map. Few: only 8-byte blocks.
typedef struct walk_odd_set {
  uintptr_t *slots;
  size_t capacity, count;
} walk_odd_set;

enum { WALK_HOT = 256 };

/// What the loop needs of a kind of object, and its sums since they were last added to the walk's.
typedef struct walk_hot {
  const void *metadata;
  uint64_t references;
  size_t usable;  // of a block without a tail; 1, which no block has, where the allocator can't tell
  size_t count, bytes;
  const csizer_object_layout *layout;
} __attribute__((aligned(64))) walk_hot;

/// Values in a raw block that wait to be walked.
typedef struct walk_values {
  const char *first;
  size_t count;
  const csizer_value_layout *element;
} walk_values;

struct csizer_walk {
  walk_hot hot[WALK_HOT];
  unsigned warm[WALK_HOT];  // which of them are in use
  unsigned warm_count;
  csizer_heapmap *map;
  csizer_layouts *layouts;
  csizer_pagememo memo;
  csizer_walk_options options;
  uintptr_t stack_start, stack_end;  // the calling thread's own: objects there are the optimiser's
  csizer_totals totals;
  csizer_kind_totals *kinds;
  size_t kind_capacity;
  /// Found, marked, not yet scanned: from `head` to `tail`, both running on for ever. `limit` is WALK_QUEUE, or 0 when nothing is to
  /// go here: with a depth limit, while collecting, while sweeping.
  uintptr_t *queue;
  uint32_t head, tail, limit;
  /// How many may wait in the queue before a sweep over the map costs less than their cache misses.
  uint32_t sweep_at;
  bool sweeping;
  /// With a depth limit, or while collecting: the objects one level further down; `at_bottom` when these must not be entered.
  uintptr_t *next;
  size_t next_count, next_capacity;
  bool at_bottom;
  walk_values *values;
  size_t value_count, value_capacity;
  walk_odd_set odd;
  csizer_status status;
  uint32_t *steps;  // counted up from time to time for who watches; may be NULL
};

// walk.c
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object);
void csizer_walk_scan(csizer_walk *walk, uintptr_t object);
bool csizer_walk_grow_kinds(csizer_walk *walk);
const csizer_object_layout *csizer_walk_layout(csizer_walk *walk, const swift_object *object);
void csizer_walk_warm(csizer_walk *walk, const swift_metadata *metadata);
void csizer_walk_cool(csizer_walk *walk);

// walk_value.c
/// Counts the block of a dead object, its side table too, under a kind of its own; its fields are not read.
void csizer_walk_dead(csizer_walk *walk, uintptr_t object);

// walk_shapes.c
void csizer_walk_unknown_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

// walk_loop.c
void csizer_walk_drain(csizer_walk *walk);
void csizer_walk_begin_sweep(csizer_walk *walk);

// walk_address.c: words that are not plainly a live object
void csizer_walk_unlisted(csizer_walk *walk, uintptr_t address);
/// Counts a raw block that was not seen yet; answers its usable size, 0 when nothing was counted. When it isn't sure that a
/// block starts at `address`, it is counted only if the allocator vouches for it.
size_t csizer_walk_raw_block(csizer_walk *walk, uintptr_t address, uint32_t kind, bool is_sure);
void csizer_walk_conservative(csizer_walk *walk, const void *start, size_t bytes);

// walk_owned.c: what owning fields lead to
void csizer_walk_owned(csizer_walk *walk, const char *field, const csizer_owned *owned);
void csizer_walk_drain_values(csizer_walk *walk);
bool csizer_walk_may_start_block(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address);

// walk_tail.c: elements behind a library's header
void csizer_walk_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_cf_object(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_hash_node(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

// walk_value.c, walk_shapes.c
void csizer_walk_add_requested(csizer_walk *walk, const csizer_object_layout *layout, size_t requested, size_t unused,
                               size_t usable);
void csizer_walk_elements(csizer_walk *walk, const char *first, size_t count, const csizer_value_layout *element);
void csizer_walk_ops(csizer_walk *walk, const char *base, const csizer_value_layout *layout);
void csizer_walk_shape(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

static inline void walk_push(csizer_walk *walk, uintptr_t object) {
  if (__builtin_expect(walk->tail - walk->head >= walk->limit, 0)) csizer_walk_overflow(walk, object);
  else walk->queue[walk->tail++ % WALK_QUEUE] = object;
}

/// A word that the layout calls a reference. What is no address of a live object ends at the first or second test.
static inline void walk_reference(csizer_walk *walk, uintptr_t address) {
  if ((address - WALK_FLOOR >= WALK_CEILING - WALK_FLOOR) | (address & 15)) return;
  heapmap_leaf *leaf = walk->map->leaves[address >> HEAPMAP_LEAF_SHIFT];
  if (__builtin_expect(leaf != NULL, 1)) {
    size_t unit = heapmap_unit_index(address);
    uint64_t bit = heapmap_bit(address);
    if (leaf->seen[unit] & bit) return;
    if (__builtin_expect((leaf->live[unit] & bit) != 0, 1)) {
      leaf->seen[unit] |= bit;
      walk_push(walk, address);
      return;
    }
  }
  csizer_walk_unlisted(walk, address);
}

static inline void walk_value(csizer_walk *walk, const char *base, const csizer_value_layout *layout) {
  for (uint64_t words = layout->references; words; words &= words - 1)
    walk_reference(walk, ((const uintptr_t *)(const void *)base)[__builtin_ctzll(words)]);
  if (__builtin_expect(layout->op_count != 0, 0)) csizer_walk_ops(walk, base, layout);
}

/// Marks a block that is not to be scanned; true when it was not seen before.
static inline bool walk_mark_unscanned(csizer_walk *walk, uintptr_t address) {
  if (!csizer_heapmap_mark(walk->map, (const void *)address)) return false;
  if (walk->sweeping) heapmap_leaf_at(walk->map, address)->done[heapmap_unit_index(address)] |= heapmap_bit(address);
  return true;
}

/// The runtime moves an object's counts to a side table when it is weakly referenced, or when a count outgrows its bits. 0: it
/// has none.
static inline uintptr_t walk_side_table_of(uint64_t references) {
  if (!(references & SWIFT_SLOW_REFERENCES) || (references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK) return 0;
  return (uintptr_t)((references & ~(SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK)) << 3);
}

/// Whether the census knows an object at `address` whose life has ended: unowned references keep its block, its fields are gone
/// and must not be read.
static inline bool walk_is_dead(const csizer_walk *walk, uintptr_t address) {
  if (!csizer_heapmap_contains(walk->map, (const void *)address)) return false;
  uint64_t references = ((const swift_object *)address)->references;
  uintptr_t side_table = walk_side_table_of(references);
  if (side_table) {
    // An object that is half made may have anything in its counts: what is no side table does not name the object.
    const swift_side_table *table = (const swift_side_table *)side_table;
    return table->object == (const swift_object *)address && (table->references & SWIFT_DEINITING);
  }
  return !(references & SWIFT_SLOW_REFERENCES) && (references & SWIFT_DEINITING);
}

static inline csizer_kind_totals *walk_kind(csizer_walk *walk, uint32_t kind) {
  static csizer_kind_totals nowhere;  // when memory ran out: the walk's status says so
  if (__builtin_expect(kind >= walk->kind_capacity, 0) && !csizer_walk_grow_kinds(walk)) return &nowhere;
  return &walk->kinds[kind];
}

#endif
