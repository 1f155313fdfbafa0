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
static void defer(csizer_walk *walk, const char *field, bool is_guess, const char *first, size_t count,
                  const csizer_value_layout *element) {
  if (!count || csizer_layout_is_plain(element)) return;
  if (!csizer_walk_make_room(walk, &walk->values, &walk->value_capacity, walk->value_count, sizeof *walk->values))
    return;
  walk->values[walk->value_count++] = (walk_values){
      .first = first,
      .count = count,
      .element = element,
      .origin = walk_sink_place(walk->sink, field),
      .is_guess = is_guess || (walk->sink && walk->sink->is_guess),
  };
}

static void defer_ring(csizer_walk *walk, const char *field, bool is_guess, const char *block, size_t room,
                       size_t first, size_t count, const csizer_value_layout *element) {
  if (count > room) count = room;
  if (first > room) first = 0;
  size_t before_end = count < room - first ? count : room - first;
  defer(walk, field, is_guess, block + first * element->stride, before_end, element);
  defer(walk, field, is_guess, block, count - before_end, element);
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
  const bool is_guess = owned->is_registered || owned->ask_allocator;
  size_t count = owned->count == CSIZER_NO_SIBLING ? 1 : (size_t)sibling(field, owned->count);
  if (owned->first == CSIZER_NO_SIBLING) {
    defer(walk, field, is_guess, block, count < room ? count : room, element);
    return;
  }
  size_t ring = ((const size_t *)(const void *)field)[1];  // a buffer pointer: base, count
  defer_ring(walk, field, is_guess, block, ring < room ? ring : room, (size_t)sibling(field, owned->first), count,
             element);
}

// ---- The op ----

// Of what a C library gives out a pointer may be a handle that is no address, or lead into the middle of a block, which
// is then the library's pool or an object with several bases: whose it is isn't known.
static void foreign(csizer_walk *walk, uintptr_t address, const csizer_owned *owned) {
  if (csizer_walk_place(walk, address) == WALK_INSIDE_BLOCK || csizer_walk_raw_block(walk, address, owned->kind, false))
    walk->totals.unresolved++;
}

// A task that somebody can resume is held by its executor, not by who can: that reference is in no count.
static void one(csizer_walk *walk, uintptr_t address, const char *field, const csizer_owned *owned) {
  const bool is_task = owned->rule == CSIZER_OWNS_TASK;
  const walk_scope outer = walk_sink_enter(walk->sink, NULL, owned->is_registered || is_task);
  if (is_task) csizer_walk_task_pointer(walk, address, field);
  else walk_reference(walk, address, field);
  walk_sink_leave(walk->sink, outer);
}

void csizer_walk_owned(csizer_walk *walk, const char *field, const csizer_owned *owned) {
  uintptr_t address = *(const uintptr_t *)(const void *)field;
  if (!address || is_lent(field, owned)) return;
  switch (owned->rule) {
    case CSIZER_OWNS_OBJECT:
    case CSIZER_OWNS_TASK: one(walk, address, field, owned); return;
    case CSIZER_OWNS_EACH_BLOCK:
    case CSIZER_OWNS_EACH_OBJECT: csizer_walk_each(walk, field, owned); return;
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
