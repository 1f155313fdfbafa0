// SPDX-License-Identifier: Apache-2.0
#include "layouts/described_enum.h"

// How the compiler packs an enum whose metadata it left out: without payload, and with one. Source:
// lib/IRGen/GenEnum.cpp in swiftlang/swift.

enum { MOST_PAYLOADS = 64, MOST_PATTERNS = 256 };

// ---- No payload ----

static bool compile_empty(csizer_described *described, uint32_t empty_cases) {
  described->witnesses.size = csizer_bytes_for(empty_cases);
  described->witnesses.flags |= (uint32_t)(described->witnesses.size ? described->witnesses.size - 1 : 0);
  if (!described->witnesses.size) return true;
  uint64_t numbers = (uint64_t)1 << described->witnesses.size * 8;
  described->spare = CSIZER_SPARE_COUNTER;
  described->skip = empty_cases;
  described->witnesses.extra_inhabitants = (uint32_t)(numbers > 0x7FFFFFFF ? 0x7FFFFFFF : numbers - empty_cases);
  return true;
}

// ---- One payload ----

// An empty case in the payload's extra inhabitants: writing it over zeros and over ones shows which bits it sets.
static bool spare_pattern(csizer_builder *builder, const swift_metadata *payload, uint32_t index, uint32_t words,
                          csizer_enum_pattern *ret) {
  uint64_t *mask, *value;
  if (!csizer_described_make_pattern(builder->layouts, words, ret, &mask, &value)) return false;
  uint64_t *ones = csizer_layouts_allocate(builder->layouts, (words + 1) * sizeof *ones);
  uint64_t *zeros = csizer_layouts_allocate(builder->layouts, (words + 1) * sizeof *zeros);
  if (!ones || !zeros) return false;
  memset(ones, 0xFF, (words + 1) * sizeof *ones);
  memset(zeros, 0, (words + 1) * sizeof *zeros);
  if (!csizer_described_store_spare(payload, (char *)ones, index) ||
      !csizer_described_store_spare(payload, (char *)zeros, index))
    return false;
  for (uint32_t i = 0; i < words; i++) {
    mask[i] = ~(zeros[i] ^ ones[i]);
    value[i] = zeros[i] & mask[i];
  }
  return true;
}

static bool compile_single(csizer_builder *builder, csizer_described *described, const swift_metadata *payload,
                           uint32_t empty_cases) {
  const swift_witnesses *witnesses = swift_witnesses_of(payload);
  uint32_t spare = witnesses->extra_inhabitants < empty_cases ? witnesses->extra_inhabitants : empty_cases;
  uint32_t extra_tags = 1 + csizer_tags_for(empty_cases - spare, witnesses->size * 8);
  uint32_t tag_bytes = csizer_bytes_for(extra_tags);
  described->witnesses.size = witnesses->size + tag_bytes;
  described->witnesses.flags |= witnesses->flags & (SWIFT_ALIGNMENT_MASK | SWIFT_NOT_POD);
  described->witnesses.extra_inhabitants = witnesses->extra_inhabitants - spare;
  described->spare = CSIZER_SPARE_FIELD;
  described->part = payload;
  described->skip = spare;

  const csizer_value_layout *layout = csizer_layouts_value(builder->layouts, payload);
  if (!layout) return false;
  builder->unresolved |= layout->unresolved;
  if (csizer_layout_is_plain(layout)) return true;
  csizer_enum_case *cases;
  csizer_enum *result = csizer_described_make_enum(builder, described, 1, &cases);
  uint32_t patterns = spare + extra_tags - 1;
  if (!result || patterns > MOST_PATTERNS) return false;
  cases[0].payload = layout;
  csizer_enum_pattern *empty = csizer_layouts_allocate(builder->layouts, (patterns ? patterns : 1) * sizeof *empty);
  if (!empty) return false;
  for (uint32_t i = 0; i < spare; i++)
    if (!spare_pattern(builder, payload, i, result->words, &empty[i])) return false;
  for (uint32_t tag = 1; tag < extra_tags; tag++) {
    uint64_t *mask, *value;
    if (!csizer_described_make_pattern(builder->layouts, result->words, &empty[spare + tag - 1], &mask, &value))
      return false;
    csizer_put(mask, witnesses->size, ~(uint64_t)0, tag_bytes);
    csizer_put(value, witnesses->size, tag, tag_bytes);
  }
  result->empty = empty;
  result->empty_count = patterns;
  csizer_builder_op(builder, OP_ENUM, 0, result);
  return true;
}

bool csizer_described_enum(csizer_builder *builder, csizer_described *described) {
  const swift_descriptor *descriptor = described->descriptor;
  uint32_t count = descriptor->enumeration.payload_cases & 0xFFFFFF, empty_cases = descriptor->enumeration.empty_cases;
  if (!count) return compile_empty(described, empty_cases);
  const swift_metadata *payloads[MOST_PAYLOADS];
  if (count > MOST_PAYLOADS || csizer_field_count(descriptor) != count + empty_cases) return false;
  for (uint32_t i = 0; i < count; i++) {
    csizer_field field;
    if (!csizer_field_record(descriptor, i, &field) || !field.type_name) return false;
    bool is_boxed = field.flags & SWIFT_FIELD_INDIRECT;
    payloads[i] = is_boxed ? builder->layouts->runtime->type_in_context("Bo", 2, NULL, NULL)
                           : csizer_described_field_type(builder->layouts, described, field.type_name);
    if (!payloads[i]) return false;
  }
  return count == 1 ? compile_single(builder, described, payloads[0], empty_cases)
                    : csizer_described_packed_enum(builder, described, payloads, count, empty_cases);
}
