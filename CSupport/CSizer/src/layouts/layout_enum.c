// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/enum_case.h"
#include "layouts/compiling.h"
#include "platform/address_space.h"
#include "runtime/mangling.h"

// How an enum packs its tag (extra inhabitants, spare bits, extra tag bytes) is the compiler's business and is written
// down nowhere at run time. It can be found out: injecting a case into a scratch of zeros and into a scratch of ones
// shows which bits the case forces, and to what. From then on reading a case is masks and compares, without calling
// code.

enum {
  MOST_EMPTY_CASES = 64,  // with more, and one payload case, the witnesses are asked
  MOST_PATTERN_WORDS = 1 << 18,  // of all cases together: larger enums are not taken apart
};

typedef struct probe {
  uint64_t *zeros;
  uint64_t *ones;
} probe;

// One word more than the enum has: witnesses may write a whole word at the end.
static bool make_probe(csizer_layouts *layouts, uint32_t words, probe *ret) {
  ret->zeros = csizer_layouts_allocate(layouts, (words + 1) * sizeof *ret->zeros);
  ret->ones = csizer_layouts_allocate(layouts, (words + 1) * sizeof *ret->ones);
  return ret->zeros && ret->ones;
}

// What injecting `tag` makes of all zeros and of all ones.
static void inject(const swift_metadata *type, unsigned tag, uint32_t size, probe *ret) {
  size_t room = ((size_t)size + 7) / 8 * 8 + 8;
  memset(ret->zeros, 0, room);
  memset(ret->ones, 0, room);
  memset(ret->ones, 0xFF, size);
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  witnesses->inject_enum_tag(ret->zeros, tag, type);
  witnesses->inject_enum_tag(ret->ones, tag, type);
}

// The bits of word `word` that lie in the first `size` bytes.
static uint64_t bits_inside(uint32_t size, uint32_t word) {
  if (size >= (word + 1) * 8) return ~(uint64_t)0;
  return size > word * 8 ? ((uint64_t)1 << (size - word * 8) * 8) - 1 : 0;
}

static bool make_pattern(csizer_layouts *layouts, const probe *probe, uint32_t size, uint32_t words,
                         csizer_enum_pattern *ret) {
  uint64_t *mask = csizer_layouts_allocate(layouts, words * sizeof *mask);
  uint64_t *value = csizer_layouts_allocate(layouts, words * sizeof *value);
  if (!mask || !value) return false;
  for (uint32_t i = 0; i < words; i++) {
    mask[i] = ~(probe->zeros[i] ^ probe->ones[i]) & bits_inside(size, i);
    value[i] = probe->zeros[i] & mask[i];
  }
  *ret = (csizer_enum_pattern){mask, value};
  return true;
}

// The tag bits that lie inside the payload: the payload's own value must be read without them.
static bool make_clear(csizer_layouts *layouts, const csizer_enum *type, csizer_enum_case *ret) {
  uint32_t payload_size = ret->payload ? ret->payload->size : 0;
  uint64_t *clear = csizer_layouts_allocate(layouts, type->words * sizeof *clear);
  if (!clear) return false;
  bool any = false;
  for (uint32_t i = 0; i < type->words; i++) {
    clear[i] = ret->tag.mask[i] & bits_inside(payload_size, i);
    any |= clear[i] != 0;
  }
  ret->clear = any ? clear : NULL;
  return true;
}

// The patterns are believed only if they tell the probes of every case apart as the witnesses do.
static bool patterns_tell(const csizer_enum *type, unsigned tag, const probe *probe) {
  const uint64_t *both[] = {probe->zeros, probe->ones};
  for (int i = 0; i < 2; i++) {
    // The probe itself is no value
    if (swift_witnesses_of(type->type)->get_enum_tag(both[i], type->type) != tag) continue;
    if (type->case_count == 1) {
      bool is_empty = false;
      for (uint32_t j = 0; j < type->empty_count; j++) is_empty |= enum_matches(&type->empty[j], both[i], type->words);
      if (is_empty != (tag > 0)) return false;
      continue;
    }
    for (uint32_t j = 0; j < type->case_count; j++)
      if (enum_matches(&type->cases[j].tag, both[i], type->words) != (j == tag)) return false;
  }
  return true;
}

static const csizer_value_layout *reference_layout(csizer_layouts *layouts) {
  csizer_value_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  if (layout) *layout = (csizer_value_layout){.references = 1, .size = 8, .stride = 8};
  return layout;
}

// A payload of unknown type: which of its words mean what is unknown, but not which values hold it.
static const csizer_value_layout *unknown_payload(csizer_layouts *layouts, const swift_metadata *type) {
  csizer_value_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  if (!layout) return NULL;
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  csizer_builder builder = {.layouts = layouts};
  *layout = (csizer_value_layout){.size = (uint32_t)witnesses->size, .stride = (uint32_t)witnesses->stride};
  csizer_builder_conservative(&builder, 0, witnesses->size);
  csizer_builder_finish(&builder, layout);
  return layout;
}

static bool read_payloads(csizer_builder *builder, const swift_metadata *type, csizer_enum_case *cases,
                          uint32_t count) {
  bool any = false;
  for (uint32_t i = 0; i < count; i++) {
    csizer_field field;
    if (!csizer_field_read(builder->layouts->runtime, type, i, &field) || !field.type_name) continue;
    if (field.flags & SWIFT_FIELD_INDIRECT) cases[i].payload = reference_layout(builder->layouts);
    else if (field.type && csizer_owning_payload(builder, type, &field, &cases[i].payload)) any = true;
    else if (field.type) cases[i].payload = csizer_layouts_value(builder->layouts, field.type);
    else cases[i].payload = unknown_payload(builder->layouts, type);
    any |= cases[i].payload && !csizer_layout_is_plain(cases[i].payload);
    builder->explained |= cases[i].payload && cases[i].payload->explained;
  }
  return any;
}

static void find_patterns(csizer_layouts *layouts, csizer_enum *type, csizer_enum_case *cases, uint32_t empty_cases) {
  bool single = type->case_count == 1;
  type->ask_witness = single && empty_cases > MOST_EMPTY_CASES;
  if (type->ask_witness) return;
  csizer_enum_pattern *empty = csizer_layouts_allocate(layouts, (single ? empty_cases : 0) * sizeof *empty);
  if (!empty) return;
  type->empty = empty;
  probe probe;
  if (!make_probe(layouts, type->words, &probe)) return;
  for (uint32_t i = 0; i < type->case_count; i++) {
    inject(type->type, i, type->size, &probe);
    if (!make_pattern(layouts, &probe, type->size, type->words, &cases[i].tag)) return;
    if (!single && !make_clear(layouts, type, &cases[i])) return;
  }
  for (uint32_t i = 0; single && i < empty_cases; i++) {
    inject(type->type, 1 + i, type->size, &probe);
    if (!make_pattern(layouts, &probe, type->size, type->words, &empty[type->empty_count++])) return;
  }
  uint32_t tags = single ? 1 + empty_cases : type->case_count;
  for (uint32_t tag = 0; tag < tags; tag++) {
    inject(type->type, tag, type->size, &probe);
    type->ask_witness |= !patterns_tell(type, tag, &probe);
  }
}

// Whether each empty case has in this word what is no address.
static bool tells_addresses(const csizer_enum *type, uint32_t word) {
  for (uint32_t i = 0; i < type->empty_count; i++) {
    if (word >= type->words || ~type->empty[i].mask[word]) return false;
    uint64_t value = type->empty[i].value[word];
    if (value >= SWIFT_LEAST_POINTER && !(value >> PLATFORM_ADDRESS_BITS)) return false;
  }
  return true;
}

// With one payload case whose references and pointers are all told apart from addresses by every empty case, the enum
// is read as its payload is: this is what makes an Optional of a class as cheap as the class.
static bool reads_as_payload(const csizer_enum *type) {
  if (type->case_count != 1 || type->ask_witness) return false;
  const csizer_value_layout *payload = type->cases[0].payload;
  for (uint32_t i = 0; i < payload->op_count; i++)
    if (payload->ops[i].kind != OP_POINTER || !tells_addresses(type, payload->ops[i].offset / 8)) return false;
  for (uint64_t words = payload->references; words; words &= words - 1)
    if (!tells_addresses(type, (uint32_t)__builtin_ctzll(words))) return false;
  return true;
}

static bool tells_its_cases(const swift_metadata *type) {
  return csizer_field_count(csizer_type_descriptor(type)) && swift_witnesses_of(type)->flags & SWIFT_HAS_ENUM_WITNESSES;
}

const csizer_enum *csizer_enum_describe(csizer_builder *builder, const swift_metadata *type, bool even_plain) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  uint32_t count = descriptor->enumeration.payload_cases & 0xFFFFFF;
  if (!count || !tells_its_cases(type)) return NULL;
  if ((uint64_t)count * (swift_witnesses_of(type)->size / 8 + 1) > MOST_PATTERN_WORDS) {
    builder->unresolved = true;
    return NULL;
  }
  csizer_enum *result = csizer_layouts_allocate(builder->layouts, sizeof *result);
  csizer_enum_case *cases = csizer_layouts_allocate(builder->layouts, count * sizeof *cases);
  if (!result || !cases) return NULL;
  bool any = read_payloads(builder, type, cases, count);
  if (!any && !even_plain) return NULL;
  for (uint32_t i = 0; i < count; i++)
    if (cases[i].payload) builder->unresolved |= cases[i].payload->unresolved;
  *result = (csizer_enum){
      .type = type, .size = (uint32_t)swift_witnesses_of(type)->size, .case_count = count, .cases = cases};
  result->words = (result->size + 7) / 8;
  if (result->words >= CSIZER_ENUM_COPY_WORDS)
    result->scratch = csizer_layouts_allocate(builder->layouts, (result->words + 1) * sizeof *result->scratch);
  find_patterns(builder->layouts, result, cases, descriptor->enumeration.empty_cases);
  return builder->layouts->failed ? NULL : result;
}

void csizer_compile_enum(csizer_builder *builder, const swift_metadata *type) {
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  bool has_payloads = csizer_type_descriptor(type)->enumeration.payload_cases & 0xFFFFFF;
  if (has_payloads && !tells_its_cases(type)) {
    if (witnesses->flags & SWIFT_NOT_POD) csizer_builder_conservative(builder, 0, witnesses->size);
    return;
  }
  const csizer_enum *result = csizer_enum_describe(builder, type, false);
  if (result && reads_as_payload(result)) csizer_builder_append(builder, 0, result->cases[0].payload);
  else if (result) csizer_builder_op(builder, OP_ENUM, 0, result);
}
