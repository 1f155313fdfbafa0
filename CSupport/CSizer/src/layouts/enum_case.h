// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ENUM_CASE_H
#define CSIZER_ENUM_CASE_H
#include <string.h>

#include "layouts/compiling.h"

// Which case an enum's value holds, by the patterns that were found when its type was compiled.

enum { ENUM_NO_PAYLOAD = UINT32_MAX };

// The last word may reach past the value, and past what was asked of the allocator: the mask leaves those bits out, and
// aligned words never reach past a page. AddressSanitizer, which knows of no usable size, is told not to mind.
__attribute__((no_sanitize("address"))) static inline bool enum_matches(const csizer_enum_pattern *pattern,
                                                                         const uint64_t *words, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if ((words[i] & pattern->mask[i]) != pattern->value[i]) return false;
  return true;
}

/// The number of the case that the value at `base` holds, when that case has a payload; ENUM_NO_PAYLOAD otherwise.
static inline uint32_t enum_case_of(const csizer_enum *type, const char *base) {
  if (type->ask_witness) {
    uint32_t tag = swift_witnesses_of(type->type)->get_enum_tag(base, type->type);
    return tag < type->case_count ? tag : ENUM_NO_PAYLOAD;
  }
  const uint64_t *words = (const uint64_t *)(const void *)base;
  if (type->case_count == 1) {
    for (uint32_t i = 0; i < type->empty_count; i++)
      if (enum_matches(&type->empty[i], words, type->words)) return ENUM_NO_PAYLOAD;
    return 0;
  }
  for (uint32_t i = 0; i < type->case_count; i++)
    if (enum_matches(&type->cases[i].tag, words, type->words)) return i;
  return ENUM_NO_PAYLOAD;
}

/// Whether a payload of that case stands in the value as it would alone, so that it can be read there.
static inline bool enum_payload_is_in_place(const csizer_enum *type, uint32_t number) {
  return type->case_count == 1 || (!type->ask_witness && !type->cases[number].clear);
}

/// Makes a copy of the value in which that case's payload stands as it would alone. `copy` has a word more than the
/// enum.
static inline void enum_copy_payload(const csizer_enum *type, uint32_t number, const char *base, uint64_t *copy) {
  memcpy(copy, base, type->size);
  if (type->ask_witness) {
    swift_witnesses_of(type->type)->project_enum_data(copy, type->type);
    return;
  }
  const uint64_t *clear = type->cases[number].clear;
  for (uint32_t i = 0; clear && i < type->words; i++) copy[i] &= ~clear[i];
}

#endif
