// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLASS_TABLE_H
#define CSIZER_CLASS_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"
#include "platform/hash.h"
#include "runtime/swift_abi.h"
#include "runtime/swift_call.h"

// What tracking knows of each metadata that an object was made with since the first class was tracked: 16 bytes each,
// and a class_entry for classes that were tracked. Metadata live for ever, but for those of a library that is closed
// (unloaded.h).

struct csizer_lifetimes;

/// What one tracker wants of a class's new objects.
typedef struct class_tracking {
  struct csizer_lifetimes *owner;
  uint32_t cohort;   // index into the owner's cohorts
  uint32_t number;  // of the tracking that it comes from
  uint32_t trace_depth;
  bool keep;
} class_tracking;

typedef SWIFT_CALL void (*class_destroyer)(SWIFT_CONTEXT_PARAMETER void *object);

/// What the loader did with the page that a class's destroy slot is in.
typedef enum slot_protection {
  SLOT_WRITABLE,
  SLOT_PROTECTED,
  SLOT_UNKNOWN,  // it is made writable, and stays so
} slot_protection;

typedef struct class_entry {
  const swift_class *type;
  class_tracking *trackings;
  uint32_t tracking_count, tracking_capacity;  // read without a shard by births, which then take one and look again
  /// The largest of the trackings' depths.
  uint32_t trace_depth;
  /// Its metadata went with its library: it must not be looked at.
  bool is_gone;
  /// The trackings are not decided yet, or something was refused when they were: births ask. Stored last and read
  /// first, lest a birth take the trackings of before for those that were decided.
  bool is_undecided;
  slot_protection slot_protection;
  /// The destroy function that the class had before it was hooked; NULL: it never was.
  class_destroyer destroy;
  /// Living tracked objects, counted only while there are no trackings: when the last one dies, so does the hook.
  size_t remaining;
  struct class_entry *next;
} class_entry;

/// Stands for "nobody tracks it, and nobody ever did".
extern class_entry csizer_class_untracked;

typedef struct class_table {
  size_t capacity, count;
  struct {
    const void *metadata;
    class_entry *entry;
  } slots[];
} class_table;

/// Every object of the process that is made while a class is tracked asks here: hence the table in the open, and the
/// search inline.
extern class_table *csizer_class_current;

static inline size_t class_place_of(const class_table *table, const void *metadata) {
  return hash_first(hash_address(metadata), table->capacity);
}

/// As csizer_class_find.
static inline class_entry *class_find(const void *metadata) {
  const class_table *table = __atomic_load_n(&csizer_class_current, __ATOMIC_ACQUIRE);
  if (__builtin_expect(!table, 0)) return NULL;
  for (size_t i = class_place_of(table, metadata);; i = hash_next(i, table->capacity)) {
    const void *found = __atomic_load_n(&table->slots[i].metadata, __ATOMIC_ACQUIRE);
    if (found == metadata) return __atomic_load_n(&table->slots[i].entry, __ATOMIC_ACQUIRE);
    if (!found) return NULL;
  }
}

/// Whether births have nothing to do with the class: it is known, decided, and not tracked. The number is relaxed: who
/// finds it other than 0 reads it again before anything that it goes with.
static inline bool class_is_passed_by(const class_entry *entry) {
  return entry && !__atomic_load_n(&entry->is_undecided, __ATOMIC_ACQUIRE) &&
         !__atomic_load_n(&entry->tracking_count, __ATOMIC_RELAXED);
}

/// What is known of a metadata; NULL when nothing is. Any thread, wait-free.
class_entry *csizer_class_find(const void *metadata);

/// Remembers a metadata, or changes what is known of it. Holding all shards. False when the system refuses memory.
bool csizer_class_set(const void *metadata, class_entry *entry);

/// Nobody tracks the class any more, and nobody looks at it: its metadata is gone. Holding all shards.
void csizer_class_is_gone(class_entry *entry);

/// The entry of a class, made when there is none. Holding all shards. NULL when the system refuses memory.
class_entry *csizer_class_make(const swift_class *type);

/// Room for so many trackings, keeping what is there. Holding all shards. False when the system refuses memory.
bool csizer_class_reserve_trackings(class_entry *entry, uint32_t count);

/// Gives the entry these trackings, which may be its own first ones. Holding all shards. False when the system refuses
/// memory; then nothing was changed.
bool csizer_class_set_trackings(class_entry *entry, const class_tracking *trackings, uint32_t count);

/// Calls `visit` for every metadata of which something is known. Holding all shards; `visit` may change what is known
/// of it.
void csizer_class_each(bool (*visit)(void *context, const void *metadata), void *context);

/// The entry made last; the others follow by `next`. Holding all shards.
class_entry *csizer_class_entries(void);

#endif
