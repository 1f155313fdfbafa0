// SPDX-License-Identifier: Apache-2.0
#include "layouts/described_enum.h"

// Room for an enum that is laid out from its descriptor, and for the patterns that tell its cases.

bool csizer_described_make_pattern(csizer_layouts *layouts, uint32_t words, csizer_enum_pattern *ret,
                                   uint64_t **ret_mask, uint64_t **ret_value) {
  *ret_mask = csizer_layouts_allocate(layouts, words * sizeof **ret_mask);
  *ret_value = csizer_layouts_allocate(layouts, words * sizeof **ret_value);
  if (!*ret_mask || !*ret_value) return false;
  memset(*ret_mask, 0, words * sizeof **ret_mask);
  memset(*ret_value, 0, words * sizeof **ret_value);
  *ret = (csizer_enum_pattern){*ret_mask, *ret_value};
  return true;
}

csizer_enum *csizer_described_make_enum(csizer_builder *builder, const csizer_described *described, uint32_t case_count,
                                   csizer_enum_case **ret_cases) {
  csizer_enum *result = csizer_layouts_allocate(builder->layouts, sizeof *result);
  *ret_cases = csizer_layouts_allocate(builder->layouts, case_count * sizeof **ret_cases);
  if (!result || !*ret_cases) return NULL;
  memset(*ret_cases, 0, case_count * sizeof **ret_cases);
  uint32_t size = (uint32_t)described->witnesses.size;
  *result = (csizer_enum){.type = (const swift_metadata *)&described->metadata,
                          .size = size,
                          .words = (size + 7) / 8,
                          .case_count = case_count,
                          .cases = *ret_cases};
  if (result->words < CSIZER_ENUM_COPY_WORDS) return result;
  result->scratch = csizer_layouts_allocate(builder->layouts, (result->words + 1) * sizeof *result->scratch);
  return result->scratch ? result : NULL;
}
