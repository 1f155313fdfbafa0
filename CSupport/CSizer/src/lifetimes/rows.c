// SPDX-License-Identifier: Apache-2.0
// Rows of slots, with their numbers, that threads take for the objects that they are going to make.
#include "lifetimes/numbers.h"

bool csizer_numbers_refill(csizer_line *line, csizer_lifetimes *owner) {
  enum { MOST = 256 };
  uint32_t wish = line->owner == owner && line->taken < MOST ? line->taken * 2 : line->taken;
  if (line->owner != owner || !wish) wish = 1;
  uint32_t slot, count = csizer_lifetimes_take_slots(owner, wish, &slot);
  if (!count) return false;
  const uint32_t chunk = owner->chunks[slot >> CHUNK_SHIFT].number;
  if (!chunk) return false;  // the slots stay empty
  line->owner = owner;
  line->taken = count;
  line->left = count;
  line->next_number = chunk << CHUNK_SHIFT | (slot & (CHUNK_RECORDS - 1));
  line->next_record = lifetime_record_at(owner, slot);
  return true;
}

static void take_back(void *context, csizer_line *line) {
  csizer_lifetimes *owner = context;
  if (line->owner != owner) return;
  // The last ones that were given out are given out again, so that one thread leaves no slot empty.
  const uint32_t slot = line->left ? number_slot(line->next_number) : 0;
  if (line->left && slot + line->left == owner->slot_count) owner->slot_count = slot;
  line->left = 0;
  line->taken = 0;
  line->owner = NULL;
}

void csizer_numbers_take_back(csizer_lifetimes *owner) { csizer_lines_each(take_back, owner); }
