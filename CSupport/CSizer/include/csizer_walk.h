// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_H
#define CSIZER_WALK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_heapmap.h"
#include "csizer_layout.h"
#include "csizer_status.h"

/// The walk: from values and objects along strong references, each block once, sizes from the allocator.
///
/// No recursion over data and no depth limit: what is found waits in a queue of fixed size, and when much waits, the
/// heap map's bits say what is still to be scanned. So the memory of a walk is 1/128 of the heap walked, for the bits
/// seen, as much again where it sweeps, and a third of a megabyte.
///
/// Instances are only read: no code of the program runs, no count changes, nothing is allocated in the measured heap. A
/// word whose type is known is followed when a live object starts there by the heap map, or, for objects that the map
/// has not seen being born, by the allocator's word; a word whose type is unknown only by the heap map's.
///
/// Words of unknown type are followed last of all that one call adds, so that what certain words lead to is never an
/// estimate, in whatever order things are met.
///
/// Thread rules: one walk at a time per heap map, for the bits seen are the map's; the calling thread does all the
/// work. The graph must not be changed meanwhile by other threads.
typedef struct csizer_walk csizer_walk;

/// How far a walk goes and what it may trust. All zero: to the end, along strong references only, without a census.
typedef struct csizer_walk_options {
  /// How many references deep to go; 0: to the end.
  size_t maximum_depth;
  /// Follow unowned references as if they were strong.
  bool follow_unowned;
  /// The heap map knows every live object: an address that it does not know and the allocator can't vouch for is no
  /// object.
  bool census_is_complete;
} csizer_walk_options;

/// What was counted, since the walk was made.
typedef struct csizer_totals {
  size_t bytes;      // usable
  size_t requested;  // asked for, as far as layouts tell
  size_t objects;
  size_t raw_blocks;
  size_t unresolved;
  bool cut;  // maximum_depth kept something out
  size_t raw_bytes;   // the part of `bytes` that is in raw blocks
  size_t dead_bytes;  // the part of `bytes` that is in dead objects, whose blocks unowned references keep
  /// The part of `bytes` that only uncertain words lead to: words of unknown type that are a live object's address,
  /// pointers of which it isn't known whether they own anything. What is reached both ways is certain.
  size_t estimated_bytes;
} csizer_totals;

/// The same for one kind of block (csizer_layouts_kind_name).
typedef struct csizer_kind_totals {
  size_t count;
  size_t bytes;
  size_t requested;
  size_t unused;  // bytes of elements for which there is room and no element
  size_t estimated;  // the part of `bytes` that is estimate
} csizer_kind_totals;

/// A walk in which nothing is seen yet. `map` and `layouts` must outlive it. Free with csizer_walk_destroy.
csizer_status csizer_walk_create(csizer_heapmap *map, csizer_layouts *layouts, const csizer_walk_options *options,
                                 csizer_walk **ret_walk);

/// Frees the walk and forgets what it has seen; NULL is fine.
void csizer_walk_destroy(csizer_walk *walk);

/// Adds all that the value at `value`, of type `type` (Swift metadata), refers to and that was not seen before. The
/// value's own bytes are not counted: they are where the caller keeps them.
csizer_status csizer_walk_value(csizer_walk *walk, const void *value, const void *type);

/// Adds `object`, unless it was seen or is no heap object, and all that it refers to. As csizer_walk_value otherwise.
csizer_status csizer_walk_object(csizer_walk *walk, const void *object);

/// Marks the objects that the value refers to directly, in order, without counting or following them:
/// csizer_walk_follow does that later, and what the value's uncertain words lead to. Raw blocks among the referents are
/// counted at once. The list is the walk's and holds until its next call.
csizer_status csizer_walk_collect(csizer_walk *walk, const void *value, const void *type,
                                  const uintptr_t **ret_objects, size_t *ret_count);

/// Adds an object that csizer_walk_collect has marked, and all that it refers to and that was not seen before.
csizer_status csizer_walk_follow(csizer_walk *walk, uintptr_t object);

/// Usable bytes of an object's own blocks: its instance and its side table. Counts nothing.
size_t csizer_walk_flat_bytes(csizer_walk *walk, uintptr_t object);

/// Adds an object that csizer_walk_skip has marked, and all that it refers to and that was not seen before. Fast for
/// small objects.
csizer_status csizer_walk_marked(csizer_walk *walk, const void *object);

/// Declares `object` seen without counting or following it.
csizer_status csizer_walk_skip(csizer_walk *walk, const void *object);

/// The sums so far.
csizer_totals csizer_walk_totals(const csizer_walk *walk);

/// The sums of one kind so far; zeros for kinds that were not met.
csizer_kind_totals csizer_walk_kind_totals(const csizer_walk *walk, size_t kind);

#endif
