// SPDX-License-Identifier: Apache-2.0
#include "layouts/unknown_types.h"
#include "walk/walk_internal.h"

// Objects whose life has ended and whose blocks unowned references keep.

// The kind under which the dead of a class are counted: nothing tells them from the living but what is left of their
// counts.
static uint32_t dead_kind(csizer_layouts *layouts, const csizer_object_layout *layout) {
  // The table owns all layouts; constness is for the walk's sake.
  csizer_object_layout *owner = (csizer_object_layout *)(uintptr_t)layout;
  if (!owner->dead_kind) {
    csizer_kind kind = {.type = layouts->kinds[layout->kind].type, .prefix = "dead, kept by unowned: "};
    if (!kind.type) kind.prefix = "dead, kept by unowned";
    owner->dead_kind = csizer_layouts_add_kind(layouts, kind);
  }
  return owner->dead_kind;
}

void csizer_walk_dead(csizer_walk *walk, uintptr_t address) {
  if (walk_mark_unscanned(walk, address)) csizer_walk_count_dead(walk, address);
}

void csizer_walk_count_dead(csizer_walk *walk, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  const csizer_object_layout *layout = csizer_layouts_object(walk->layouts, object->metadata);
  if (!layout) {
    walk->status = CSIZER_NO_MEMORY;
    return;
  }
  size_t requested = layout->requested ? layout->requested : usable;
  csizer_kind_totals *kind =
      walk_kind(walk, layout == &csizer_unknown_object ? layout->kind : dead_kind(walk->layouts, layout));
  walk_count(walk, kind, 1, usable);
  kind->requested += requested;
  walk->totals.objects++;
  walk->totals.requested += requested;
  walk->totals.dead_bytes += usable;
  uintptr_t side_table = walk_side_table_of(object->references);
  if (side_table) csizer_walk_raw_block(walk, side_table, walk->layouts->side_table_kind, true);
}
