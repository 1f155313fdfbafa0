// SPDX-License-Identifier: Apache-2.0
#include "heapmap_internal.h"
#include "pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

csizer_status csizer_heapmap_create(csizer_heapmap **ret_map) {
  csizer_heapmap *map = csizer_pages_map(sizeof *map);
  if (!map) return CSIZER_NO_MEMORY;
  *ret_map = map;
  return CSIZER_OK;
}

size_t csizer_heapmap_next_leaf(const csizer_heapmap *map, size_t index) {
  while (index < HEAPMAP_LEAVES && !__atomic_load_n(&map->leaves[index], __ATOMIC_ACQUIRE)) index++;
  return index;
}

void csizer_heapmap_destroy(csizer_heapmap *map) {
  if (!map) return;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    csizer_pages_unmap(map->leaves[i], sizeof(heapmap_leaf));
  csizer_pages_unmap(map, sizeof *map);
}

heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address) {
  if (address >> HEAPMAP_ADDRESS_BITS) return NULL;
  heapmap_leaf *leaf = heapmap_leaf_at(map, address);
  if (leaf) return leaf;
  leaf = csizer_pages_map(sizeof *leaf);
  if (!leaf) return NULL;
  heapmap_leaf *other = NULL;
  heapmap_leaf **slot = &map->leaves[address >> HEAPMAP_LEAF_SHIFT];
  if (__atomic_compare_exchange_n(slot, &other, leaf, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return leaf;
  csizer_pages_unmap(leaf, sizeof *leaf);  // another thread was first
  return other;
}

bool csizer_heapmap_insert(csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  if (a >> HEAPMAP_ADDRESS_BITS) return false;
  heapmap_leaf *leaf = heapmap_leaf_at(map, a);
  if (__builtin_expect(!leaf, 0)) {
    leaf = csizer_heapmap_leaf_make(map, a);
    if (!leaf) return false;
  }
  if (__builtin_expect(!leaf->has_objects, 0)) __atomic_store_n(&leaf->has_objects, true, __ATOMIC_RELAXED);
  __atomic_fetch_or(&leaf->units[heapmap_unit_index(a)].live, heapmap_bit(a), __ATOMIC_RELAXED);
  return true;
}

bool csizer_heapmap_remove(csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  if ((a >> HEAPMAP_ADDRESS_BITS) | (a & 15)) return false;
  heapmap_leaf *leaf = heapmap_leaf_at(map, a);
  if (!leaf) return false;
  uint64_t *word = &leaf->units[heapmap_unit_index(a)].live;
  // Raw memory goes this way too: a plain load spares it the locked instruction.
  if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & heapmap_bit(a))) return false;
  __atomic_fetch_and(word, ~heapmap_bit(a), __ATOMIC_RELAXED);
  return true;
}

bool csizer_heapmap_contains(const csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  if ((a >> HEAPMAP_ADDRESS_BITS) | (a & 15)) return false;
  const heapmap_leaf *leaf = heapmap_leaf_at(map, a);
  return leaf && (__atomic_load_n(&leaf->units[heapmap_unit_index(a)].live, __ATOMIC_RELAXED) & heapmap_bit(a));
}

bool csizer_heapmap_mark(csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, a);
  if (!leaf) return false;
  uint64_t *seen = &leaf->units[heapmap_unit_index(a)].seen;
  if (*seen & heapmap_bit(a)) return false;
  *seen |= heapmap_bit(a);
  // forget_marks finds its way by the pages' bytes; the memo overwrites this one when it knows better.
  uint8_t *page = heapmap_page_class(leaf, a);
  if (!*page) *page = UINT8_MAX;
  return true;
}

static void forget_page(heapmap_leaf *leaf, size_t page) {
  leaf->page_class[page] = 0;
  for (size_t i = 0; i < HEAPMAP_UNITS_PER_PAGE; i++) leaf->units[page * HEAPMAP_UNITS_PER_PAGE + i].seen = 0;
}

void csizer_heapmap_forget_marks(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = map->leaves[i];
    for (size_t page = 0; page < HEAPMAP_PAGES; page += 8) {
      uint64_t eight;
      memcpy(&eight, &leaf->page_class[page], sizeof eight);
      if (!eight) continue;
      for (size_t j = page; j < page + 8; j++)
        if (leaf->page_class[j]) forget_page(leaf, j);
    }
  }
}

size_t csizer_heapmap_count(const csizer_heapmap *map) {
  size_t count = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++)
      count += (size_t)__builtin_popcountll(__atomic_load_n(&map->leaves[i]->units[unit].live, __ATOMIC_RELAXED));
  return count;
}

void csizer_heapmap_enumerate(const csizer_heapmap *map, bool (*visit)(void *context, const void *address),
                              void *context) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++) {
      uint64_t live = __atomic_load_n(&map->leaves[i]->units[unit].live, __ATOMIC_RELAXED);
      for (; live; live &= live - 1) {
        uintptr_t address = ((uintptr_t)i << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT) +
                            ((uintptr_t)__builtin_ctzll(live) << 4);
        if (!visit(context, (const void *)address)) return;
      }
    }
}

static size_t resident_bytes(const heapmap_leaf *leaf) {
  enum { STEP = 1024 };  // pages asked for at a time
  unsigned char resident[STEP];
  size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 0;
  size_t pages = (sizeof *leaf + page - 1) / page;
  for (size_t first = 0; first < pages; first += STEP) {
    size_t count = pages - first < STEP ? pages - first : STEP;
    if (mincore((char *)(uintptr_t)leaf + first * page, count * page, resident)) continue;
    for (size_t i = 0; i < count; i++) bytes += (resident[i] & 1) ? page : 0;
  }
  return bytes;
}

size_t csizer_heapmap_resident_bytes(const csizer_heapmap *map) {
  size_t bytes = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    bytes += resident_bytes(map->leaves[i]);
  return bytes;
}
