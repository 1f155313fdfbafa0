// SPDX-License-Identifier: Apache-2.0
// The size class of each page, asked of the allocator once.
#include "census/pagememo_internal.h"

void csizer_pagememo_init(csizer_pagememo *memo, size_t (*usable_size)(const void *block), bool uniform_pages) {
  *memo = (csizer_pagememo){.count = PAGE_FIRST_SIZE, .usable_size = usable_size, .uniform_pages = uniform_pages};
  // No block's size, and none of the numbers that stand for no size elsewhere.
  memo->sizes[PAGE_UNKNOWN] = memo->sizes[PAGE_FOREIGN] = memo->sizes[PAGE_MIXED] = 2;
}

size_t csizer_pagememo_learn(csizer_pagememo *memo, uint8_t *page_class, const void *block) {
  size_t size = memo->usable_size(block);
  // Even where nothing can be remembered the byte says that the page was touched: forgetting rests on it.
  uint8_t class = PAGE_MIXED;
  if (memo->uniform_pages) {
    unsigned i = PAGE_FIRST_SIZE;
    while (i < memo->count && memo->sizes[i] != size) i++;
    if (i == memo->count && i < PAGE_FOREIGN) memo->sizes[memo->count++] = size;
    if (i < PAGE_FOREIGN) class = (uint8_t)i;
  }
  *page_class = class;
  return size;
}

size_t csizer_pagememo_size(csizer_pagememo *memo, csizer_heapmap *map, const void *block) {
  return pagememo_size(memo, heapmap_leaf_at(map, (uintptr_t)block), (uintptr_t)block);
}
