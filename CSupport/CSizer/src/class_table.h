// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLASS_TABLE_H
#define CSIZER_CLASS_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"
#include "swift_abi.h"
#include "swift_call.h"

// What tracking knows of each metadata that an object was made with since the first class was watched. Metadata live for ever, so what
// is known of them does too: 16 bytes each, and a class_entry for classes that were tracked.

struct csizer_lifetimes;

/// What one tracker wants of a class's new objects.
typedef struct class_watch {
  struct csizer_lifetimes *owner;
  uint32_t cohort;   // index into the owner's cohorts
  uint32_t watch;  // the announcement that it comes from
  uint32_t trace_depth;
  bool keep;
} class_watch;

typedef SWIFT_CALL void (*class_destroyer)(SWIFT_CONTEXT_PARAMETER void *object);

typedef struct class_entry {
  const swift_class *type;
  class_watch *watches;
  uint32_t watch_count, watch_capacity;
  /// The largest of the watches' depths.
  uint32_t trace_depth;
  /// Whether the loader protects the destroy slot.
  bool slot_is_protected;
  /// The destroy function that the class had before it was hooked; NULL: it never was.
  class_destroyer destroy;
  /// Living tracked objects, counted only while there are no watches: when the last one dies, so does the hook.
  size_t remaining;
  struct class_entry *next;
} class_entry;

/// Stands for "nobody watches it, and nobody ever did".
extern class_entry csizer_class_untracked;

/// What is known of a metadata; NULL when nothing is. Any thread, wait-free.
class_entry *csizer_class_find(const void *metadata);

/// Remembers a metadata, or changes what is known of it. Holding all shards. False when the system refuses memory.
bool csizer_class_set(const void *metadata, class_entry *entry);

/// The entry of a class, made when there is none. Holding all shards. NULL when the system refuses memory.
class_entry *csizer_class_make(const swift_class *type);

/// Gives the entry these watches. Holding all shards. False when the system refuses memory; then nothing was changed.
bool csizer_class_set_watches(class_entry *entry, const class_watch *watches, uint32_t count);

/// Calls `visit` for every metadata remembered. Holding all shards; `visit` may change what is known of it.
void csizer_class_each(bool (*visit)(void *context, const void *metadata), void *context);

/// The entry made last; the others follow by `next`. Holding all shards.
class_entry *csizer_class_entries(void);

#endif
