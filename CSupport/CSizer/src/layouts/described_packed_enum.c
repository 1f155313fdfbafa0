// SPDX-License-Identifier: Apache-2.0
#include "layouts/described_enum.h"
#include "platform/elf.h"

// Enums with several payloads: the tag goes where all payloads have bits to spare, and behind them. The compiler
// leaves the enum's size in the section swift5_builtin and the spare bits in swift5_mpenum; for generic enums it
// leaves neither, and then the tag is behind. Source: lib/IRGen/GenEnum.cpp and
// include/swift/RemoteInspection/Records.h in swiftlang/swift.

static uint32_t bits_for(uint32_t values) { return values > 1 ? 32 - (uint32_t)__builtin_clz(values - 1) : 0; }

typedef struct builtin_record {
  swift_relative type_name;
  uint32_t size, alignment_and_flags, stride, extra_inhabitants;
} builtin_record;

typedef struct spare_bits_record {
  swift_relative type_name;
  uint32_t words_and_flags;  // high half: words that follow the name; bit 0: there is a mask
  uint32_t mask_place;       // high half: its first byte in the payload; low half: its bytes
  uint8_t mask[];
} spare_bits_record;

static bool names(const swift_relative *type_name, const swift_descriptor *descriptor) {
  const char *name = swift_resolve(type_name);
  int32_t offset;
  if (!name || (*name != 1 && *name != 2)) return false;
  memcpy(&offset, name + 1, sizeof offset);
  const char *target = name + 1 + offset;
  return (*name == 1 ? (const void *)target : *(const void *const *)(const void *)target) == descriptor;
}

typedef struct packing {
  const builtin_record *builtin;
  const spare_bits_record *spare_bits;
} packing;

// False when the sections can't be read, or when they lack the size of an enum that the compiler knew the size of.
static bool packing_of(const swift_descriptor *descriptor, packing *ret) {
  packing found = {0};
  csizer_elf elf;
  if (!csizer_elf_open((uintptr_t)descriptor, &elf)) return false;
  uintptr_t start;
  size_t size;
  if (csizer_elf_section(&elf, "swift5_builtin", &start, &size))
    for (const builtin_record *at = (const builtin_record *)start; (uintptr_t)(at + 1) <= start + size; at++)
      if (names(&at->type_name, descriptor)) found.builtin = at;
  if (csizer_elf_section(&elf, "swift5_mpenum", &start, &size))
    for (uintptr_t at = start; at + 8 <= start + size;) {
      const spare_bits_record *record = (const spare_bits_record *)at;
      if ((record->words_and_flags & 1) && names(&record->type_name, descriptor)) found.spare_bits = record;
      at += 4 + (size_t)(record->words_and_flags >> 16) * 4;
    }
  csizer_elf_close(&elf);
  *ret = found;
  enum { FIXED_SIZE_MULTI_PAYLOAD = 3 };  // Records.h, FieldDescriptorKind
  const swift_field_descriptor *fields = swift_resolve(&descriptor->fields);
  return found.builtin || fields->kind != FIXED_SIZE_MULTI_PAYLOAD;
}

/// The tag: bits of the payload, lowest first, then bytes behind it.
typedef struct tag_place {
  uint64_t *bits;  // of the whole value
  uint32_t payload_bits, payload_size, tag_bytes, tags;
} tag_place;

static void put_tag(const tag_place *place, uint32_t tag, uint64_t *words) {
  for (size_t bit = 0; bit < (size_t)place->payload_size * 8; bit++)
    if (place->bits[bit / 64] >> (bit % 64) & 1) {
      words[bit / 64] |= (uint64_t)(tag & 1) << (bit % 64);
      tag >>= 1;
    }
  csizer_put(words, place->payload_size, tag, place->tag_bytes);
}

// Of the spare bits that all payloads have in common the highest ones hold the tag; what they can't hold lies behind.
static bool place_tag(csizer_builder *builder, const spare_bits_record *record, uint32_t payload_size,
                      uint32_t payloads, uint32_t empty_cases, tag_place *ret) {
  uint32_t words = (payload_size + 4 + 7) / 8 + 1;
  ret->bits = csizer_layouts_allocate(builder->layouts, words * sizeof *ret->bits);
  if (!ret->bits) return false;
  memset(ret->bits, 0, words * sizeof *ret->bits);
  ret->payload_size = payload_size;
  uint32_t first = record ? record->mask_place >> 16 : 0, bytes = record ? record->mask_place & 0xFFFF : 0;
  if (first + bytes > payload_size) return false;
  if (bytes) memcpy((char *)ret->bits + first, record->mask, bytes);
  uint32_t spare = 0;
  for (uint32_t i = 0; i < words; i++) spare += (uint32_t)__builtin_popcountll(ret->bits[i]);
  uint32_t tags = payloads + csizer_tags_for(empty_cases, (size_t)payload_size * 8 - spare);
  uint32_t wanted = bits_for(tags);
  for (uint32_t bit = 0; spare > wanted; bit++) {
    if (!(ret->bits[bit / 64] >> (bit % 64) & 1)) continue;
    ret->bits[bit / 64] &= ~((uint64_t)1 << (bit % 64));
    spare--;
  }
  ret->tags = tags;
  ret->payload_bits = spare;
  // Without spare bits the tag is as many bytes as its number needs; with some, as its missing bits need.
  ret->tag_bytes = wanted > spare ? csizer_bytes_for(1u << (wanted - spare)) : 0;
  csizer_put(ret->bits, payload_size, ~(uint64_t)0, ret->tag_bytes);
  return true;
}

bool csizer_described_packed_enum(csizer_builder *builder, csizer_described *described,
                                  const swift_metadata *const *payloads, uint32_t count, uint32_t empty_cases) {
  size_t payload_size = 0, align_mask = 0;
  bool is_plain = true;
  for (uint32_t i = 0; i < count; i++) {
    const swift_witnesses *witnesses = swift_witnesses_of(payloads[i]);
    if (witnesses->size > payload_size) payload_size = witnesses->size;
    align_mask |= witnesses->flags & SWIFT_ALIGNMENT_MASK;
    is_plain &= !(witnesses->flags & SWIFT_NOT_POD);
  }
  packing packing;
  tag_place place;
  if (!packing_of(described->descriptor, &packing) ||
      !place_tag(builder, packing.spare_bits, (uint32_t)payload_size, count, empty_cases, &place))
    return false;
  described->witnesses.size = payload_size + place.tag_bytes;
  described->witnesses.flags |= (uint32_t)align_mask | (is_plain ? 0 : SWIFT_NOT_POD);
  // It was packed in another way
  if (packing.builtin && packing.builtin->size != described->witnesses.size) return false;
  described->witnesses.extra_inhabitants =
      packing.builtin ? packing.builtin->extra_inhabitants : (uint32_t)(1ull << place.tag_bytes * 8) - place.tags;
  described->spare = CSIZER_SPARE_TAG;
  described->tag = place.bits;

  csizer_enum_case *cases;
  csizer_enum *result = csizer_described_make_enum(builder, described, count, &cases);
  if (!result) return false;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t *mask, *value;
    cases[i].payload = csizer_layouts_value(builder->layouts, payloads[i]);
    if (!cases[i].payload ||
        !csizer_described_make_pattern(builder->layouts, result->words, &cases[i].tag, &mask, &value))
      return false;
    builder->unresolved |= cases[i].payload->unresolved;
    memcpy(mask, place.bits, result->words * sizeof *mask);
    put_tag(&place, i, value);
    if (place.payload_bits) cases[i].clear = place.bits;
  }
  if (!is_plain) csizer_builder_op(builder, OP_ENUM, 0, result);
  return true;
}
