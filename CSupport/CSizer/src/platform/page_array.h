// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PAGE_ARRAY_H
#define CSIZER_PAGE_ARRAY_H
#include <stdbool.h>
#include <stddef.h>

/// A growing array in the kernel's pages.
typedef struct csizer_page_array {
  void *memory;
  size_t bytes;  // mapped
} csizer_page_array;

/// Makes room for `bytes`, keeping what is there. False when the system refuses memory; then nothing was changed.
bool csizer_page_array_reserve(csizer_page_array *array, size_t bytes);
/// Gives back what is not needed for `bytes`, where that is most of it and not all.
void csizer_page_array_trim(csizer_page_array *array, size_t bytes);
void csizer_page_array_deinit(csizer_page_array *array);

#endif
