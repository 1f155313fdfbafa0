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
  if (!csizer_holds(CSIZER_ASSUMES_HEADERS)) return CSIZER_UNSUPPORTED;  // no object's type is known
  csizer_walk *walk = take_memory(layouts);
  if (!walk) return CSIZER_NO_MEMORY;
  walk->map = map;
  walk->layouts = layouts;
  walk->options = *options;
  walk->queue = (uintptr_t *)(walk + 1);
  walk->limit = options->maximum_depth ? 0 : WALK_QUEUE;
  walk->sweep_at = WALK_MOST_WAITING;
  csizer_layouts_recover(layouts);
  csizer_pagememo_init(&walk->memo, csizer_allocator_usable_size, csizer_allocator_has_uniform_pages());
  walk->allocator = csizer_allocator_geometry_read();
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
  csizer_heapmap_give_back_sometimes(walk->map);
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
  walk_reference(walk, (uintptr_t)object, NULL);
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
  if (walk->sweeping || walk_has_waiting(walk) || walk->value_count) csizer_walk_drain(walk);
  csizer_walk_settle(walk);
  return walk->status;
}

size_t csizer_walk_flat_bytes(csizer_walk *walk, uintptr_t object) {
  size_t bytes = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, object), object);
  uintptr_t side_table = walk_side_table_of(((const swift_object *)object)->references);
  return side_table ? bytes + csizer_allocator_usable_size((const void *)side_table) : bytes;
}

// Relaxed: the program changes the counts meanwhile, and a side table once made stays as long as the object, which the
// caller holds.
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
