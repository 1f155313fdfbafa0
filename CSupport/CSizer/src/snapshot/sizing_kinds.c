// SPDX-License-Identifier: Apache-2.0
// What lives in the process, by kind, and how much of that no tracked object reaches: the walk that has sized these
// goes on through the whole heap, so that the difference is what it finds then.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "snapshot/sizing_internal.h"

enum { KINDS_OF_THE_DEAD = 1024 };  // made where the first dead object of a class is met

csizer_status csizer_sizing_want_kinds(csizer_sizing *sizing, size_t kinds) {
  if (csizer_frozen_takes_refusal()) return CSIZER_NO_MEMORY;
  const size_t room = kinds + KINDS_OF_THE_DEAD;
  const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  void *rows = mmap(NULL, room * sizeof *sizing->kinds, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (rows == MAP_FAILED) return CSIZER_NO_MEMORY;
  sizing->kinds = rows;
  sizing->kind_room = room;
  return CSIZER_OK;
}

void csizer_sizing_note_tracked(csizer_sizing *sizing, const csizer_walk *walk) {
  for (size_t kind = 0; kind < sizing->kind_room; kind++) {
    const csizer_kind_totals totals = csizer_walk_kind_totals(walk, kind);
    sizing->kinds[kind].untracked_count = totals.count;  // to be taken from all
    sizing->kinds[kind].untracked_bytes = totals.bytes;
  }
}

void csizer_sizing_note_all(csizer_sizing *sizing, const csizer_walk *walk) {
  for (size_t kind = 0; kind < sizing->kind_room; kind++) {
    csizer_sized_kind *row = &sizing->kinds[kind];
    row->all = csizer_walk_kind_totals(walk, kind);
    row->untracked_count = row->all.count - row->untracked_count;
    row->untracked_bytes = row->all.bytes - row->untracked_bytes;
  }
  sizing->has_kinds = sizing->kind_room != 0;
}

const csizer_sized_kind *csizer_sizing_kinds(const csizer_sizing *sizing, size_t *ret_count) {
  *ret_count = sizing->has_kinds ? sizing->kind_room : 0;
  return sizing->has_kinds ? sizing->kinds : NULL;
}
