// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "walk/walk_internal.h"

#include <pthread.h>
#include <string.h>

#include "csizer_allocator.h"

// Asking costs a reading of /proc/self/maps on the main thread, and the answer does not change: each thread keeps its
// own.
static void find_own_stack(csizer_walk *walk) {
  static _Thread_local uintptr_t known_start, known_end;
  pthread_attr_t attributes;
  if (!known_end && !pthread_getattr_np(pthread_self(), &attributes)) {
    void *start;
    size_t size;
    if (!pthread_attr_getstack(&attributes, &start, &size)) {
      known_start = (uintptr_t)start;
      known_end = known_start + size;
    }
    pthread_attr_destroy(&attributes);
  }
  walk->stack_start = known_start;
  walk->stack_end = known_end;
}

// A sweep reads the map in order: 512 bytes of it cost about what one object costs that comes from memory.
static uint32_t sweep_threshold(const csizer_heapmap *map) {
  size_t threshold = csizer_heapmap_sweep_bytes(map) / 512;
  if (threshold < WALK_QUEUE / 16) return WALK_QUEUE / 16;
  return threshold > WALK_QUEUE / 2 ? WALK_QUEUE / 2 : (uint32_t)threshold;
}

enum { WALK_BYTES = sizeof(csizer_walk) + WALK_QUEUE * sizeof(uintptr_t) };

static void free_walk(csizer_walk *walk) {
  csizer_pages_unmap(walk->kinds, walk->kind_capacity * sizeof *walk->kinds);
  csizer_pages_unmap(walk, WALK_BYTES);
}

// The memory of the walk before, cleared, or new memory.
static csizer_walk *take_memory(csizer_layouts *layouts) {
  csizer_walk *walk = layouts->spare_walk;
  layouts->spare_walk = NULL;
  if (!walk) return csizer_pages_map(WALK_BYTES);
  csizer_kind_totals *kinds = walk->kinds;
  size_t capacity = walk->kind_capacity;
  if (kinds) memset(kinds, 0, capacity * sizeof *kinds);
  memset(walk, 0, sizeof *walk);
  walk->kinds = kinds;
  walk->kind_capacity = capacity;
  return walk;
}

csizer_status csizer_walk_create(csizer_heapmap *map, csizer_layouts *layouts, const csizer_walk_options *options,
                                 csizer_walk **ret_walk) {
  csizer_walk *walk = take_memory(layouts);
  if (!walk) return CSIZER_NO_MEMORY;
  walk->map = map;
  walk->layouts = layouts;
  walk->options = *options;
  walk->queue = (uintptr_t *)(walk + 1);
  walk->limit = options->maximum_depth ? 0 : WALK_QUEUE;
  walk->sweep_at = sweep_threshold(map);
  csizer_layouts_recover(layouts);
  csizer_pagememo_init(&walk->memo, csizer_allocator_usable_size, csizer_allocator_has_uniform_pages());
  find_own_stack(walk);
  csizer_status status = csizer_images_refresh(&layouts->images);
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
  csizer_pages_unmap(walk->next, walk->next_capacity * sizeof *walk->next);
  csizer_pages_unmap(walk->values, walk->value_capacity * sizeof *walk->values);
  csizer_pages_unmap(walk->guesses, walk->guess_capacity * sizeof *walk->guesses);
  csizer_pages_unmap(walk->pointers, walk->pointer_capacity * sizeof *walk->pointers);
  csizer_pages_unmap(walk->pointed.slots, walk->pointed.capacity * sizeof *walk->pointed.slots);
  csizer_pages_unmap(walk->odd.slots, walk->odd.capacity * sizeof *walk->odd.slots);
  csizer_walk_free_uses(walk);
  if (walk->layouts->spare_walk) free_walk(walk->layouts->spare_walk);
  walk->layouts->spare_walk = walk;
  walk->layouts->free_spare_walk = free_walk;
}

enum { FIRST_KINDS = 128 };

bool csizer_walk_grow_kinds(csizer_walk *walk) {
  size_t capacity = walk->kind_capacity ? walk->kind_capacity : FIRST_KINDS;
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

// The queue is full or closed. A sweep finds the object by its bit; with a depth limit it waits for its level; while
// collecting it is what was asked for.
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object) {
  if (walk->sweeping) return;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, object);
  if (walk->limit) {
    csizer_walk_begin_sweep(walk);
    heapmap_clear_done(leaf, object);
    return;
  }
  if (walk->at_bottom) {
    heapmap_unsee(leaf, object);
    walk->totals.cut = true;
    return;
  }
  // It may never be scanned, when memory runs out or nobody follows what was collected: forgetting marks finds it by
  // this.
  pagememo_note_touched(leaf, object);
  if (!csizer_walk_make_room(walk, &walk->next, &walk->next_capacity, walk->next_count, sizeof *walk->next)) return;
  walk->next[walk->next_count++] = object;
}

bool csizer_walk_make_room(csizer_walk *walk, void *list, size_t *capacity, size_t count, size_t item_bytes) {
  enum { FIRST_BYTES = 16 * 1024 };
  if (count < *capacity) return true;
  void *items;
  memcpy(&items, list, sizeof items);  // lists of all types
  size_t more = *capacity ? *capacity * 2 : FIRST_BYTES / item_bytes;
  items = csizer_pages_grow(items, *capacity * item_bytes, more * item_bytes);
  if (!items) {
    walk->status = CSIZER_NO_MEMORY;
    return false;
  }
  memcpy(list, &items, sizeof items);
  *capacity = more;
  return true;
}

const csizer_object_layout *csizer_walk_layout(csizer_walk *walk, const swift_object *object) {
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
  const csizer_object_layout *layout = csizer_walk_layout(walk, object);
  if (__builtin_expect(!layout || layout->excluded, 0)) return;
  walk->holder++;
  csizer_kind_totals *kind = walk_kind(walk, layout->kind);
  walk_count(walk, kind, 1, usable);
  walk->totals.objects++;
  if (__builtin_expect((int64_t)object->references < 0, 0))
    csizer_walk_raw_block(walk, walk_side_table_of(object->references), walk->layouts->side_table_kind, true);
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

// Adds what the loop has counted under a metadata to the walk's sums.
static void flush(csizer_walk *walk, walk_hot *hot) {
  csizer_kind_totals *kind = walk_kind(walk, hot->layout->kind);
  size_t requested = hot->count * hot->layout->requested;
  walk_count(walk, kind, hot->count, hot->bytes);
  kind->requested += requested;
  walk->totals.objects += hot->count;
  walk->totals.requested += requested;
  hot->count = hot->bytes = 0;
}

// Lets the loop do objects of this metadata by itself from now on, if they are plain.
void csizer_walk_warm(csizer_walk *walk, const swift_metadata *metadata) {
  const csizer_object_layout *layout = csizer_layout_map_find(&walk->layouts->objects, metadata);
  bool is_plain = layout && layout->shape == SHAPE_FIELDS && layout->requested && !layout->fields.op_count &&
                  !layout->excluded;
  if (!is_plain) return;
  walk_hot *hot = &walk->hot[((uintptr_t)metadata >> 4) % WALK_HOT];
  if (hot->metadata == metadata) return;
  if (hot->layout) flush(walk, hot);
  else walk->warm[walk->warm_count++] = (unsigned)(hot - walk->hot);
  *hot = (walk_hot){.metadata = metadata,
                    .references = layout->fields.references,
                    .usable = layout->usable ? layout->usable : 1,
                    .layout = layout};
}

void csizer_walk_cool(csizer_walk *walk) {
  for (unsigned i = 0; i < walk->warm_count; i++) flush(walk, &walk->hot[walk->warm[i]]);
}

// Level by level, so that the depth of an object is its distance from the start, not the way the walk happened to take.
static void drain_levels(csizer_walk *walk) {
  uintptr_t *current = NULL;
  size_t capacity = 0;
  csizer_walk_drain_values(walk);  // what the root's raw blocks refer to is on the first level
  for (size_t level = 1; walk->next_count || (walk->estimating && walk->guess_next < walk->guess_count); level++) {
    if (walk->estimating) csizer_walk_follow_guesses(walk, (uint32_t)level);
    uintptr_t *emptied = current;
    size_t emptied_capacity = capacity, count = walk->next_count;
    current = walk->next;
    capacity = walk->next_capacity;
    walk->next = emptied;
    walk->next_capacity = emptied_capacity;
    walk->next_count = 0;
    walk->level = (uint32_t)level;
    walk->at_bottom = level >= walk->options.maximum_depth;
    for (size_t i = 0; i < count; i++) {
      csizer_walk_scan(walk, current[i]);
      csizer_walk_drain_values(walk);
    }
  }
  walk->at_bottom = false;
  walk->level = 0;
  csizer_pages_unmap(current, capacity * sizeof *current);
}

void csizer_walk_drain_all(csizer_walk *walk) {
  if (walk->options.maximum_depth) drain_levels(walk);
  else csizer_walk_drain(walk);
}

static csizer_status finish(csizer_walk *walk) {
  csizer_walk_drain_all(walk);
  csizer_walk_settle(walk);
  return walk->status;
}

csizer_status csizer_walk_value(csizer_walk *walk, const void *value, const void *type) {
  const csizer_value_layout *layout = csizer_layouts_value(walk->layouts, type);
  if (!layout) return CSIZER_NO_MEMORY;
  walk->holder++;
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
  uint32_t limit = walk->limit;
  walk->limit = 0;  // all that is found goes to `next`
  walk->next_count = 0;
  walk->holder++;
  walk->collecting = true;
  walk_value(walk, value, layout);
  walk->collecting = false;
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

csizer_status csizer_walk_marked(csizer_walk *walk, const void *object) {
  enum { FEW = 64 };  // the loops' sums cost more to bring together than they save
  csizer_walk_scan(walk, (uintptr_t)object);
  for (int i = 0; i < FEW && walk->head != walk->tail && !walk->sweeping; i++)
    csizer_walk_scan(walk, walk->queue[walk->head++ % WALK_QUEUE]);
  if (walk->sweeping || walk->head != walk->tail || walk->value_count) csizer_walk_drain(walk);
  csizer_walk_settle(walk);
  return walk->status;
}

size_t csizer_walk_flat_bytes(csizer_walk *walk, uintptr_t object) {
  size_t bytes = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, object), object);
  uintptr_t side_table = walk_side_table_of(((const swift_object *)object)->references);
  return side_table ? bytes + csizer_allocator_usable_size((const void *)side_table) : bytes;
}

size_t csizer_object_own_bytes(const swift_object *object) {
  uint64_t references = __atomic_load_n(&object->references, __ATOMIC_RELAXED);
  uintptr_t side_table = (int64_t)references < 0 ? walk_side_table_of(references) : 0;
  return csizer_allocator_usable_size(object) +
         (side_table ? csizer_allocator_usable_size((const void *)side_table) : 0);
}

csizer_status csizer_walk_skip(csizer_walk *walk, const void *object) {
  if ((uintptr_t)object >= WALK_CEILING) return CSIZER_INVALID;
  if (!csizer_heapmap_leaf_make(walk->map, (uintptr_t)object)) return CSIZER_NO_MEMORY;
  csizer_heapmap_mark(walk->map, object);
  return CSIZER_OK;
}

csizer_totals csizer_walk_totals(const csizer_walk *walk) { return walk->totals; }

csizer_kind_totals csizer_walk_kind_totals(const csizer_walk *walk, size_t kind) {
  return kind < walk->kind_capacity ? walk->kinds[kind] : (csizer_kind_totals){0};
}
