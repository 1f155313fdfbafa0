// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_TYPES_H
#define CSIZER_WALK_TYPES_H
#include "census/heapmap_marks.h"
#include "census/pagememo_internal.h"
#include "csizer_allocator.h"
#include "csizer_images.h"
#include "csizer_walk.h"
#include "layouts/layout_table.h"
#include "runtime/assumptions.h"
#include "walk/walk_sink.h"

enum {
  WALK_QUEUE = 64 * 1024,
  WALK_MOST_WAITING = WALK_QUEUE - 512,  // room for the references of one more object, or a part of an array
  WALK_RANGES = 16,
  WALK_FLOOR = SWIFT_LEAST_POINTER,
};
/// In the ring of a sweep: somebody has the block that starts 8 bytes before.
#define WALK_CLAIMED ((uintptr_t)8)
#define WALK_CEILING ((uintptr_t)1 << HEAPMAP_ADDRESS_BITS)

/// Counts of objects that are looked at more closely: they are elsewhere, or the object's life has ended.
#define WALK_UNUSUAL (SWIFT_SLOW_REFERENCES | SWIFT_DEINITING)

/// Addresses of blocks that start at 8 modulo 16: they have no bit in the map. Few: only 8-byte blocks.
typedef struct walk_odd_set {
  uintptr_t *slots;
  size_t capacity, count;
} walk_odd_set;

/// How far into their buffers shared storages are in use. walk_view.c
typedef struct walk_use_map {
  struct walk_use *slots;
  size_t capacity, count;
} walk_use_map;

enum { WALK_HOT = 256, WALK_FEW = 3, WALK_RING = 128 };

/// What the loop needs of a kind of object, and its sums since they were last added to the walk's.
typedef struct walk_hot {
  const void *metadata;
  uint64_t references;
  size_t usable;  // of a block without a tail; 1, which no block has, where the allocator can't tell
  size_t count;
  const csizer_object_layout *layout;
  bool has_many;  // references: more than WALK_FEW
} __attribute__((aligned(64))) walk_hot;

/// References side by side that wait to be met.
typedef struct walk_range {
  const uintptr_t *words;
  size_t count;
} walk_range;

/// Values in a raw block that wait to be walked.
typedef struct walk_values {
  const char *first;
  size_t count;
  const csizer_value_layout *element;
  // With a sink: the field that leads to the block, and whether that is a guess.
  const void *origin;
  bool is_guess;
} walk_values;

/// A word that may or may not lead to something. It waits until all that is certain has been counted.
typedef struct walk_guess {
  uintptr_t address;
  bool is_block;   // a raw block, if one starts there, counted under `kind`; otherwise an object, if there is one
  bool is_task;    // a task, which the census does not know
  uint32_t kind;
  uint32_t level;  // with a depth limit: of what it leads to
  uint32_t part;   // of a tree of referents
} walk_guess;

/// A pointer that no rule explains. It waits until it is known what else leads to its block.
typedef struct walk_pointer {
  uintptr_t address;
  size_t holder;
  uint32_t kind, part;
  bool is_told;  // its holder is unresolved anyway
} walk_pointer;

struct csizer_walk {
  walk_hot hot[WALK_HOT];
  unsigned warm[WALK_HOT];  // which of them are in use
  unsigned warm_count;
  csizer_heapmap *map;
  csizer_layouts *layouts;
  /// Who sweeps (walk_crew.h); NULL: the walk by itself.
  struct walk_crew *crew;
  /// Who is told of words instead of the walk following them; NULL: it follows.
  walk_sink *sink;
  csizer_pagememo memo;
  csizer_allocator_geometry allocator;
  csizer_walk_options options;
  uintptr_t stack_start, stack_end;  // the calling thread's own: objects there are the optimiser's
  csizer_totals totals;
  csizer_kind_totals *kinds;
  size_t kind_capacity;
  /// Found, marked, not yet scanned: from `head` to `tail`, both running on for ever. `limit` is WALK_QUEUE, or 0 when
  /// nothing is to go here: with a depth limit, while collecting, while sweeping.
  uintptr_t *queue;
  uint32_t head, tail, limit;
  /// More than so many do not wait in the queue: the walk sweeps. 64 at least; WALK_MOST_WAITING unless a test says.
  uint32_t sweep_at;
  /// How many of the last objects were looked at, and their references that led to what was seen; and how many of the
  /// next ones are walked as if nobody foresaw where theirs lead, because that was often.
  uint32_t looked_at, seen_before, unforeseen;
  /// What waited when the sweep began lay near what had waited before it.
  bool is_near;
  /// Of arrays, references that have not been looked at: behind the queue.
  walk_range ranges[WALK_RANGES];
  unsigned range_count;
  bool sweeping;
  /// Objects that the sweep has taken from the map and not scanned, but for the one that is being read.
  uintptr_t ring[WALK_RING];
  size_t ring_head, ring_tail;
  /// Where the walk is in its queue is in memory when it reads an object, which may fault.
  bool keeps_place;
  /// All that lives is walked, whatever leads to it: of what is met some is dead.
  bool meets_dead;
  /// With a depth limit, or while collecting: the objects one level further down; `at_bottom` when these must not be
  /// entered.
  uintptr_t *next;
  size_t next_count, next_capacity;
  bool at_bottom;
  walk_values *values;
  size_t value_count, value_capacity;
  walk_odd_set odd;
  walk_use_map uses;
  /// Words that wait, and the next of them to be followed: walk_guess.c. `level` is that of the objects being scanned.
  walk_guess *guesses;
  size_t guess_count, guess_next, guess_capacity;
  uint32_t level, part;
  /// Likewise for pointers: walk_pointer.c. Who holds them, by number; the last that was unresolved, and the last that
  /// was because of a pointer. Blocks that only pointers have led to have no mark, for an owner may still come: they
  /// are in `pointed`.
  walk_pointer *pointers;
  size_t pointer_count, pointer_next, pointer_capacity;
  size_t holder, unknown_holder, told_holder;
  walk_odd_set pointed;
  size_t pointed_bytes;
  bool ignores_pointers;
  bool collecting;  // the value that is being read will be read again, with the object that it stands in
  bool estimating;     // all that is counted now is estimate
  bool holds_guesses;  // who builds a tree settles them himself
  csizer_status status;
  uint32_t *steps;  // counted up from time to time for who watches; may be NULL
};

#endif
