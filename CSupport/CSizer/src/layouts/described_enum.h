// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_DESCRIBED_ENUM_H
#define CSIZER_DESCRIBED_ENUM_H
#include <string.h>

#include "layouts/described_type.h"

// Between described_enum.c and described_packed_enum.c.

/// Bytes for a number that has `values` values.
static inline uint32_t csizer_bytes_for(uint32_t values) {
  return values <= 1 ? 0 : values <= 256 ? 1 : values <= 65536 ? 2 : 4;
}

/// How many tags `count` cases without payload take when each tag goes with the numbers that fit in `used_bits`.
static inline uint32_t csizer_tags_for(uint32_t count, size_t used_bits) {
  if (!count) return 0;
  return used_bits >= 32 ? 1 : (count + ((1u << used_bits) - 1)) >> used_bits;
}

/// Writes the low `bytes` of `value` behind the first `offset` bytes of `words`.
static inline void csizer_put(uint64_t *words, size_t offset, uint64_t value, size_t bytes) {
  memcpy((char *)words + offset, &value, bytes);
}

/// A pattern of zeros, to be filled through `ret_mask` and `ret_value`. False when memory ran out.
bool csizer_described_make_pattern(csizer_layouts *layouts, uint32_t words, csizer_enum_pattern *ret,
                                   uint64_t **ret_mask, uint64_t **ret_value);

/// The enum of a stand-in whose size is known, with room for its cases. NULL when memory ran out.
csizer_enum *csizer_described_make_enum(csizer_builder *builder, const csizer_described *described, uint32_t case_count,
                                   csizer_enum_case **ret_cases);

/// Lays out an enum with several payload cases and adds its references. False when it can't be told how.
/// described_packed_enum.c
bool csizer_described_packed_enum(csizer_builder *builder, csizer_described *described,
                                  const swift_metadata *const *payloads, uint32_t count, uint32_t empty_cases);

#endif
