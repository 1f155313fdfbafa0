// SPDX-License-Identifier: Apache-2.0
#include "csizer_image.h"

#include <string.h>

#include "support/read_image.h"

// What tables hold is named by its key, and by the case of an enum that it stands in.

enum { TABLE_KEYS = 72 };

/// The storage of a dictionary, or of a set.
typedef struct table {
  char *start, *keys, *values;
  size_t key_bytes, value_bytes;
} table;

// With something in each of the first `used` buckets. No value type: a set.
static table make_table(made_heap *heap, const swift_metadata *key, const swift_metadata *value, size_t used) {
  const void *arguments[] = {key, value};
  const swift_class *class = made_class((made_class_spec){
      .name = value ? "Swift._DictionaryStorage" : "Swift._SetStorage", .size = 64,
      .argument_count = value ? 2 : 1, .arguments = arguments});
  unsigned scale = 3;
  while ((size_t)1 << scale < used + used / 2) scale++;
  const size_t buckets = (size_t)1 << scale, words = (buckets + 63) / 64;
  table table = {.key_bytes = swift_witnesses_of(key)->stride,
                 .value_bytes = value ? swift_witnesses_of(value)->stride : 0};
  const size_t keys = TABLE_KEYS - 8 - (value ? 0 : 8) + 8 * words;
  const size_t values = (keys + buckets * table.key_bytes + 7) & ~(size_t)7;
  table.start = made_object(heap, class, values + buckets * table.value_bytes);
  table.keys = table.start + keys;
  table.values = table.start + values;
  made_set_number(table.start, 16, used);
  made_set_number(table.start, 24, buckets * 3 / 4);
  table.start[32] = (char)scale;
  made_set(table.start, 48, table.keys);
  if (value) made_set(table.start, 56, table.values);
  char *const bits = table.start + (value ? 64 : 56);
  for (size_t i = 0; i < used; i++) bits[i / 8] = (char)(bits[i / 8] | 1 << i % 8);
  return table;
}

// With a node for each key.
static table make_dictionary(made_heap *heap, const char *key, size_t used) {
  const table table = make_table(heap, made_type(key), (const swift_metadata *)made_node_class(1), used);
  for (size_t i = 0; i < used; i++) made_set(table.values, 8 * i, made_node(heap, 1));
  return table;
}

// A string that has a block of its own: 32 bytes before its text is where its object would be.
static void set_string(char *key, const char *text, size_t length) {
  if (length <= 15) {
    memcpy(key, text, length);
    key[15] = (char)(0xE0 | length);
    return;
  }
  made_set_number(key, 0, length | (uint64_t)0xF << 60);
  made_set_number(key, 8, ((uintptr_t)text - 32) | (uint64_t)1 << 63);
}

// The labels of an object's edges, one after the other, read as the format says; answers how many have one.
static size_t labels_of(image *image, const csizer_graph *graph, const names *names, uintptr_t address, char *text,
                        size_t room) {
  size_t used = 0, count = 0;
  text[0] = 0;
  for (size_t i = 0; i < csizer_graph_object_count(graph); i++)
    for (uint64_t degree = take(image, EDGE); degree; degree--) {
      take_signed(image, EDGE);
      const uint64_t code = take(image, EDGE), rest = code >> 3;
      if (csizer_graph_object_at(graph, i).address != address || !(code >> 2 & 1)) continue;
      CHECK_EQUAL(rest & 3, 0);
      CHECK(rest >> 2 < names->label_count);
      count++;
      if (used < room) used += (size_t)snprintf(text + used, room - used, "%s;", names->labels[rest >> 2]);
    }
  image->at[EDGE] = 0;
  return count;
}

TEST(what_a_dictionary_holds_is_named_by_its_key) {
  static names names;
  static char longer[] = "................................"
                         "an even longer key, with an \xC3\xA4 here: \xC3\xA4\xC3\xA4\xC3\xA4";
  made_node_class(1);
  made_plain("Swift.String", 16, 7);
  made_plain("Swift.Int", 8, 7);
  made_heap heap;
  made_heap_init(&heap, NULL);
  char text[1024];
  const table strings = make_dictionary(&heap, "Swift.String", 3);
  set_string(strings.keys, "small", 5);
  set_string(strings.keys + 16, longer + 32, 20);
  set_string(strings.keys + 32, longer + 32, sizeof longer - 33);
  const table integers = make_dictionary(&heap, "Swift.Int", 3);
  made_set_number(integers.keys, 0, 7);
  made_set_number(integers.keys, 8, (uint64_t)-12);
  made_set_number(integers.keys, 16, (uint64_t)1 << 63);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  labels_of(&image, graph, &names, (uintptr_t)strings.start, text, sizeof text);
  CHECK_TEXT(text, "small;an even longer key, ;an even longer key, with an \xC3\xA4 here: \xC3\xA4;");
  labels_of(&image, graph, &names, (uintptr_t)integers.start, text, sizeof text);
  CHECK_TEXT(text, "[7];[-12];[-9223372036854775808];");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

static unsigned get_number(const void *value, const swift_metadata *type) {
  (void)type;
  return *(const uint8_t *)value;
}

static void take_nothing_out(void *value, const swift_metadata *type) { (void)value, (void)type; }

static void inject_number(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  *(uint8_t *)value = (uint8_t)tag;
}

TEST(keys_of_other_types_have_the_text_that_swift_gives_them) {
  static names names;
  made_node_class(1);
  made_plain("Swift.UInt8", 1, 0);
  made_plain("Swift.Int16", 2, 1);
  made_plain("Swift.UInt64", 8, 7);
  made_plain("Foundation.UUID", 16, 0);
  const made_field cases[] = {{"red", NULL, 0, 0}, {"green", NULL, 0, 0}, {"blue", NULL, 0, 0}};
  made_enum((made_enum_spec){.name = "Main.Colour", .size = 1, .empty_cases = 3, .cases = cases,
                              .tag = {get_number, take_nothing_out, inject_number}});
  made_plain("Main.Other", 8, 7);
  made_heap heap;
  made_heap_init(&heap, NULL);
  char text[1024];
  const table bytes = make_dictionary(&heap, "Swift.UInt8", 2), shorts = make_dictionary(&heap, "Swift.Int16", 2);
  bytes.keys[0] = (char)200, bytes.keys[1] = 3;
  memcpy(shorts.keys, (const int16_t[]){-32768, 32767}, 4);
  const table longs = make_dictionary(&heap, "Swift.UInt64", 1);
  made_set_number(longs.keys, 0, UINT64_MAX);
  // RFC 9562, appendix A.4.
  const table uuids = make_dictionary(&heap, "Foundation.UUID", 1);
  memcpy(uuids.keys, "\x91\x91\x08\xf7\x52\xd1\x43\x20\x9b\xac\xf8\x47\xdb\x41\x48\xa8", 16);
  const table colours = make_dictionary(&heap, "Main.Colour", 2), others = make_dictionary(&heap, "Main.Other", 2);
  colours.keys[0] = 2, colours.keys[1] = 0;
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  static const char *const wanted[] = {"[200];[3];", "[-32768];[32767];", "[18446744073709551615];",
                                       "[919108F7-52D1-4320-9BAC-F847DB4148A8];", "[.blue];[.red];"};
  const table tables[] = {bytes, shorts, longs, uuids, colours};
  for (size_t i = 0; i < 5; i++) {
    labels_of(&image, graph, &names, (uintptr_t)tables[i].start, text, sizeof text);
    CHECK_TEXT(text, wanted[i]);
  }
  CHECK_EQUAL(labels_of(&image, graph, &names, (uintptr_t)others.start, text, sizeof text), 0);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(all_keys_of_a_large_dictionary_are_named) {
  enum { KEYS = 5000 };
  static names names;
  static char text[16 * KEYS];
  made_node_class(1);
  made_plain("Swift.Int", 8, 7);
  made_heap heap;
  made_heap_init(&heap, NULL);
  const table table = make_dictionary(&heap, "Swift.Int", KEYS);
  for (size_t i = 0; i < KEYS; i++) made_set_number(table.keys, 8 * i, 3 * i);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK_EQUAL(labels_of(&image, graph, &names, (uintptr_t)table.start, text, sizeof text), KEYS);
  const char *at = text;
  for (size_t i = 0; i < KEYS; i++) {
    int length = 0;
    unsigned long number = KEYS;
    CHECK_EQUAL(sscanf(at, "[%lu];%n", &number, &length), 1);
    CHECK_EQUAL(number, 3 * i);
    at += length;
  }
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Cases of enums in tables ----

// The case is in the byte behind the payload: 0 and 1 have one, 2 has none.
enum { TAG = 8, IDLE = 2 };

static unsigned get_tag(const void *value, const swift_metadata *type) {
  (void)type;
  return ((const uint8_t *)value)[TAG];
}

static void project(void *value, const swift_metadata *type) {
  (void)type;
  ((uint8_t *)value)[TAG] = 0;
}

static void inject(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  if (tag == IDLE) memset(value, 0, TAG);
  ((uint8_t *)value)[TAG] = (uint8_t)tag;
}

static const swift_metadata *make_state(const char *name, const char *first, const char *second) {
  made_node_class(1);
  const made_field cases[] = {{first, "Main.Node1", 0, 0}, {second, "Main.Node1", 0, 0}, {"idle", NULL, 0, 0}};
  return made_enum((made_enum_spec){.name = name, .size = TAG + 1, .payload_cases = 2, .empty_cases = 1,
                                    .cases = cases, .tag = {get_tag, project, inject}});
}

static void set_state(made_heap *heap, char *values, size_t bucket, unsigned tag) {
  if (tag != IDLE) made_set(values, 16 * bucket, made_node(heap, 1));
  values[16 * bucket + TAG] = (char)tag;
}

// The cases of an object's edges as "edge.case;", one after the other.
static void cases_of(image *image, const csizer_graph *graph, const names *names, uintptr_t address, char *text,
                     size_t room) {
  size_t used = 0;
  int64_t object = 0;
  image->at[CASES] = 0;
  text[0] = 0;
  while (!is_over(image, CASES)) {
    object += take_signed(image, CASES);
    const uint64_t edge = take(image, CASES), label = take(image, CASES);
    if (csizer_graph_object_at(graph, (size_t)object).address != address) continue;
    CHECK(label < names->label_count);
    CHECK_EQUAL(names->label_kinds[label], 3);
    used += (size_t)snprintf(text + used, room - used, "%d.%s;", (int)edge, names->labels[label]);
  }
}

TEST(values_and_members_that_are_enums_are_named_by_their_case) {
  static names names;
  made_plain("Swift.Int", 8, 7);
  const swift_metadata *state = make_state("Main.State", "connected", "failed");
  const swift_metadata *key = make_state("Main.Key", "named", "numbered");
  made_heap heap;
  made_heap_init(&heap, NULL);
  const table values = make_table(&heap, made_type("Swift.Int"), state, 4);
  for (unsigned i = 0; i < 4; i++) {
    made_set_number(values.keys, 8 * i, i);
    set_state(&heap, values.values, i, (i + 1) % 3);
  }
  const table members = make_table(&heap, key, NULL, 2), both = make_table(&heap, key, state, 1);
  set_state(&heap, members.keys, 0, 1);
  set_state(&heap, members.keys, 1, 0);
  set_state(&heap, both.keys, 0, 0);
  set_state(&heap, both.values, 0, 0);
  image image;
  char text[256];
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  labels_of(&image, graph, &names, (uintptr_t)values.start, text, sizeof text);
  CHECK_TEXT(text, "[0];[2];[3];");
  cases_of(&image, graph, &names, (uintptr_t)values.start, text, sizeof text);
  CHECK_TEXT(text, "0.failed;1.connected;2.failed;");
  cases_of(&image, graph, &names, (uintptr_t)members.start, text, sizeof text);
  CHECK_TEXT(text, "0.numbered;1.named;");
  cases_of(&image, graph, &names, (uintptr_t)both.start, text, sizeof text);
  CHECK_TEXT(text, "0.named;1.connected;");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}
