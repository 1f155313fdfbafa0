// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_JEMALLOC
#include "csizer_fragmentation.h"

csizer_status csizer_fragmentation_read(const csizer_heapmap *map, const uintptr_t *objects, const uint32_t *classes,
                                        size_t count, size_t class_count, csizer_slab_use *uses) {
  (void)map, (void)objects, (void)classes, (void)count, (void)class_count, (void)uses;
  return CSIZER_UNSUPPORTED;
}

#endif
