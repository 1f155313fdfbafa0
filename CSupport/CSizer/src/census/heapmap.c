// SPDX-License-Identifier: Apache-2.0
#include "census/heapmap_internal.h"
#include "platform/pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

csizer_status csizer_heapmap_create(csizer_heapmap **ret_map) {
  csizer_heapmap *map = csizer_pages_map(sizeof *map);
  if (!map) return CSIZER_NO_MEMORY;
  *ret_map = map;
  return CSIZER_OK;
}

// The first bit at or after `index` in `words`, or `bits` when there is none.
static size_t next_bit(const uint64_t *words, size_t index, size_t bits) {
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
    size_t word = next_bit(map->present_words, index / 64, WORDS);
    if (word == WORDS) return HEAPMAP_LEAVES;
    size_t start = word == index / 64 ? index : word * 64;
    size_t found = next_bit(map->present, start, (word + 1) * 64);
    if (found < (word + 1) * 64) return found;
    index = found;
  }
  return HEAPMAP_LEAVES;
}

void csizer_heapmap_destroy(csizer_heapmap *map) {
  if (!map) return;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    csizer_pages_unmap(heapmap_leaf_of(map->leaves, i), sizeof(heapmap_leaf));
  csizer_pages_unmap(map, sizeof *map);
}

heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address) {
  if (address >> HEAPMAP_ADDRESS_BITS) return NULL;
  heapmap_leaf *leaf = heapmap_leaf_at(map, address);
  if (leaf) return leaf;
  leaf = csizer_pages_map(sizeof *leaf);
  if (!leaf) return NULL;
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
  return heapmap_remove(map, (uintptr_t)address) != NULL;
}

bool csizer_heapmap_contains(const csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  if ((a >> HEAPMAP_ADDRESS_BITS) | (a & 15)) return false;
  const heapmap_leaf *leaf = heapmap_leaf_at(map, a);
  return leaf && (heapmap_live(leaf, heapmap_unit_index(a)) & heapmap_bit(a));
}

bool csizer_heapmap_mark(csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, a);
  if (!leaf) return false;
  return heapmap_mark(leaf, a);
}

static void forget_page(heapmap_leaf *leaf, size_t page) {
  leaf->page_class[page] = 0;
  for (size_t i = 0; i < HEAPMAP_UNITS_PER_PAGE; i++) leaf->seen[page * HEAPMAP_UNITS_PER_PAGE + i] = 0;
}

void csizer_heapmap_forget_marks(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_of(map->leaves, i);
    size_t first = heapmap_first_unit(leaf) / HEAPMAP_UNITS_PER_PAGE & ~(size_t)7;
    size_t last = heapmap_last_unit(leaf) / HEAPMAP_UNITS_PER_PAGE;
    for (size_t page = first; page <= last; page += 8) {
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
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_of(map->leaves, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      count += (size_t)__builtin_popcountll(heapmap_live(leaf, unit));
  }
  return count;
}

void csizer_heapmap_enumerate(const csizer_heapmap *map, bool (*visit)(void *context, const void *address),
                              void *context) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_of(map->leaves, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      uint64_t live = heapmap_live(leaf, unit);
      for (; live; live &= live - 1) {
        uintptr_t address = ((uintptr_t)i << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT) +
                            ((uintptr_t)__builtin_ctzll(live) << 4);
        if (!visit(context, (const void *)address)) return;
      }
    }
  }
}

static size_t resident_bytes(const void *start, size_t bytes) {
  enum { STEP = 1024 };  // pages asked for at a time
  unsigned char resident[STEP];
  size_t page = (size_t)sysconf(_SC_PAGESIZE), sum = 0;
  size_t pages = (bytes + page - 1) / page;
  for (size_t first = 0; first < pages; first += STEP) {
    size_t count = pages - first < STEP ? pages - first : STEP;
    if (mincore((char *)(uintptr_t)start + first * page, count * page, resident)) continue;
    for (size_t i = 0; i < count; i++) sum += (resident[i] & 1) ? page : 0;
  }
  return sum;
}

// Of a plane only the units in the leaf's range were ever touched; the kernel is asked about every page that one names.
static size_t resident_plane(const heapmap_leaf *leaf, const uint64_t *plane) {
  size_t page_words = (size_t)sysconf(_SC_PAGESIZE) / sizeof *plane;
  size_t first = heapmap_first_unit(leaf) / page_words * page_words;
  return resident_bytes(&plane[first], (heapmap_last_unit(leaf) - first + 1) * sizeof *plane);
}

static size_t resident_leaf(const heapmap_leaf *leaf) {
  // References that are none may have marked anything (walk_loop.c).
  size_t bytes = resident_bytes(leaf->seen, sizeof leaf->seen);
  size_t rest = offsetof(heapmap_leaf, page_class);
  bytes += resident_bytes((const char *)leaf + rest, sizeof *leaf - rest);
  if (heapmap_first_unit(leaf) > heapmap_last_unit(leaf)) return bytes;
  return bytes + resident_plane(leaf, leaf->live) + resident_plane(leaf, leaf->done) +
         resident_plane(leaf, leaf->tracked);
}

size_t csizer_heapmap_resident_bytes(const csizer_heapmap *map) {
  size_t bytes = resident_bytes(map, sizeof *map);
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    bytes += resident_leaf(heapmap_leaf_of(map->leaves, i));
  return bytes;
}

size_t csizer_heapmap_mapped_bytes(const csizer_heapmap *map) {
  size_t bytes = sizeof *map;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) bytes += sizeof(heapmap_leaf);
  return bytes;
}
