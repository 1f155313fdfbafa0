// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "walk_internal.h"

#include <pthread.h>
#include <string.h>

#include "csizer_allocator.h"

static void find_own_stack(csizer_walk *walk) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes)) return;
  void *start;
  size_t size;
  if (!pthread_attr_getstack(&attributes, &start, &size)) {
    walk->stack_start = (uintptr_t)start;
    walk->stack_end = walk->stack_start + size;
  }
  pthread_attr_destroy(&attributes);
}

csizer_status csizer_walk_create(csizer_heapmap *map, csizer_layouts *layouts, const csizer_walk_options *options,
                                 csizer_walk **ret_walk) {
  csizer_walk *walk = csizer_pages_map(sizeof *walk + WALK_STACK * sizeof *walk->stack);
  if (!walk) return CSIZER_NO_MEMORY;
  *walk = (csizer_walk){.map = map, .layouts = layouts, .options = *options};
  walk->stack = (uintptr_t *)(walk + 1);
  walk->limit = options->maximum_depth ? 0 : WALK_STACK;
  csizer_pagememo_init(&walk->memo, csizer_allocator_usable_size, csizer_allocator_has_uniform_pages());
  find_own_stack(walk);
  csizer_status status = csizer_images_refresh(&walk->images);
  if (!status && !csizer_walk_grow_kinds(walk)) status = CSIZER_NO_MEMORY;
  if (status) {
    csizer_walk_destroy(walk);
    return status;
  }
  *ret_walk = walk;
  return CSIZER_OK;
}

void csizer_walk_destroy(csizer_walk *walk) {
  if (!walk) return;
  csizer_heapmap_forget_marks(walk->map);
  csizer_images_deinit(&walk->images);
  csizer_pages_unmap(walk->kinds, walk->kind_capacity * sizeof *walk->kinds);
  csizer_pages_unmap(walk->next, walk->next_capacity * sizeof *walk->next);
  csizer_pages_unmap(walk->values, walk->value_capacity * sizeof *walk->values);
  csizer_pages_unmap(walk->odd.slots, walk->odd.capacity * sizeof *walk->odd.slots);
  csizer_pages_unmap(walk, sizeof *walk + WALK_STACK * sizeof *walk->stack);
}

bool csizer_walk_grow_kinds(csizer_walk *walk) {
  size_t capacity = walk->kind_capacity ? walk->kind_capacity : 512;
  while (capacity < walk->layouts->kind_count) capacity *= 2;
  if (capacity == walk->kind_capacity) return true;
  csizer_kind_totals *kinds = csizer_pages_map(capacity * sizeof *kinds);
  if (!kinds) {
    walk->status = CSIZER_NO_MEMORY;
    return false;
  }
  if (walk->kinds) memcpy(kinds, walk->kinds, walk->kind_capacity * sizeof *kinds);
  csizer_pages_unmap(walk->kinds, walk->kind_capacity * sizeof *kinds);
  walk->kinds = kinds;
  walk->kind_capacity = capacity;
  return true;
}

// The stack is full: the object waits as a bit of the map. With a depth limit it waits for its level instead.
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object) {
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, object);
  if (!walk->options.maximum_depth && walk->limit) {
    leaf->pending[heapmap_unit_index(object)] |= heapmap_bit(object);
    leaf->has_pending = walk->has_pending = true;
    return;
  }
  if (walk->at_bottom) {
    leaf->units[heapmap_unit_index(object)].seen &= ~heapmap_bit(object);
    walk->totals.cut = true;
    return;
  }
  if (walk->next_count == walk->next_capacity) {
    size_t capacity = walk->next_capacity ? walk->next_capacity * 2 : 4096;
    uintptr_t *next = csizer_pages_map(capacity * sizeof *next);
    if (!next) {
      walk->status = CSIZER_NO_MEMORY;
      return;
    }
    if (walk->next_count) memcpy(next, walk->next, walk->next_count * sizeof *next);
    csizer_pages_unmap(walk->next, walk->next_capacity * sizeof *next);
    walk->next = next;
    walk->next_capacity = capacity;
  }
  walk->next[walk->next_count++] = object;
}

// The runtime moves an object's counts to a side table when it is weakly referenced, or when a count outgrows its bits.
static uintptr_t side_table_of(uint64_t references) {
  if (!(references & SWIFT_SLOW_REFERENCES) || (references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK) return 0;
  return (uintptr_t)((references & ~(SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK)) << 3);
}

static const csizer_object_layout *layout_of(csizer_walk *walk, const swift_object *object) {
  const csizer_object_layout *layout = csizer_layout_map_find(&walk->layouts->objects, object->metadata);
  if (__builtin_expect(!layout, 0)) layout = csizer_layouts_object(walk->layouts, object->metadata);
  if (layout && __builtin_expect(layout->shape == SHAPE_BOUND, 0))
    layout = csizer_layouts_bound(walk->layouts, layout, object);
  if (__builtin_expect(!layout, 0)) walk->status = CSIZER_NO_MEMORY;
  return layout;
}

void csizer_walk_scan(csizer_walk *walk, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  const csizer_object_layout *layout = layout_of(walk, object);
  if (__builtin_expect(!layout || layout->excluded, 0)) return;
  csizer_kind_totals *kind = walk_kind(walk, layout->kind);
  kind->count++;
  kind->bytes += usable;
  walk->totals.objects++;
  walk->totals.bytes += usable;
  if (__builtin_expect((int64_t)object->references < 0, 0)) 
    csizer_walk_raw_block(walk, side_table_of(object->references), walk->layouts->side_table_kind, true);
  if (__builtin_expect(layout->shape != SHAPE_FIELDS || !layout->requested, 0)) {
    csizer_walk_shape(walk, (const char *)object, layout, usable);
    return;
  }
  kind->requested += layout->requested;
  walk->totals.requested += layout->requested;
  walk_value(walk, (const char *)object, &layout->fields);
}

// Between a block's turn and its scan lie some others, so that its cache line has time to come.
enum { PREFETCH_QUEUE = 16 };

static void drain_stack(csizer_walk *walk) {
  uintptr_t queue[PREFETCH_QUEUE];
  unsigned head = 0, count = 0;
  for (;;) {
    while (count < PREFETCH_QUEUE && walk->depth) {
      uintptr_t object = walk->stack[--walk->depth];
      __builtin_prefetch((const void *)object);
      queue[(head + count++) % PREFETCH_QUEUE] = object;
    }
    if (!count) return;
    uintptr_t object = queue[head];
    head = (head + 1) % PREFETCH_QUEUE;
    count--;
    csizer_walk_scan(walk, object);
  }
}

// Moves what waits in one leaf back to the stack, in order of address, as far as the stack goes.
static void drain_pending_leaf(csizer_walk *walk, size_t index) {
  heapmap_leaf *leaf = walk->map->leaves[index];
  leaf->has_pending = false;
  for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++) {
    uint64_t bits = leaf->pending[unit];
    if (!bits) continue;
    leaf->pending[unit] = 0;
    uintptr_t base = ((uintptr_t)index << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
    for (; bits; bits &= bits - 1) walk->stack[walk->depth++] = base + ((uintptr_t)__builtin_ctzll(bits) << 4);
    // Half of the stack for what is moved, half for what is found: neither starves the other.
    if (walk->depth > WALK_STACK / 2) drain_stack(walk);
  }
  drain_stack(walk);
}

static void drain_stack_and_values(csizer_walk *walk) {
  drain_stack(walk);
  while (walk->value_count) {
    csizer_walk_drain_values(walk);
    drain_stack(walk);
  }
}

static void drain(csizer_walk *walk) {
  drain_stack_and_values(walk);
  while (walk->has_pending) {
    walk->has_pending = false;
    for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
      if (walk->map->leaves[i]->has_pending) drain_pending_leaf(walk, i);
    drain_stack_and_values(walk);
  }
}

// Level by level, so that the depth of an object is its distance from the start, not the way the walk happened to take.
static void drain_levels(csizer_walk *walk) {
  uintptr_t *current = NULL;
  size_t capacity = 0;
  csizer_walk_drain_values(walk);  // what the root's raw blocks refer to is on the first level
  for (size_t level = 1; walk->next_count; level++) {
    uintptr_t *emptied = current;
    size_t emptied_capacity = capacity, count = walk->next_count;
    current = walk->next;
    capacity = walk->next_capacity;
    walk->next = emptied;
    walk->next_capacity = emptied_capacity;
    walk->next_count = 0;
    walk->at_bottom = level == walk->options.maximum_depth;
    for (size_t i = 0; i < count; i++) {
      csizer_walk_scan(walk, current[i]);
      csizer_walk_drain_values(walk);
    }
  }
  walk->at_bottom = false;
  csizer_pages_unmap(current, capacity * sizeof *current);
}

static csizer_status finish(csizer_walk *walk) {
  if (walk->options.maximum_depth) drain_levels(walk);
  else drain(walk);
  return walk->status;
}

csizer_status csizer_walk_value(csizer_walk *walk, const void *value, const void *type) {
  const csizer_value_layout *layout = csizer_layouts_value(walk->layouts, type);
  if (!layout) return CSIZER_NO_MEMORY;
  walk_value(walk, value, layout);
  return finish(walk);
}

csizer_status csizer_walk_object(csizer_walk *walk, const void *object) {
  walk_reference(walk, (uintptr_t)object);
  return finish(walk);
}

csizer_status csizer_walk_collect(csizer_walk *walk, const void *value, const void *type,
                                  const uintptr_t **ret_objects, size_t *ret_count) {
  const csizer_value_layout *layout = csizer_layouts_value(walk->layouts, type);
  if (!layout) return CSIZER_NO_MEMORY;
  size_t limit = walk->limit;
  walk->limit = walk->next_count = 0;  // all that is found goes to `next`
  walk_value(walk, value, layout);
  csizer_walk_drain_values(walk);
  walk->limit = limit;
  *ret_objects = walk->next;
  *ret_count = walk->next_count;
  walk->next_count = 0;
  return walk->status;
}

csizer_status csizer_walk_follow(csizer_walk *walk, uintptr_t object) {
  walk_push(walk, object);
  return finish(walk);
}

size_t csizer_walk_flat_bytes(csizer_walk *walk, uintptr_t object) {
  size_t bytes = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, object), object);
  uintptr_t side_table = side_table_of(((const swift_object *)object)->references);
  return side_table ? bytes + csizer_allocator_usable_size((const void *)side_table) : bytes;
}

csizer_status csizer_walk_skip(csizer_walk *walk, const void *object) {
  csizer_heapmap_mark(walk->map, object);
  return CSIZER_OK;
}

csizer_totals csizer_walk_totals(const csizer_walk *walk) { return walk->totals; }

csizer_kind_totals csizer_walk_kind_totals(const csizer_walk *walk, size_t kind) {
  return kind < walk->kind_capacity ? walk->kinds[kind] : (csizer_kind_totals){0};
}
