// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// One object, whatever it is; and the table of those that the loops do by themselves.

// Where side tables are is not known in all runtimes; an immortal object has none.
static void count_side_table(csizer_walk *walk, uint64_t references) {
  const bool is_immortal = (references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK;
  if (!csizer_holds(CSIZER_ASSUMES_SIDE_TABLES) && !is_immortal) walk_unresolved(walk);
  else csizer_walk_raw_block(walk, walk_side_table_of(references), walk->layouts->side_table_kind, true);
}

void csizer_walk_scan(csizer_walk *walk, uintptr_t address) {
  if (__builtin_expect(walk->meets_dead, 0) && walk_is_dead(walk, address)) {  // nothing in it may be read
    csizer_walk_count_dead(walk, address);
    return;
  }
  const swift_object *object = (const swift_object *)address;
  size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  const csizer_object_layout *layout = walk_layout_of(walk, object);
  if (__builtin_expect(!layout || layout->excluded, 0)) return;
  walk->holder++;
  csizer_kind_totals *kind = walk_kind(walk, layout->kind);
  walk_count(walk, kind, 1, usable);
  walk->totals.objects++;
  if (__builtin_expect((int64_t)object->references < 0, 0)) count_side_table(walk, object->references);
  if (__builtin_expect(layout->shape != SHAPE_FIELDS || !layout->requested, 0)) {
    csizer_walk_shape(walk, (const char *)object, layout, usable);
    return;
  }
  if (__builtin_expect(layout->usable && usable != layout->usable, 0)) {
    csizer_walk_unknown_tail(walk, (const char *)object, layout, usable);
    return;
  }
  kind->requested += layout->requested;
  walk->totals.requested += layout->requested;
  walk_value(walk, (const char *)object, &layout->fields);
}

void csizer_walk_list(csizer_walk *walk, uintptr_t object) {
  csizer_walk_scan(walk, object);
  csizer_walk_drain_values(walk);
}

// Adds what the loop has counted under a metadata to the walk's sums.
static void flush(csizer_walk *walk, walk_hot *hot) {
  csizer_kind_totals *kind = walk_kind(walk, hot->layout->kind);
  size_t requested = hot->count * hot->layout->requested;
  walk_count(walk, kind, hot->count, hot->count * hot->usable);
  kind->requested += requested;
  walk->totals.objects += hot->count;
  walk->totals.requested += requested;
  hot->count = 0;
}

// Lets the loop do objects of this metadata by itself from now on, if they are plain.
void csizer_walk_warm(csizer_walk *walk, const swift_metadata *metadata) {
  const csizer_object_layout *layout = csizer_layout_map_find(&walk->layouts->objects, metadata);
  if (!layout || !walk_is_plain(layout)) return;
  walk_hot *hot = &walk->hot[((uintptr_t)metadata >> 4) % WALK_HOT];
  if (hot->metadata == metadata) return;
  if (hot->layout) flush(walk, hot);
  else walk->warm[walk->warm_count++] = (unsigned)(hot - walk->hot);
  *hot = (walk_hot){.metadata = metadata,
                    .references = layout->fields.references,
                    .usable = layout->usable ? layout->usable : 1,
                    .layout = layout,
                    .has_many = __builtin_popcountll(layout->fields.references) > WALK_FEW};
}

void csizer_walk_cool(csizer_walk *walk) {
  for (unsigned i = 0; i < walk->warm_count; i++) flush(walk, &walk->hot[walk->warm[i]]);
}
