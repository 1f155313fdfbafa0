// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Pointers that no rule explains: whether they own what they point at is known to nobody. One that leads to the start
// of a live block which nothing else leads to may own it: its holder is unresolved, and the block an estimate. It is
// not looked into, and gets no mark: when one that certainly has it is sized later, it is counted there, with all
// below.

void csizer_walk_pointer(csizer_walk *walk, const char *field, const csizer_pointer *pointer) {
  const uintptr_t address = *(const uintptr_t *)(const void *)field;
  if ((address - WALK_FLOOR >= WALK_CEILING - WALK_FLOOR) | (address & 7)) return;
  const heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (!leaf || !walk_may_ask(walk, leaf, address)) return;  // no block of this heap
  if (walk->sink && csizer_heapmap_contains(walk->map, (const void *)address)) {
    walk->sink->uncertain(walk->sink, address, field);
    return;
  }
  if (walk->ignores_pointers || csizer_walk_has_seen(walk, address)) return;
  if (!csizer_walk_make_room(walk, &walk->pointers, &walk->pointer_capacity, walk->pointer_count,
                             sizeof *walk->pointers))
    return;
  walk->pointers[walk->pointer_count++] =
      (walk_pointer){.address = address,
                     .holder = walk->holder,
                     .kind = pointer->kind,
                     .part = walk->part,
                     .is_told = walk->collecting || walk->unknown_holder == walk->holder};
}

static void count_block(csizer_walk *walk, uintptr_t address, uint32_t kind_index) {
  if (!csizer_walk_set_insert(walk, &walk->pointed, address)) return;
  size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  csizer_kind_totals *kind = walk_kind(walk, kind_index);
  walk_count(walk, kind, 1, usable);
  kind->requested += usable;
  walk->totals.requested += usable;
  walk->totals.raw_blocks++;
  walk->totals.raw_bytes += usable;
  walk->pointed_bytes += usable;
}

static void settle(csizer_walk *walk, const walk_pointer *pointer) {
  if (csizer_walk_has_seen(walk, pointer->address)) return;  // explained: something else has led there
  bool is_object = csizer_heapmap_contains(walk->map, (const void *)pointer->address);
  walk_place place = is_object ? WALK_STARTS_BLOCK : csizer_walk_place(walk, pointer->address);
  if (place != WALK_STARTS_BLOCK && place != WALK_MAY_BE_OWNED) return;
  if (!pointer->is_told && walk->told_holder != pointer->holder) walk->totals.unresolved++;
  walk->told_holder = pointer->holder;
  if (place == WALK_STARTS_BLOCK) count_block(walk, pointer->address, pointer->kind);
}

void csizer_walk_settle_pointers(csizer_walk *walk, uint32_t part) {
  while (walk->pointer_next < walk->pointer_count && walk->pointers[walk->pointer_next].part == part)
    settle(walk, &walk->pointers[walk->pointer_next++]);
}
