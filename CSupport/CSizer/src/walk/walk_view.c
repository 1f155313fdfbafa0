// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "walk/walk_internal.h"
#include "platform/hash.h"

// Unused room in buffers that several values share: what is behind the end of the one that reaches farthest.

typedef struct walk_use {
  uintptr_t storage;  // 0: free
  size_t used;
} walk_use;

static walk_use *slot_of(walk_use *slots, size_t capacity, uintptr_t storage) {
  size_t i = hash_first(hash_address((const void *)storage), capacity);
  while (slots[i].storage && slots[i].storage != storage) i = hash_next(i, capacity);
  return &slots[i];
}

static bool grow(csizer_walk *walk) {
  walk_use_map *uses = &walk->uses;
  size_t capacity = uses->capacity ? uses->capacity * 2 : 256;
  walk_use *slots = csizer_pages_map(capacity * sizeof *slots);
  if (!slots) {
    walk->status = CSIZER_NO_MEMORY;
    return false;
  }
  for (size_t i = 0; i < uses->capacity; i++)
    if (uses->slots[i].storage) *slot_of(slots, capacity, uses->slots[i].storage) = uses->slots[i];
  csizer_walk_free_uses(walk);
  uses->slots = slots;
  uses->capacity = capacity;
  return true;
}

void csizer_walk_free_uses(csizer_walk *walk) {
  csizer_pages_unmap(walk->uses.slots, walk->uses.capacity * sizeof *walk->uses.slots);
}

static uint32_t word32(const char *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

// NIOCore's _UInt24: the high 16 bits, then the low 8.
static uint32_t word24(const char *at) {
  uint16_t high;
  memcpy(&high, at, sizeof high);
  return (uint32_t)high << 8 | (uint8_t)at[2];
}

// Who wants to know of views is told of those that are no whole buffer.
static void tell(csizer_walk *walk, uintptr_t storage, const char *value, const csizer_view *view, size_t capacity) {
  const uint32_t begin = word24(value + view->begin), upper = word32(value + view->upper);
  if (!walk->sink || !walk->sink->slice || walk->sink->is_guess || begin > upper || upper - begin >= capacity) return;
  walk->sink->slice(walk->sink, storage, walk->layouts->slice_kinds[SLICE_OF_VIEW], upper - begin);
}

void csizer_walk_view(csizer_walk *walk, const char *value, const csizer_view *view) {
  uintptr_t storage;
  memcpy(&storage, value + view->storage, sizeof storage);
  // Excluded, below the depth limit, static: then its bytes are not counted either.
  if (storage >= WALK_CEILING || !csizer_heapmap_contains(walk->map, (const void *)storage)) return;
  if (!walk->sink && !csizer_walk_has_seen(walk, storage)) return;
  walk_use_map *uses = &walk->uses;
  if ((uses->count + 1) * 2 > uses->capacity && !grow(walk)) return;
  size_t capacity = word32((const char *)storage + view->capacity);
  size_t used = (size_t)word24(value + view->begin) + word32(value + view->end);
  if (used > capacity) used = capacity;
  tell(walk, storage, value, view, capacity);
  walk_use *use = slot_of(uses->slots, uses->capacity, storage);
  csizer_kind_totals *kind = walk_kind(walk, view->kind);
  if (!use->storage) {
    *use = (walk_use){storage, used};
    uses->count++;
    kind->unused += capacity - used;
  } else if (used > use->used) {
    kind->unused -= used - use->used;
    use->used = used;
  }
}
