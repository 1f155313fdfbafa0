// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PAGEMEMO_INTERNAL_H
#define CSIZER_PAGEMEMO_INTERNAL_H
#include "census/heapmap_marks.h"
#include "csizer_pagememo.h"

enum {
  PAGE_UNKNOWN = 0,
  PAGE_FIRST_SIZE = 1,  // 1 … 253: sizes[class]
  PAGE_FOREIGN = 254,   // no block of the allocator starts here
  PAGE_MIXED = 255,     // ask for every block
};

/// The answer for a page that the memo does not know yet; remembers it.
size_t csizer_pagememo_learn(csizer_pagememo *memo, uint8_t *page_class, const void *block);

/// The size of the blocks of a page whose size is known; of any other page some number that is no block's size there.
static inline size_t pagememo_known_size(const csizer_pagememo *memo, const heapmap_leaf *leaf, uintptr_t block) {
  return memo->sizes[leaf->page_class[block >> HEAPMAP_PAGE_SHIFT & (HEAPMAP_PAGES - 1)]];
}

/// Whether anything is remembered of a page.
static inline bool pagememo_is_known(heapmap_leaf *leaf, uintptr_t address) {
  return *heapmap_page_class(leaf, address) != PAGE_UNKNOWN;
}

/// What is remembered of the allocator's word for a page.
static inline bool pagememo_is_foreign(heapmap_leaf *leaf, uintptr_t address) {
  return *heapmap_page_class(leaf, address) == PAGE_FOREIGN;
}
static inline bool pagememo_is_owned(heapmap_leaf *leaf, uintptr_t address) {
  uint8_t class = *heapmap_page_class(leaf, address);
  return class >= PAGE_FIRST_SIZE && class < PAGE_FOREIGN;
}

/// No block of the allocator starts in the page, unless more is known of it. Forgetting the marks comes by there.
static inline void pagememo_note_foreign(heapmap_leaf *leaf, uintptr_t address) {
  uint8_t *page_class = heapmap_page_class(leaf, address);
  if (*page_class == PAGE_UNKNOWN) *page_class = PAGE_FOREIGN;
}

/// Forgetting the marks comes by the page, whatever is known of it.
static inline void pagememo_note_touched(heapmap_leaf *leaf, uintptr_t address) {
  uint8_t *page_class = heapmap_page_class(leaf, address);
  if (*page_class == PAGE_UNKNOWN) *page_class = PAGE_MIXED;
}

static inline size_t pagememo_size(csizer_pagememo *memo, heapmap_leaf *leaf, uintptr_t block) {
  uint8_t *page_class = heapmap_page_class(leaf, block);
  uint8_t known = *page_class;
  if (__builtin_expect((uint8_t)(known - PAGE_FIRST_SIZE) < PAGE_FOREIGN - PAGE_FIRST_SIZE, 1))
    return memo->sizes[known];
  return csizer_pagememo_learn(memo, page_class, (const void *)block);
}

#endif
