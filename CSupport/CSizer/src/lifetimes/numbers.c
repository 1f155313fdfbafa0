// SPDX-License-Identifier: Apache-2.0
// Numbers of records over all trackers: each chunk of records has one of its own.
#include "lifetimes/numbers.h"

numbered_chunk csizer_numbered_chunks[CHUNK_LIMIT];

// Chunks up to here were used once; those that are free again are linked by `first_slot`. Under the lock of records.c
// that makes chunks, or holding all shards.
static uint32_t used = 1, first_free;

uint32_t csizer_numbers_add(lifetime_record *records, csizer_lifetimes *owner, uint32_t first_slot) {
  uint32_t chunk = first_free;
  if (chunk) first_free = csizer_numbered_chunks[chunk].first_slot;
  else if (used < CHUNK_LIMIT - 1) chunk = used++;
  if (chunk) csizer_numbered_chunks[chunk] = (numbered_chunk){records, owner, first_slot};
  return chunk;
}

void csizer_numbers_remove(uint32_t chunk) {
  if (!chunk) return;
  csizer_numbered_chunks[chunk] = (numbered_chunk){.first_slot = first_free};
  first_free = chunk;
}
