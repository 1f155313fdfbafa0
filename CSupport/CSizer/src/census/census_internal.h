// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CENSUS_INTERNAL_H
#define CSIZER_CENSUS_INTERNAL_H
#include "census/heapmap_internal.h"
#include "csizer_census.h"

/// What is known of the census of this process.
typedef struct csizer_census {
  csizer_heapmap *map;
  csizer_hook_state state;
  const char *reason;
  /// Whether an object was born that the map has no room for. Any thread sets it, nobody clears it.
  bool has_lost_objects;
} csizer_census;

/// The process has one heap, so it has one census: written by those who keep it (hooks/) when the program is loaded,
/// before other threads exist.
extern csizer_census csizer_census_kept;

// Relaxed: a flag by itself, of a birth that the program has put before whoever counts on it.
static inline bool census_lacks_objects(void) {
  return __atomic_load_n(&csizer_census_kept.has_lost_objects, __ATOMIC_RELAXED);
}

/// As csizer_census_state.
static inline csizer_hook_state census_state(void) {
  return census_lacks_objects() ? CSIZER_HOOKS_INTERPOSED : csizer_census_kept.state;
}

/// The leaf of the census's map in which an address is; NULL when it has none.
static inline heapmap_leaf *census_leaf_of(uintptr_t address) {
  return csizer_census_kept.map ? heapmap_leaf_of(csizer_census_kept.map, address) : NULL;
}

#endif
