// SPDX-License-Identifier: Apache-2.0
#include "csizer_allocator.h"
#include "walk/walk_internal.h"
#include "platform/hash.h"

// Words that are not plainly the address of a live object that the census knows.

static bool is_on_own_stack(const csizer_walk *walk, uintptr_t address) {
  return address >= walk->stack_start && address < walk->stack_end;
}

// Whether the allocator vouches for the page. It may be asked only where it surely owns something (csizer_allocator.h),
// which objects around show.
static csizer_ownership ownership(const csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  if (!leaf || !walk_may_ask(walk, leaf, address)) return CSIZER_OWNERSHIP_UNKNOWN;
  if (pagememo_is_foreign(leaf, address)) return CSIZER_FOREIGN;
  if (pagememo_is_owned(leaf, address)) return CSIZER_OWNED;
  csizer_ownership answer = csizer_allocator_ownership((const void *)address);
  // Remembered only where forgetting the marks comes by.
  bool is_spanned = heapmap_spans(leaf, heapmap_unit_index(address));
  if (answer == CSIZER_FOREIGN && is_spanned) pagememo_note_foreign(leaf, address);
  return answer;
}

// Where the counts are not known, so is whether anything is there.
static bool is_deiniting(const swift_object *object) {
  if (!csizer_holds(CSIZER_ASSUMES_COUNTS)) return true;
  return !(object->references & SWIFT_SLOW_REFERENCES) && (object->references & SWIFT_DEINITING);
}

// A reference by its type, to something that the census has not seen being born: a static object, an object on the
// stack, an object older than the census, or one that its library allocates by itself (tasks).
void csizer_walk_unlisted(csizer_walk *walk, uintptr_t address) {
  if (csizer_images_contain(&walk->layouts->images, address) || is_on_own_stack(walk, address)) return;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  csizer_ownership answer = ownership(walk, leaf, address);
  if (answer == CSIZER_FOREIGN) return;
  const bool has_objects_around = leaf && walk_may_ask(walk, leaf, address);
  if (answer == CSIZER_OWNERSHIP_UNKNOWN && walk->options.census_is_complete && !has_objects_around) return;
  if (!leaf && !csizer_heapmap_leaf_make(walk->map, address)) {
    walk->status = CSIZER_NO_MEMORY;
    return;
  }
  // Freed, and not used again: an object that another thread is just making has in its fields what was in its memory
  // before.
  if (is_deiniting((const swift_object *)address)) {
    if (!csizer_holds(CSIZER_ASSUMES_COUNTS)) walk_unresolved(walk);
    return;
  }
  if (csizer_heapmap_mark(walk->map, (const void *)address)) walk_push(walk, address);
}

bool csizer_walk_is_after_all(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  if (address & WALK_CLAIMED) return false;
  heapmap_unsee(leaf, address);
  csizer_walk_unlisted(walk, address);
  // Forgetting the marks goes by the pages' bytes, and references may set the bits of what is no object again. A block
  // may start there all the same.
  pagememo_note_touched(leaf, address);
  if (heapmap_is_seen(leaf, address)) return true;
  heapmap_clear_done(leaf, address);  // the next word that leads there is believed as this one was
  return false;
}

// What the sweep has taken from the map is done by its bits. It is looked for where somebody has a block that is no
// live object and is marked: mostly because he is the second who has it.
bool csizer_walk_claim(csizer_walk *walk, uintptr_t address) {
  for (size_t i = walk->ring_head; i < walk->ring_tail; i++) {
    uintptr_t *const taken = &walk->ring[i % WALK_RING];
    if (*taken != address) continue;
    *taken |= WALK_CLAIMED;
    return true;
  }
  return false;
}

bool csizer_walk_is_counted(const csizer_walk *walk, uintptr_t address) {
  const heapmap_leaf *leaf = heapmap_leaf_of(walk->map, address);
  return leaf && !(address & 15) && heapmap_is_done(leaf, address);
}

bool csizer_walk_has_seen(const csizer_walk *walk, uintptr_t address) {
  const heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (!(address & 15)) return leaf && heapmap_is_seen(leaf, address);
  const walk_odd_set *odd = &walk->odd;
  if (!odd->capacity) return false;
  size_t i = hash_first(hash_address((const void *)address), odd->capacity);
  while (odd->slots[i] && odd->slots[i] != address) i = hash_next(i, odd->capacity);
  return odd->slots[i] == address;
}

static bool odd_insert(walk_odd_set *odd, uintptr_t address) {
  size_t i = hash_first(hash_address((const void *)address), odd->capacity);
  while (odd->slots[i] && odd->slots[i] != address) i = hash_next(i, odd->capacity);
  if (odd->slots[i]) return false;
  odd->slots[i] = address;
  odd->count++;
  return true;
}

bool csizer_walk_set_insert(csizer_walk *walk, walk_odd_set *odd, uintptr_t address) {
  if ((odd->count + 1) * 2 > odd->capacity) {
    walk_odd_set larger = {.capacity = odd->capacity ? odd->capacity * 2 : 512};
    larger.slots = csizer_pages_map(larger.capacity * sizeof *larger.slots);
    if (!larger.slots) {
      walk->status = CSIZER_NO_MEMORY;
      return false;
    }
    for (size_t i = 0; i < odd->capacity; i++)
      if (odd->slots[i]) odd_insert(&larger, odd->slots[i]);
    csizer_pages_unmap(odd->slots, odd->capacity * sizeof *odd->slots);
    *odd = larger;
  }
  return odd_insert(odd, address);
}

// Blocks of a size class stand side by side from a page's start on: their addresses share the size's low zero bits.
static bool may_start_block(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  enum { CACHE_LINE = 64 };
  const size_t usable = pagememo_size(&walk->memo, leaf, address), page = walk->allocator.page_bytes;
  const bool is_in_slab = usable <= walk->allocator.largest_in_slab;
  size_t step = usable & -usable;
  // Somewhere in the first page, of those that the allocator vouches for
  if (!is_in_slab) step = CACHE_LINE;
  if (step > page) step = page;
  if (address & (step - 1)) return false;
  uintptr_t object = csizer_heapmap_block_before(walk->map, address, walk->sweeping);
  if (!object || address == object) return true;
  bool side_by_side = object / page == address / page && is_in_slab;
  if (side_by_side && (address - object) % usable) return false;
  return object + pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, object), object) <= address;
}

// The leaf in which a raw block at `address` has its bits; NULL when no block can be there.
static heapmap_leaf *leaf_of_raw(csizer_walk *walk, uintptr_t address) {
  if ((address - WALK_FLOOR >= WALK_CEILING - WALK_FLOOR) | (address & 7)) return NULL;
  if (csizer_images_contain(&walk->layouts->images, address) || is_on_own_stack(walk, address)) return NULL;
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(walk->map, address);
  if (!leaf) walk->status = CSIZER_NO_MEMORY;
  return leaf;
}

walk_place csizer_walk_place(csizer_walk *walk, uintptr_t address) {
  if ((address - WALK_FLOOR >= WALK_CEILING - WALK_FLOOR) | (address & 7)) return WALK_NOT_OWNED;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (csizer_images_contain(&walk->layouts->images, address) || is_on_own_stack(walk, address)) return WALK_NOT_OWNED;
  csizer_ownership owner = ownership(walk, leaf, address);
  if (owner != CSIZER_OWNED) return owner == CSIZER_FOREIGN ? WALK_NOT_OWNED : WALK_MAY_BE_OWNED;
  heapmap_note(leaf, address);  // the memo is going to remember the page
  return may_start_block(walk, leaf, address) ? WALK_STARTS_BLOCK : WALK_INSIDE_BLOCK;
}

size_t csizer_walk_raw_block(csizer_walk *walk, uintptr_t address, uint32_t kind_index, bool is_sure) {
  heapmap_leaf *leaf = leaf_of_raw(walk, address);
  if (!leaf || (walk->sink && csizer_heapmap_contains(walk->map, (const void *)address))) return 0;  // an object
  csizer_ownership owner = ownership(walk, leaf, address);
  if (owner == CSIZER_FOREIGN) return 0;
  if (!is_sure && owner == CSIZER_OWNERSHIP_UNKNOWN) {
    walk->totals.unresolved++;
    return 0;
  }
  heapmap_note(leaf, address);  // the memo is going to remember the page
  if (!is_sure && !may_start_block(walk, leaf, address)) return 0;
  bool is_new = (address & 15) ? csizer_walk_set_insert(walk, &walk->odd, address) : walk_mark_unscanned(walk, address);
  if (!is_new) return 0;
  size_t usable = pagememo_size(&walk->memo, leaf, address);
  csizer_kind_totals *kind = walk_kind(walk, kind_index);
  walk_count(walk, kind, 1, usable);
  kind->requested += usable;
  walk->totals.raw_blocks++;
  walk->totals.raw_bytes += usable;
  walk->totals.requested += usable;
  if (__builtin_expect(walk->sink != NULL, 0)) walk->sink->raw_block(walk->sink, address, kind_index, usable);
  return usable;
}
