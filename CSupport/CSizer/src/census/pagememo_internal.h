// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PAGEMEMO_INTERNAL_H
#define CSIZER_PAGEMEMO_INTERNAL_H
#include "census/heapmap_internal.h"
#include "csizer_pagememo.h"

enum {
  PAGE_UNKNOWN = 0,
  PAGE_FIRST_SIZE = 1,  // 1 … 253: sizes[class]
  PAGE_FOREIGN = 254,   // no block of the allocator starts here
  PAGE_MIXED = 255,     // ask for every block
};

/// The answer for a page that the memo does not know yet; remembers it.
size_t csizer_pagememo_learn(csizer_pagememo *memo, uint8_t *page_class, const void *block);

static inline size_t pagememo_size(csizer_pagememo *memo, heapmap_leaf *leaf, uintptr_t block) {
  uint8_t *page_class = heapmap_page_class(leaf, block);
  uint8_t known = *page_class;
  if (__builtin_expect((uint8_t)(known - PAGE_FIRST_SIZE) < PAGE_FOREIGN - PAGE_FIRST_SIZE, 1))
    return memo->sizes[known];
  return csizer_pagememo_learn(memo, page_class, (const void *)block);
}

#endif
