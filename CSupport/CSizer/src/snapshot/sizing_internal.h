// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SIZING_INTERNAL_H
#define CSIZER_SIZING_INTERNAL_H
#include "csizer_frozen.h"
#include "layouts/unknown_types.h"
#include "lifetimes/lifetimes_internal.h"
#include "walk/walk_internal.h"

enum { SIZING_MORPHS = 1024 };
#define SIZING_NONE UINT64_MAX  // no size
#define SIZING_DEAD (UINT64_MAX - 1)  // it was listed, and died before the moment of the sizing

/// All in one mapping, which a forked child may share.
struct csizer_sizing {
  csizer_lifetimes *lifetimes;
  size_t bytes;  // of the mapping
  uint32_t count;
  uint32_t next;  // the first that has no size yet
  uint32_t next_known;  // of the tracker's morphs: the first that is not of an object before
  /// What a child tells: it counts its steps, and says when all is done.
  uint32_t steps, is_done;
  csizer_frozen_report report;
  csizer_unknown_types unknown;
  uint32_t morph_count;
  csizer_morph morphs[SIZING_MORPHS];
  /// Trees of named referents, each with its head: behind the sizes when a child fills them in, in memory of their own
  /// otherwise. How many bytes there is room for, are filled, and would be if there were room.
  bool is_shared;
  char *referents;
  csizer_page_array own_referents;
  uint64_t referent_room, referent_bytes, referent_wish;
  /// What lives, by kind, in a mapping of its own; NULL: nobody wants to know.
  csizer_sized_kind *kinds;
  size_t kind_room;
  uint32_t has_kinds;
  uint64_t sizes[];
};

/// The numbers of the living, and the size that each had last: as many as `living_count` says.
static inline uint32_t *sizing_numbers(const csizer_lifetimes *lifetimes) { return lifetimes->living_numbers.memory; }
static inline uint64_t *sizing_last(const csizer_lifetimes *lifetimes) { return lifetimes->living_sizes.memory; }

// sizing_list.c
/// Adds those that were born since the last look, with numbers below `end`; false when memory runs out.
bool csizer_sizing_list_new(csizer_lifetimes *lifetimes, uint32_t end);

// sizing_kinds.c
/// Notes what the walk has counted: first what tracked objects reach, then all.
void csizer_sizing_note_tracked(csizer_sizing *sizing, const csizer_walk *walk);
void csizer_sizing_note_all(csizer_sizing *sizing, const csizer_walk *walk);

// frozen_faults.c
/// Whether the next fault to be made is the refusal of memory, which is then taken from the list.
bool csizer_frozen_takes_refusal(void);

#endif
