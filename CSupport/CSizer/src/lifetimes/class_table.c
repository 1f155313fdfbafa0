// SPDX-License-Identifier: Apache-2.0
// From a class to what tracking has decided about it.
#include "lifetimes/class_table.h"

#include <string.h>

#include "platform/pages.h"

enum { FIRST_CAPACITY = 2048 };

class_entry csizer_class_untracked;

// Globals: births of all threads ask here. A table that became too small is left as it is, for readers may be in it;
// all of them together are smaller than the newest.
class_table *csizer_class_current;
static class_entry *entries;
static csizer_pool pool;

class_entry *csizer_class_find(const void *metadata) { return class_find(metadata); }

// Readers see the metadata only after the entry stands beside it.
static void put(class_table *table, const void *metadata, class_entry *entry) {
  size_t i = class_place_of(table, metadata);
  while (table->slots[i].metadata && table->slots[i].metadata != metadata) i = hash_next(i, table->capacity);
  if (!table->slots[i].metadata) table->count++;
  __atomic_store_n(&table->slots[i].entry, entry, __ATOMIC_RELEASE);
  __atomic_store_n(&table->slots[i].metadata, metadata, __ATOMIC_RELEASE);
}

static bool make_room(void) {
  if (csizer_class_current && (csizer_class_current->count + 1) * 2 <= csizer_class_current->capacity) return true;
  size_t capacity = csizer_class_current ? csizer_class_current->capacity * 2 : FIRST_CAPACITY;
  class_table *larger = csizer_pages_map(sizeof *larger + capacity * sizeof larger->slots[0]);
  if (!larger) return false;
  larger->capacity = capacity;
  for (size_t i = 0; csizer_class_current && i < csizer_class_current->capacity; i++)
    if (csizer_class_current->slots[i].metadata && csizer_class_current->slots[i].entry)
      put(larger, csizer_class_current->slots[i].metadata, csizer_class_current->slots[i].entry);
  __atomic_store_n(&csizer_class_current, larger, __ATOMIC_RELEASE);
  return true;
}

bool csizer_class_set(const void *metadata, class_entry *entry) {
  if (!csizer_class_find(metadata) && !make_room()) return false;
  put(csizer_class_current, metadata, entry);
  return true;
}

void csizer_class_is_gone(class_entry *entry) {
  entry->is_gone = true;
  // Relaxed: a birth that still sees another number asks again inside, which comes behind who holds all shards.
  __atomic_store_n(&entry->tracking_count, 0, __ATOMIC_RELAXED);
  entry->remaining = 0;
}

class_entry *csizer_class_make(const swift_class *type) {
  class_entry *known = csizer_class_find(type);
  if (known && known != &csizer_class_untracked) return known;
  class_entry *entry = csizer_pool_allocate(&pool, sizeof *entry);
  if (!entry) return NULL;
  entry->type = type;
  // Births see it from the next line on: until it is decided they wait for whoever holds the shards.
  entry->is_undecided = true;
  if (!csizer_class_set(type, entry)) return NULL;  // the entry is lost to the pool, which is for ever anyway
  entry->next = entries;
  entries = entry;
  return entry;
}

bool csizer_class_reserve_trackings(class_entry *entry, uint32_t count) {
  if (count <= entry->tracking_capacity) return true;
  uint32_t capacity = entry->tracking_capacity ? entry->tracking_capacity * 2 : 1;
  while (capacity < count) capacity *= 2;
  class_tracking *larger = csizer_pool_allocate(&pool, capacity * sizeof *larger);
  if (!larger) return false;
  if (entry->tracking_count) memcpy(larger, entry->trackings, entry->tracking_count * sizeof *larger);
  entry->trackings = larger;
  entry->tracking_capacity = capacity;
  return true;
}

bool csizer_class_set_trackings(class_entry *entry, const class_tracking *trackings, uint32_t count) {
  if (!csizer_class_reserve_trackings(entry, count)) return false;
  if (count) memmove(entry->trackings, trackings, count * sizeof *trackings);
  uint32_t depth = 0;
  for (uint32_t i = 0; i < count; i++)
    if (trackings[i].trace_depth > depth) depth = trackings[i].trace_depth;
  // The depth is relaxed, for the number is stored last: a birth that sees a tracking sees how deep its stack is to be.
  // The trackings themselves are read inside only.
  __atomic_store_n(&entry->trace_depth, depth, __ATOMIC_RELAXED);
  __atomic_store_n(&entry->tracking_count, count, __ATOMIC_RELEASE);
  return true;
}

void csizer_class_each(bool (*visit)(void *context, const void *metadata), void *context) {
  const class_table *table = csizer_class_current;
  for (size_t i = 0; table && i < table->capacity; i++)
    if (table->slots[i].metadata && table->slots[i].entry && !visit(context, table->slots[i].metadata)) return;
}

class_entry *csizer_class_entries(void) { return entries; }
