// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_INTERNAL_H
#define CSIZER_WALK_INTERNAL_H
#include "walk/walk_types.h"

// The parts of a walk, from those that call no other to those that call all above them.

// walk_state.c: sums, and room in lists
bool csizer_walk_grow_kinds(csizer_walk *walk);
/// Room for one more item in a list of the walk's; false when memory runs out, which the walk's status says.
bool csizer_walk_make_room(csizer_walk *walk, void *list, size_t *capacity, size_t count, size_t item_bytes);
/// Adds what an object asked for, and what of that is unused.
void csizer_walk_add_requested(csizer_walk *walk, const csizer_object_layout *layout, size_t requested, size_t unused,
                               size_t usable);

// walk_queue.c: what was found and waits
/// Whether most addresses lie near the ones before, as far as a sample shows.
bool csizer_walk_are_near(const uintptr_t *words, size_t count);
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object);
/// From now on what is seen waits for a sweep over the map; resumed, what waits in the queue does.
void csizer_walk_begin_sweep(csizer_walk *walk);
void csizer_walk_resume_sweep(csizer_walk *walk);

// walk_address.c: words that are not plainly a live object
void csizer_walk_unlisted(csizer_walk *walk, uintptr_t address);
/// Sweeps believe references without asking the census: what it does not know is looked at now, and seen only if it is
/// an object. Whether it is.
bool csizer_walk_is_after_all(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address);
/// While sweeping: whether the sweep has taken a place that nothing lives at and not come to it. It passes over it
/// then, for somebody has that block.
bool csizer_walk_claim(csizer_walk *walk, uintptr_t address);
/// Counts a raw block that was not seen yet; answers its usable size, 0 when nothing was counted. When it isn't sure
/// that a block starts at `address`, it is counted only if the allocator vouches for it.
size_t csizer_walk_raw_block(csizer_walk *walk, uintptr_t address, uint32_t kind, bool is_sure);
/// What the allocator knows of the place that a raw pointer leads to: nothing of it may be read unless it is owned.
typedef enum walk_place {
  WALK_NOT_OWNED,     // no place of this heap
  WALK_MAY_BE_OWNED,  // neither the census nor the allocator can say
  WALK_STARTS_BLOCK,  // as far as can be told
  WALK_INSIDE_BLOCK,
} walk_place;
walk_place csizer_walk_place(csizer_walk *walk, uintptr_t address);
/// Puts a block into a set; true when it was not there. When memory runs out the walk's status says so.
bool csizer_walk_set_insert(csizer_walk *walk, walk_odd_set *set, uintptr_t address);
/// While sweeping: whether a block is marked, and not only because a word was believed.
bool csizer_walk_is_counted(const csizer_walk *walk, uintptr_t address);
/// Whether a block is marked.
bool csizer_walk_has_seen(const csizer_walk *walk, uintptr_t address);

// walk_all.c
/// Walks all that lives and is not seen. Once; after a fault csizer_walk_go_on, and again, as often as need be.
csizer_status csizer_walk_all(csizer_walk *walk);

// walk_fault.c: after a fault
/// What waits goes on waiting.
void csizer_walk_go_on(csizer_walk *walk);
/// What waits is not seen any more: whatever leads to it later meets it.
void csizer_walk_give_up(csizer_walk *walk);

// walk_dead.c
/// Counts the block of a dead object, its side table too, under a kind of its own; its fields are not read.
void csizer_walk_dead(csizer_walk *walk, uintptr_t object);
/// The same for one that is marked.
void csizer_walk_count_dead(csizer_walk *walk, uintptr_t object);

// walk_view.c: unused room in shared buffers
void csizer_walk_view(csizer_walk *walk, const char *value, const csizer_view *view);
void csizer_walk_free_uses(csizer_walk *walk);

// walk_slice.c: parts of buffers
void csizer_walk_slice(csizer_walk *walk, const char *value, const csizer_slice *slice);

// walk_pointer.c: pointers that no rule explains
void csizer_walk_pointer(csizer_walk *walk, const char *field, const csizer_pointer *pointer);
/// Counts what the pointers of one part lead to and nothing else has.
void csizer_walk_settle_pointers(csizer_walk *walk, uint32_t part);

// walk_guess.c: what is uncertain
/// Words of unknown type: those that are a live object's address are followed when all that is certain has been.
void csizer_walk_conservative(csizer_walk *walk, const void *start, size_t bytes);
/// The same for words which are known to be references or no addresses.
void csizer_walk_sure_words(csizer_walk *walk, const void *start, size_t bytes);
/// A raw block of which it is in doubt whether it is owned, or there: likewise.
void csizer_walk_doubt(csizer_walk *walk, uintptr_t address, uint32_t kind);
/// A task that a word in a frame may refer to: likewise.
void csizer_walk_doubt_task(csizer_walk *walk, uintptr_t task, const void *at);
/// Moves the words that lead to this level, or that wait for this part, to where it waits to be scanned.
void csizer_walk_follow_guesses(csizer_walk *walk, uint32_t level);
void csizer_walk_follow_part(csizer_walk *walk, uint32_t part);
/// Drops all.
void csizer_walk_drop_guesses(csizer_walk *walk);

// walk_task.c: tasks of the concurrency runtime
void csizer_walk_task_pointer(csizer_walk *walk, uintptr_t address, const void *at);
/// All that a task's words and its frames may refer to.
void csizer_walk_task(csizer_walk *walk, const char *task, const csizer_object_layout *layout, size_t usable);

// walk_block.c: blocks, which libdispatch makes and Swift's closures become
void csizer_walk_block(csizer_walk *walk, uintptr_t address, const void *at);

// walk_each.c: containers whose elements own what they lead to
void csizer_walk_each(csizer_walk *walk, const char *field, const csizer_owned *owned);

// walk_owned.c: what owning fields lead to
void csizer_walk_owned(csizer_walk *walk, const char *field, const csizer_owned *owned);

// walk_value.c: the parts of a value
void csizer_walk_ops(csizer_walk *walk, const char *base, const csizer_value_layout *layout);

// walk_range.c: arrays that wait
/// Lets the references of a long array wait; false when they are to be followed at once. They must stay as they are
/// until the walk is drained.
bool csizer_walk_defer(csizer_walk *walk, const uintptr_t *words, size_t count);
/// The next of those that wait, of the array that was met last; there must be one.
walk_range csizer_walk_next_part(csizer_walk *walk, size_t most);
/// While the walk sweeps: marks what words may lead to, of which the sweep asks the census.
void csizer_walk_believe(csizer_walk *walk, const uintptr_t *words, size_t count);
/// The same for all that wait, so that one sweep does for all.
void csizer_walk_believe_ranges(csizer_walk *walk);

// walk_elements.c: values side by side
void csizer_walk_elements(csizer_walk *walk, const char *first, size_t count, const csizer_value_layout *element);
/// Walks the values in raw blocks that wait.
void csizer_walk_drain_values(csizer_walk *walk);

// walk_tail.c: elements behind a library's header
void csizer_walk_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_cf_object(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_hash_node(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

// walk_collections.c: the standard library's storage
void csizer_walk_array(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_hash(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_string(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

// walk_shapes.c: objects that are more than their fields
void csizer_walk_shape(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);
void csizer_walk_unknown_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable);

// walk_scan.c: one object
void csizer_walk_scan(csizer_walk *walk, uintptr_t object);
/// With a sink: tells it all words of one live object. Raw blocks that are in doubt wait for csizer_walk_settle.
void csizer_walk_list(csizer_walk *walk, uintptr_t object);
/// Lets the loops do objects of this metadata by themselves from now on, if they are plain; adds up what they counted.
void csizer_walk_warm(csizer_walk *walk, const swift_metadata *metadata);
void csizer_walk_cool(csizer_walk *walk);

// walk_wait.c: the queue
/// Walks what waits, in the queue and in arrays, for a while; begins a sweep when too much does.
void csizer_walk_run_queue(csizer_walk *walk);

// walk_loop.c: the sweep
void csizer_walk_drain(csizer_walk *walk);

// walk_drain.c
/// Scans all that waits.
void csizer_walk_drain_all(csizer_walk *walk);

// walk_settle.c: the end of a walk
/// Follows the words that wait for one part, and tells which; false when none waits any more.
bool csizer_walk_settle_next(csizer_walk *walk, uint32_t *ret_part);
/// Follows all, unless they are held for somebody.
void csizer_walk_settle(csizer_walk *walk);

// walk.c
/// Bytes of a live object's own block and of its side table. Needs no walk; its death must wait.
size_t csizer_object_own_bytes(const swift_object *object);

/// Whether the loops do objects of a layout by themselves: they are nothing but a mask of references.
static inline bool walk_is_plain(const csizer_object_layout *layout) {
  return layout->shape == SHAPE_FIELDS && layout->requested && !layout->fields.op_count && !layout->excluded;
}

/// The object, or the run of values, that is being read is one of unknown parts.
static inline void walk_unresolved(csizer_walk *walk) {
  walk->totals.unresolved += !walk->collecting;
  walk->unknown_holder = walk->holder;
}

static inline void walk_push(csizer_walk *walk, uintptr_t object) {
  if (__builtin_expect(walk->tail - walk->head >= walk->limit, 0)) csizer_walk_overflow(walk, object);
  else walk->queue[walk->tail++ % WALK_QUEUE] = object;
}

/// Whether anything waits in the queue or behind it.
static inline bool walk_has_waiting(const csizer_walk *walk) {
  return walk->head != walk->tail || walk->range_count;
}

/// Whether the allocator may be asked about an address of the leaf: objects show that it owns something within reach.
static inline bool walk_may_ask(const csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  return heapmap_has_objects(leaf, address, walk->allocator.reach_shift);
}

/// Whether a word can be an object's address at all.
static inline bool walk_may_be_object(uintptr_t address) {
  return !((address - WALK_FLOOR >= WALK_CEILING - WALK_FLOOR) | (address & 15));
}

/// Marks and pushes the object at an address that can be one's. What the census does not know is looked at closely;
/// while sweeping, when its turn comes.
static inline void walk_follow(csizer_walk *walk, uintptr_t address) {
  heapmap_grain grain = heapmap_grain_of(address);
  heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (__builtin_expect(leaf != NULL, 1)) {
    if (__builtin_expect(walk->sweeping, 0)) {
      heapmap_believe(leaf, grain);  // its byte of the census comes with its turn
      return;
    }
    heapmap_meeting meeting = heapmap_meet(leaf, grain);
    if (meeting == HEAPMAP_SEEN_BEFORE) return;
    if (__builtin_expect(meeting == HEAPMAP_SEEN_NOW, 1)) {
      walk_push(walk, address);
      return;
    }
  }
  csizer_walk_unlisted(walk, address);
}

/// A word that the layout calls a reference, and where it stands. What is no address of a live object ends at the first
/// or second test.
static inline void walk_reference(csizer_walk *walk, uintptr_t address, const void *at) {
  if (!walk_may_be_object(address)) return;
  if (__builtin_expect(walk->sink != NULL, 0)) walk->sink->reference(walk->sink, address, at);
  else walk_follow(walk, address);
}

static inline void walk_value(csizer_walk *walk, const char *base, const csizer_value_layout *layout) {
  for (uint64_t words = layout->references; words; words &= words - 1) {
    const uintptr_t *word = (const uintptr_t *)(const void *)base + __builtin_ctzll(words);
    walk_reference(walk, *word, word);
  }
  if (__builtin_expect(layout->op_count != 0, 0)) csizer_walk_ops(walk, base, layout);
}

/// The layout of an object; NULL when memory ran out, which the walk's status says.
static inline const csizer_object_layout *walk_layout_of(csizer_walk *walk, const swift_object *object) {
  const csizer_object_layout *layout = csizer_layout_map_find(&walk->layouts->objects, object->metadata);
  if (__builtin_expect(!layout, 0)) layout = csizer_layouts_object(walk->layouts, object->metadata);
  if (layout && __builtin_expect(layout->shape == SHAPE_BOUND, 0))
    layout = csizer_layouts_bound(walk->layouts, layout, object);
  if (__builtin_expect(!layout, 0)) walk->status = CSIZER_NO_MEMORY;
  return layout;
}

/// Marks a block that is not to be scanned; true when it was not seen before.
static inline bool walk_mark_unscanned(csizer_walk *walk, uintptr_t address) {
  const void *block = (const void *)address;
  if (!walk->sweeping) return csizer_heapmap_mark(walk->map, block);
  heapmap_leaf *leaf = heapmap_leaf_of(walk->map, address);
  // A word that was believed to be a reference may have marked it: its turn, in which the census would be asked, has
  // not come.
  if (leaf && heapmap_is_believed(leaf, address)) heapmap_unsee(leaf, address);
  if (!csizer_heapmap_mark(walk->map, block))
    return !heapmap_is_live(heapmap_leaf_at(walk->map, address), address) && csizer_walk_claim(walk, address);
  heapmap_set_done(heapmap_leaf_at(walk->map, address), address);
  return true;
}

/// The runtime moves an object's counts to a side table when it is weakly referenced, or when a count outgrows its
/// bits. 0: it has none, or nobody knows where.
static inline uintptr_t walk_side_table_of(uint64_t references) {
  if (!csizer_holds(CSIZER_ASSUMES_SIDE_TABLES)) return 0;
  if (!(references & SWIFT_SLOW_REFERENCES) || (references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK) return 0;
  return (uintptr_t)((references & ~(SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK)) << 3);
}

/// Whether the census knows an object at `address` whose life has ended: unowned references keep its block, its fields
/// are gone and must not be read. Never where this runtime says it otherwise than is known.
static inline bool walk_is_dead(const csizer_walk *walk, uintptr_t address) {
  if (!csizer_holds(CSIZER_ASSUMES_COUNTS)) return false;
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

/// Adds blocks to the sums.
static inline void walk_count(csizer_walk *walk, csizer_kind_totals *kind, size_t count, size_t bytes) {
  size_t estimated = walk->estimating ? bytes : 0;
  kind->count += count;
  kind->bytes += bytes;
  kind->estimated += estimated;
  walk->totals.bytes += bytes;
  walk->totals.estimated_bytes += estimated;
}

static inline csizer_kind_totals *walk_kind(csizer_walk *walk, uint32_t kind) {
  static csizer_kind_totals nowhere;  // when memory ran out: the walk's status says so
  if (__builtin_expect(kind >= walk->kind_capacity, 0) && !csizer_walk_grow_kinds(walk)) return &nowhere;
  return &walk->kinds[kind];
}

#endif
