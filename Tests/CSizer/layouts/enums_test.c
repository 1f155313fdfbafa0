// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/made_heap.h"

// Enums, with witnesses written by hand for each way in which the compiler packs a tag. The layout compiler finds out
// which bits are the tag; the tests store every case and count what a walk follows.

enum { WORDS = 80 };

typedef struct bench {
  made_heap heap;
  uint64_t words[WORDS];
} bench;

static void start(bench *bench) {
  made_heap_init(&bench->heap, NULL);
  memset(bench->words, 0, sizeof bench->words);
  made_node_class(0);
  made_plain("Main.Int", 8, 7);
  const made_field pair[] = {{"number", "Main.Int", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = pair});
  const made_field triple[] = {
      {"first", "Main.Node0", 0, 0}, {"second", "Main.Node0", 8, 0}, {"third", "Main.Node0", 16, 0}};
  // An unowned reference is more than a word to follow: such a payload is read only when the tag says that it is there.
  const made_field watch[] = {{"watched", "Main.Node0Xo", 0, 0}, {"link", "Main.Node0", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Watch", .field_count = 2, .fields = watch});
  made_struct((made_struct_spec){.name = "Main.Triple", .field_count = 3, .fields = triple});
}

static void end(bench *bench) { made_heap_deinit(&bench->heap); }

static void *leaf(bench *bench) { return made_node(&bench->heap, 0); }

// The value holds so many objects, and the witnesses agree that it is this case.
static void expect(bench *bench, const swift_metadata *type, unsigned tag, size_t objects) {
  CHECK_EQUAL(swift_witnesses_of(type)->get_enum_tag(bench->words, type), tag);
  csizer_totals totals = made_size_of_value(&bench->heap, bench->words, type);
  CHECK_EQUAL(totals.objects, objects);
  CHECK_EQUAL(totals.unresolved, 0);
}

static void inject(bench *bench, const swift_metadata *type, unsigned tag) {
  swift_witnesses_of(type)->inject_enum_tag(bench->words, tag, type);
}

static uint64_t word(const void *value, size_t index) {
  uint64_t result;
  memcpy(&result, (const char *)value + index * 8, sizeof result);
  return result;
}

static void nothing_to_project(void *value, const swift_metadata *type) { (void)value, (void)type; }

// ---- One payload case; the others are addresses that no object has: 0, 1, 2. ----

static unsigned get_invalid_address(const void *value, const swift_metadata *type) {
  (void)type;
  return word(value, 0) < 3 ? 1 + (unsigned)word(value, 0) : 0;
}

static void inject_invalid_address(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  if (tag) made_set_number(value, 0, tag - 1);
}

static const made_tag invalid_address = {get_invalid_address, nothing_to_project, inject_invalid_address};

TEST(single_payload_with_extra_inhabitants) {
  bench bench;
  start(&bench);
  const made_field cases[] = {{"some", "Main.Node0", 0, 0}, {"a", NULL, 0, 0}, {"b", NULL, 0, 0}, {"c", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){.name = "Main.Optional",
                                                          .size = 8,
                                                          .payload_cases = 1,
                                                          .empty_cases = 3,
                                                          .cases = cases,
                                                          .tag = invalid_address});
  made_set(bench.words, 0, leaf(&bench));
  expect(&bench, type, 0, 1);
  for (unsigned tag = 1; tag <= 3; tag++) {
    inject(&bench, type, tag);
    expect(&bench, type, tag, 0);
  }
  end(&bench);
}

// ---- One payload case; the other is the address of something that lives, which the payload never refers to. ----

static const void *somebody;

static unsigned get_somebody(const void *value, const swift_metadata *type) {
  (void)type;
  return word(value, 0) == (uint64_t)(uintptr_t)somebody;
}

static void inject_somebody(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  if (tag) made_set(value, 0, somebody);
}

static const made_tag address_of_somebody = {get_somebody, nothing_to_project, inject_somebody};

TEST(a_case_that_looks_like_a_reference_is_none) {
  bench bench;
  start(&bench);
  somebody = leaf(&bench);
  const made_field cases[] = {{"some", "Main.Node0", 0, 0}, {"none", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){.name = "Main.Sentinel",
                                                          .size = 8,
                                                          .payload_cases = 1,
                                                          .empty_cases = 1,
                                                          .cases = cases,
                                                          .tag = address_of_somebody});
  made_set(bench.words, 0, leaf(&bench));
  expect(&bench, type, 0, 1);
  inject(&bench, type, 1);
  expect(&bench, type, 1, 0);
  end(&bench);
}

// ---- One payload case and a tag byte behind it: the payload has no room for a case. ----

static unsigned get_tag_byte(const void *value, const swift_metadata *type) {
  size_t at = swift_witnesses_of(type)->size - 1;
  return ((const uint8_t *)value)[at] ? 1 + (uint32_t)word(value, 0) : 0;
}

static void inject_tag_byte(void *value, unsigned tag, const swift_metadata *type) {
  size_t at = swift_witnesses_of(type)->size - 1;
  ((uint8_t *)value)[at] = tag > 0;
  if (tag) memset(value, 0, at);
  if (tag) made_set_number(value, 0, tag - 1);
}

static const made_tag tag_byte = {get_tag_byte, nothing_to_project, inject_tag_byte};

static const swift_metadata *make_tagged(const char *payload) {
  const made_field cases[] = {{"some", payload, 0, 0}, {"a", NULL, 0, 0}, {"b", NULL, 0, 0}};
  return made_enum((made_enum_spec){
      .name = "Main.Tagged", .size = 17, .payload_cases = 1, .empty_cases = 2, .cases = cases, .tag = tag_byte});
}

TEST(single_payload_with_a_tag_byte) {
  static const char *const payloads[] = {"Main.Pair", "Main.Watch"};
  for (int i = 0; i < 2; i++) {
    bench bench;
    start(&bench);
    const swift_metadata *type = make_tagged(payloads[i]);
    bench.words[0] = 1;  // reads like case b's but for the byte
    made_set(bench.words, 8, leaf(&bench));
    expect(&bench, type, 0, 1);
    inject(&bench, type, 2);
    expect(&bench, type, 2, 0);
    // What lies behind the value belongs to others.
    memset((char *)bench.words + 17, 0xFF, 7);
    expect(&bench, type, 2, 0);
    end(&bench);
  }
}

TEST(an_enum_may_end_where_its_block_ends) {
  bench bench;
  start(&bench);
  const swift_metadata *type = make_tagged("Main.Watch");
  const made_field fields[] = {{"tagged", "Main.Tagged", 16, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Holder", .size = 33, .field_count = 1, .fields = fields});
  char *object = made_object(&bench.heap, class, 33);
  made_set(object, 24, leaf(&bench));
  CHECK_EQUAL(made_size_of_object(&bench.heap, object).bytes, bench.heap.bytes);
  swift_witnesses_of(type)->inject_enum_tag(object + 16, 1, type);
  CHECK_EQUAL(made_size_of_object(&bench.heap, object).objects, 1);
  end(&bench);
}

// ---- Several payload cases, told apart by the top bits of the address, which are spare; empty cases count below. ----

enum { SPARE_SHIFT = 62 };

static unsigned get_spare_bits(const void *value, const swift_metadata *type) {
  (void)type;
  unsigned tag = (unsigned)(word(value, 0) >> SPARE_SHIFT);
  return tag < 2 ? tag : 2 + (unsigned)(word(value, 0) >> 3 & 0xFF);
}

static void project_spare_bits(void *value, const swift_metadata *type) {
  (void)type;
  made_set_number(value, 0, word(value, 0) & ~((uint64_t)3 << SPARE_SHIFT));
}

static void inject_spare_bits(void *value, unsigned tag, const swift_metadata *type) {
  project_spare_bits(value, type);
  if (tag < 2) made_set_number(value, 0, word(value, 0) | (uint64_t)tag << SPARE_SHIFT);
  else made_set_number(value, 0, (uint64_t)2 << SPARE_SHIFT | (uint64_t)(tag - 2) << 3);
}

static const made_tag spare_bits = {get_spare_bits, project_spare_bits, inject_spare_bits};

TEST(several_payloads_with_spare_bits) {
  bench bench;
  start(&bench);
  const made_field cases[] = {
      {"one", "Main.Node0", 0, 0}, {"three", "Main.Triple", 0, 0}, {"a", NULL, 0, 0}, {"b", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.Spare", .size = 24, .payload_cases = 2, .empty_cases = 2, .cases = cases, .tag = spare_bits});
  for (size_t i = 0; i < 3; i++) made_set(bench.words, i * 8, leaf(&bench));
  inject(&bench, type, 0);
  expect(&bench, type, 0, 1);  // the other two words are left over
  inject(&bench, type, 1);
  expect(&bench, type, 1, 3);
  for (unsigned tag = 2; tag < 4; tag++) {
    inject(&bench, type, tag);
    expect(&bench, type, tag, 0);
  }
  end(&bench);
}

// ---- Several payload cases and a tag byte behind the largest. ----

static unsigned get_multi_byte(const void *value, const swift_metadata *type) {
  size_t at = swift_witnesses_of(type)->size - 1;
  unsigned byte = ((const uint8_t *)value)[at];
  return byte < 2 ? byte : 2 + (uint32_t)word(value, 0);
}

static void inject_multi_byte(void *value, unsigned tag, const swift_metadata *type) {
  size_t at = swift_witnesses_of(type)->size - 1;
  ((uint8_t *)value)[at] = tag < 2 ? (uint8_t)tag : 2;
  if (tag >= 2) made_set_number(value, 0, tag - 2);
}

static const made_tag multi_byte = {get_multi_byte, nothing_to_project, inject_multi_byte};

TEST(several_payloads_with_a_tag_byte) {
  bench bench;
  start(&bench);
  const made_field cases[] = {{"number", "Main.Pair", 0, 0}, {"one", "Main.Node0", 0, 0}, {"a", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.Multi", .size = 17, .payload_cases = 2, .empty_cases = 1, .cases = cases, .tag = multi_byte});
  // The two are told apart by what they hold: the pair's link is the second word.
  made_set(bench.words, 0, leaf(&bench));
  void *second = made_node(&bench.heap, 1);
  made_link(second, 0, leaf(&bench));
  made_set(bench.words, 8, second);
  inject(&bench, type, 0);
  expect(&bench, type, 0, 2);
  inject(&bench, type, 1);
  expect(&bench, type, 1, 1);
  inject(&bench, type, 2);
  expect(&bench, type, 2, 0);
  end(&bench);
}

// ---- A tag that no mask shows: two bits whose sum is the tag. The witnesses must be asked at every value. ----

static unsigned get_mixed(const void *value, const swift_metadata *type) {
  (void)type;
  return (unsigned)((word(value, 0) >> 63) ^ (word(value, 0) >> 62 & 1));
}

static void inject_mixed(void *value, unsigned tag, const swift_metadata *type) {
  uint64_t other = word(value, 0) >> 62 & 1;
  (void)type;
  made_set_number(value, 0, (word(value, 0) & ~((uint64_t)1 << 63)) | ((tag ^ other) << 63));
}

static const made_tag mixed = {get_mixed, project_spare_bits, inject_mixed};

TEST(tags_without_a_pattern_are_asked_for) {
  bench bench;
  start(&bench);
  const made_field cases[] = {{"one", "Main.Node0", 0, 0}, {"three", "Main.Triple", 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.Mixed", .size = 24, .payload_cases = 2, .cases = cases, .tag = mixed});
  for (size_t i = 0; i < 3; i++) made_set(bench.words, i * 8, leaf(&bench));
  for (uint64_t other = 0; other < 2; other++)
    for (unsigned tag = 0; tag < 2; tag++) {
      bench.words[0] = (bench.words[0] & ~((uint64_t)3 << SPARE_SHIFT)) | other << 62;
      inject(&bench, type, tag);
      expect(&bench, type, tag, tag ? 3 : 1);
    }
  end(&bench);
}

// ---- Larger than patterns go. ----

TEST(large_enums_are_asked_for) {
  bench bench;
  start(&bench);
  enum { LINKS = 70 };
  made_field fields[LINKS];
  for (uint32_t i = 0; i < LINKS; i++) fields[i] = (made_field){"link", "Main.Node0", i * 8, 0};
  made_struct((made_struct_spec){.name = "Main.Large", .field_count = LINKS, .fields = fields});
  const made_field cases[] = {{"large", "Main.Large", 0, 0}, {"one", "Main.Node0", 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.LargeEnum", .size = LINKS * 8, .payload_cases = 2, .cases = cases, .tag = spare_bits});
  for (size_t i = 0; i < LINKS; i++) made_set(bench.words, i * 8, leaf(&bench));
  inject(&bench, type, 0);
  expect(&bench, type, 0, LINKS);
  inject(&bench, type, 1);
  expect(&bench, type, 1, 1);
  end(&bench);
}

TEST(indirect_cases_are_references_to_boxes) {
  bench bench;
  start(&bench);
  const made_field cases[] = {{"boxed", "Main.Pair", 0, SWIFT_FIELD_INDIRECT}, {"none", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){.name = "Main.Indirect",
                                                          .size = 8,
                                                          .payload_cases = 1,
                                                          .empty_cases = 1,
                                                          .cases = cases,
                                                          .tag = invalid_address});
  void *box = made_object(&bench.heap, made_generic_box("Main.Pair", 16), 32);
  made_set(box, 24, leaf(&bench));
  made_set(bench.words, 0, box);
  expect(&bench, type, 0, 2);
  inject(&bench, type, 1);
  expect(&bench, type, 1, 0);
  end(&bench);
}

TEST(enums_in_enums_are_read_through_both_tags) {
  bench bench;
  start(&bench);
  const made_field inner[] = {{"one", "Main.Node0", 0, 0}, {"three", "Main.Triple", 0, 0}};
  const swift_metadata *spare = made_enum((made_enum_spec){
      .name = "Main.Inner", .size = 24, .payload_cases = 2, .cases = inner, .tag = spare_bits});
  const made_field outer[] = {{"some", "Main.Inner", 0, 0}, {"none", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.Outer", .size = 25, .payload_cases = 1, .empty_cases = 1, .cases = outer, .tag = tag_byte});
  for (size_t i = 0; i < 3; i++) made_set(bench.words, i * 8, leaf(&bench));
  inject(&bench, spare, 1);
  expect(&bench, type, 0, 3);
  inject(&bench, spare, 0);
  expect(&bench, type, 0, 1);
  inject(&bench, type, 1);
  expect(&bench, type, 1, 0);
  end(&bench);
}

TEST(enums_of_data_hold_nothing) {
  bench bench;
  start(&bench);
  const made_field cases[] = {{"some", "Main.Int", 0, 0}, {"none", NULL, 0, 0}};
  const swift_metadata *type = made_enum((made_enum_spec){
      .name = "Main.Data", .size = 9, .payload_cases = 1, .empty_cases = 1, .cases = cases, .tag = tag_byte});
  made_set(bench.words, 0, leaf(&bench));
  expect(&bench, type, 0, 0);
  const made_field empty[] = {{"a", NULL, 0, 0}, {"b", NULL, 0, 0}};
  CHECK_EQUAL(made_size_of_value(&bench.heap, bench.words, made_enum((made_enum_spec){
      .name = "Main.Empty", .size = 1, .empty_cases = 2, .cases = empty})).objects, 0);
  end(&bench);
}
