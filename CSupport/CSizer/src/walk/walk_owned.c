// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// What owning fields lead to: csizer_owning.h.

static uint64_t sibling(const char *field, int32_t distance) {
  return distance == CSIZER_NO_SIBLING ? 0 : *(const uint64_t *)(const void *)(field + distance);
}

static bool is_lent(const char *field, const csizer_owned *owned) {
  if (owned->lender == CSIZER_NO_SIBLING) return false;
  bool any_bit = (sibling(field, owned->lender) & owned->lent_bits) != 0;
  return any_bit != owned->lent_if_clear;
}

// ---- Values in raw blocks ----

// They wait their turn: walked at once, a list linked through raw blocks would recurse.
static void defer(csizer_walk *walk, const char *first, size_t count, const csizer_value_layout *element) {
  if (!count || csizer_layout_is_plain(element)) return;
  if (!csizer_walk_make_room(walk, &walk->values, &walk->value_capacity, walk->value_count, sizeof *walk->values))
    return;
  walk->values[walk->value_count++] = (walk_values){first, count, element};
}

void csizer_walk_drain_values(csizer_walk *walk) {
  while (walk->value_count) {
    walk_values values = walk->values[--walk->value_count];
    walk->holder++;
    csizer_walk_elements(walk, values.first, values.count, values.element);
  }
}

static void defer_ring(csizer_walk *walk, const char *block, size_t room, size_t first, size_t count,
                       const csizer_value_layout *element) {
  if (count > room) count = room;
  if (first > room) first = 0;
  size_t before_end = count < room - first ? count : room - first;
  defer(walk, block + first * element->stride, before_end, element);
  defer(walk, block, count - before_end, element);
}

static void walk_block_values(csizer_walk *walk, const char *field, const csizer_owned *owned, const char *block,
                              size_t usable) {
  const csizer_value_layout *element = csizer_layouts_value(walk->layouts, owned->element_type);
  if (!element) {
    walk->status = CSIZER_NO_MEMORY;
    return;
  }
  if (element->unresolved) walk->totals.unresolved++;
  size_t room = usable / (element->stride ? element->stride : 1);
  size_t count = owned->count == CSIZER_NO_SIBLING ? 1 : (size_t)sibling(field, owned->count);
  if (owned->first == CSIZER_NO_SIBLING) {
    defer(walk, block, count < room ? count : room, element);
    return;
  }
  size_t ring = ((const size_t *)(const void *)field)[1];  // a buffer pointer: base, count
  defer_ring(walk, block, ring < room ? ring : room, (size_t)sibling(field, owned->first), count, element);
}

// ---- Pointers into the middle ----

enum { PAGE = 1 << HEAPMAP_PAGE_SHIFT, LARGEST_SLAB_CLASS = 14336, CACHE_LINE = 64 };

// Blocks of a size class stand side by side from a page's start on: their addresses share the size's low zero bits.
bool csizer_walk_may_start_block(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  size_t usable = pagememo_size(&walk->memo, leaf, address);
  size_t step = usable & -usable;
  // Somewhere in the first page, of those that the allocator vouches for
  if (usable > LARGEST_SLAB_CLASS) step = CACHE_LINE;
  if (step > PAGE) step = PAGE;
  if (address & (step - 1)) return false;
  // A sweep marks words before it knows whether they are objects.
  uintptr_t object = csizer_heapmap_block_before(walk->map, address, !walk->sweeping);
  if (!object || address == object) return true;
  bool side_by_side = object >> HEAPMAP_PAGE_SHIFT == address >> HEAPMAP_PAGE_SHIFT && usable <= LARGEST_SLAB_CLASS;
  if (side_by_side && (address - object) % usable) return false;
  return object + pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, object), object) <= address;
}

// ---- The op ----

// Of what a C library gives out a pointer may be a handle that is no address, or lead into the middle of a block, which
// is then the library's pool or an object with several bases: whose it is isn't known.
static void foreign(csizer_walk *walk, uintptr_t address, const csizer_owned *owned) {
  if (csizer_walk_place(walk, address) == WALK_INSIDE_BLOCK || csizer_walk_raw_block(walk, address, owned->kind, false))
    walk->totals.unresolved++;
}

void csizer_walk_owned(csizer_walk *walk, const char *field, const csizer_owned *owned) {
  uintptr_t address = *(const uintptr_t *)(const void *)field;
  if (!address || is_lent(field, owned)) return;
  switch (owned->rule) {
    case CSIZER_OWNS_OBJECT: walk_reference(walk, address); return;
    case CSIZER_OWNS_TASK: csizer_walk_task_pointer(walk, address); return;
    case CSIZER_OWNS_EACH_BLOCK:
    case CSIZER_OWNS_EACH_OBJECT: csizer_walk_each(walk, address, owned); return;
    case CSIZER_OWNS_FOREIGN: foreign(walk, address - owned->before, owned); return;
    default: break;
  }
  if (sibling(field, owned->lender) & owned->unknown_bits) {
    walk_unresolved(walk);
    return;
  }
  if (sibling(field, owned->doubt)) {
    csizer_walk_doubt(walk, address, owned->kind);
    if (owned->rule == CSIZER_OWNS_VALUES && owned->element_type) walk->totals.unresolved++;
    return;
  }
  size_t usable = csizer_walk_raw_block(walk, address, owned->kind, !owned->ask_allocator);
  if (!usable) return;
  if (owned->most && usable > owned->most) walk->totals.unresolved++;
  if (owned->rule == CSIZER_OWNS_VALUES && owned->element_type)
    walk_block_values(walk, field, owned, (const char *)address, usable);
}
