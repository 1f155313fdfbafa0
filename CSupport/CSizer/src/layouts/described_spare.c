// SPDX-License-Identifier: Apache-2.0
#include "layouts/described_type.h"

#include <string.h>

// What is asked of a stand-in for metadata, whoever made it.

bool csizer_described_is_ours(const csizer_layouts *layouts, const swift_metadata *type) {
  for (const csizer_described *described = layouts->described_types; described; described = described->next)
    if ((const swift_metadata *)&described->metadata == type) return true;
  return false;
}

typedef void (*store_tag)(void *value, unsigned tag, unsigned empty_cases, const swift_metadata *type);

bool csizer_described_store_spare(const swift_metadata *type, char *value, uint32_t index) {
  const csizer_described *described = csizer_described_of(type);
  if (!described) {
    const swift_witnesses *witnesses = swift_witnesses_of(type);
    ((store_tag)witnesses->store_tag_single_payload)(value, index + 1, witnesses->extra_inhabitants, type);
    return true;
  }
  switch (described->spare) {
    case CSIZER_SPARE_FIELD:
      return csizer_described_store_spare(described->part, value + described->offset, described->skip + index);
    case CSIZER_SPARE_COUNTER: {
      uint32_t number = described->skip + index;
      memcpy(value, &number, described->witnesses.size);
      return true;
    }
    case CSIZER_SPARE_TAG: {
      uint32_t rest = ~index;
      for (size_t bit = 0; bit < described->witnesses.size * 8; bit++) {
        if (!(described->tag[bit / 64] >> (bit % 64) & 1)) continue;
        value[bit / 8] = (char)((value[bit / 8] & ~(1 << bit % 8)) | (int)(rest & 1) << bit % 8);
        rest >>= 1;
      }
      return true;
    }
    case CSIZER_SPARE_NONE: return false;
  }
  return false;
}
