// SPDX-License-Identifier: Apache-2.0
#include "csizer_accounts.h"
#include "csizer_allocator.h"
#include "csizer_census.h"
#include "platform/own_stack.h"
#include "platform/pages.h"

// What the engine itself holds.

size_t csizer_overhead_page_bytes(void) {
  // All tables but the census are filled as they are mapped; of its leaves most pages are never touched.
  size_t held = csizer_pages_held() + csizer_stack_bytes();
  const csizer_heapmap *census = csizer_census_map();
  if (!census) return held;
  // A leaf that another thread makes in between is in neither sum, or in both: never less than nothing.
  size_t mapped = csizer_heapmap_mapped_bytes(census);
  return (held > mapped ? held - mapped : 0) + csizer_heapmap_resident_bytes(census);
}

size_t csizer_overhead_bytes(void) { return csizer_allocator_own_bytes() + csizer_overhead_page_bytes(); }
