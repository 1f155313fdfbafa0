// SPDX-License-Identifier: Apache-2.0
// Growing arrays in the kernel's pages.
#include "platform/page_array.h"

#include <unistd.h>

#include "platform/pages.h"

static size_t whole_pages(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) & ~(page - 1);
}

bool csizer_page_array_reserve(csizer_page_array *array, size_t bytes) {
  if (bytes <= array->bytes) return true;
  // A sixteenth more than before: growing moves no memory, so the steps may be small, and little is mapped that is not
  // used.
  size_t larger = array->bytes + array->bytes / 16;
  if (larger < bytes) larger = bytes;
  larger = whole_pages(larger);
  void *memory = csizer_pages_grow(array->memory, array->bytes, larger);
  if (!memory) return false;
  *array = (csizer_page_array){memory, larger};
  return true;
}

void csizer_page_array_trim(csizer_page_array *array, size_t bytes) {
  size_t smaller = whole_pages(bytes);
  if (!smaller || array->bytes / 4 < smaller) return;
  csizer_pages_unmap((char *)array->memory + smaller, array->bytes - smaller);
  array->bytes = smaller;
}

void csizer_page_array_deinit(csizer_page_array *array) {
  csizer_pages_unmap(array->memory, array->bytes);
  *array = (csizer_page_array){0};
}
