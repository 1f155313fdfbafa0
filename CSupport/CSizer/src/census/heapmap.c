// SPDX-License-Identifier: Apache-2.0
// The heap map: its leaves, and the objects that live.
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "census/heapmap_internal.h"
#include "platform/pages.h"

csizer_status csizer_heapmap_create(csizer_heapmap **ret_map) {
  csizer_heapmap *map = csizer_pages_map(sizeof *map);
  if (!map) return CSIZER_NO_MEMORY;
  *ret_map = map;
  return CSIZER_OK;
}

size_t csizer_heapmap_next_bit(const uint64_t *words, size_t index, size_t bits) {
  if (index >= bits) return bits;
  uint64_t word = __atomic_load_n(&words[index / 64], __ATOMIC_ACQUIRE) & ~(uint64_t)0 << (index % 64);
  for (size_t at = index / 64;;) {
    if (word) return at * 64 + (size_t)__builtin_ctzll(word);
    if (++at == bits / 64) return bits;
    word = __atomic_load_n(&words[at], __ATOMIC_ACQUIRE);
  }
}

size_t csizer_heapmap_next_leaf(const csizer_heapmap *map, size_t index) {
  enum { WORDS = HEAPMAP_LEAVES / 64 };
  while (index < HEAPMAP_LEAVES) {
    size_t word = csizer_heapmap_next_bit(map->present_words, index / 64, WORDS);
    if (word == WORDS) return HEAPMAP_LEAVES;
    size_t start = word == index / 64 ? index : word * 64;
    size_t found = csizer_heapmap_next_bit(map->present, start, (word + 1) * 64);
    if (found < (word + 1) * 64) return found;
    index = found;
  }
  return HEAPMAP_LEAVES;
}

void csizer_heapmap_destroy(csizer_heapmap *map) {
  if (!map) return;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    csizer_pages_unmap(heapmap_leaf_numbered(map, i), sizeof(heapmap_leaf));
  csizer_pages_unmap(map, sizeof *map);
}

// Far from the heap, which grows where the system puts what comes next: sweeps would go over a leaf in its middle, too.
static void *place_for_leaf(uintptr_t address) {
  const uintptr_t far = (uintptr_t)64 << HEAPMAP_LEAF_SHIFT;
  const uintptr_t start = address >> HEAPMAP_LEAF_SHIFT << HEAPMAP_LEAF_SHIFT;
  return (void *)(start > far ? start - far : 0);
}

heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address) {
  if (address >> HEAPMAP_ADDRESS_BITS) return NULL;
  heapmap_leaf *leaf = heapmap_leaf_at(map, address);
  if (leaf) return leaf;
  leaf = csizer_pages_map_at(place_for_leaf(address), sizeof *leaf);
  if (!leaf) return NULL;
  // Objects of one plot have pages far from each other, and so have the cells of those that are tracked: a huge page
  // for each would be nearly empty. Marks lie close together, and walks set them at random.
  _Static_assert(offsetof(heapmap_leaf, live) == 0 && offsetof(heapmap_leaf, cells) == sizeof leaf->live, "neighbours");
  const int error_before = errno;
  madvise(leaf, offsetof(heapmap_leaf, seen), MADV_NOHUGEPAGE);
  errno = error_before;
  leaf->first_unit = HEAPMAP_UNITS;
  heapmap_leaf *other = NULL;
  heapmap_leaf **slot = &map->leaves[address >> HEAPMAP_LEAF_SHIFT];
  if (__atomic_compare_exchange_n(slot, &other, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    size_t index = address >> HEAPMAP_LEAF_SHIFT;
    __atomic_fetch_or(&map->present[index / 64], (uint64_t)1 << (index % 64), __ATOMIC_RELEASE);
    __atomic_fetch_or(&map->present_words[index / 64 / 64], (uint64_t)1 << (index / 64 % 64), __ATOMIC_RELEASE);
    return leaf;
  }
  csizer_pages_unmap(leaf, sizeof *leaf);  // another thread was first
  return other;
}

// Relaxed: each end moves in one direction, whoever moves it, and says nothing of other memory. Who must find an object
// comes behind its birth by the program's own order, or has had all threads pass a barrier, and so sees the range that
// it widened; who may miss it may see one end without the other, or an empty range.
void csizer_heapmap_widen(heapmap_leaf *leaf, uint32_t unit) {
  uint32_t first = __atomic_load_n(&leaf->first_unit, __ATOMIC_RELAXED);
  while (unit < first && !__atomic_compare_exchange_n(&leaf->first_unit, &first, unit, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED)) {}
  uint32_t last = __atomic_load_n(&leaf->last_unit, __ATOMIC_RELAXED);
  while (unit > last && !__atomic_compare_exchange_n(&leaf->last_unit, &last, unit, true, __ATOMIC_RELAXED,
                                                     __ATOMIC_RELAXED)) {}
}

bool csizer_heapmap_insert(csizer_heapmap *map, const void *address) {
  return heapmap_insert(map, (uintptr_t)address);
}

bool csizer_heapmap_remove(csizer_heapmap *map, const void *address) {
  heapmap_leaf *leaf = heapmap_leaf_of(map, (uintptr_t)address);
  return leaf && heapmap_remove(leaf, (uintptr_t)address);
}

bool csizer_heapmap_contains(const csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  if ((a >> HEAPMAP_ADDRESS_BITS) | (a & 15)) return false;
  const heapmap_leaf *leaf = heapmap_leaf_at(map, a);
  return leaf && heapmap_is_live(leaf, a);
}

static size_t count_leaf(const heapmap_leaf *leaf) {
  size_t count = 0;
  for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
    count += (size_t)__builtin_popcountll(heapmap_live_in(leaf, unit));
  return count;
}

size_t csizer_heapmap_count(const csizer_heapmap *map) {
  size_t count = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    count += count_leaf(heapmap_leaf_numbered(map, i));
  return count;
}

void csizer_heapmap_enumerate(const csizer_heapmap *map, bool (*visit)(void *context, const void *address),
                              void *context) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      uint64_t live = heapmap_live_in(leaf, unit);
      for (; live; live &= live - 1) {
        uintptr_t address = heapmap_unit_start(i, unit) + ((uintptr_t)__builtin_ctzll(live) << 4);
        if (!visit(context, (const void *)address)) return;
      }
    }
  }
}
