// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_image.h"

#include <dlfcn.h>
#include <string.h>

#include "graph/graph_internal.h"
#include "support/check.h"
#include "support/made_heap.h"

// Heap images, read by a reader of the test's own, which knows no more than Documents/heap-image.md says.

enum { SECTIONS = 128, HEAD = 16, COUNTS = 8 };

typedef struct image {
  uint8_t *bytes;
  size_t count, capacity;
  uint8_t *sections[SECTIONS];
  size_t lengths[SECTIONS], at[SECTIONS];
} image;

static csizer_status append(void *context, const void *bytes, size_t count) {
  image *image = context;
  if (image->count + count > image->capacity) {
    image->capacity = (image->count + count) * 2;
    image->bytes = realloc(image->bytes, image->capacity);
    CHECK(image->bytes != NULL);
  }
  memcpy(image->bytes + image->count, bytes, count);
  image->count += count;
  return CSIZER_OK;
}

static uint32_t bit_by_bit(const uint8_t *bytes, size_t count) {
  uint32_t sum = ~(uint32_t)0;
  for (size_t i = 0; i < count; i++) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >> 1 ^ 0x82F63B78u : sum >> 1;
  }
  return ~sum;
}

static uint32_t word_at(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void split(image *image) {
  static const uint8_t magic[] = {0x89, 0x53, 0x5A, 0x48, 0x0D, 0x0A, 0x1A, 0x0A, 1, 0, 0, 0, 0, 0, 0, 0};
  CHECK(image->count > HEAD && !memcmp(image->bytes, magic, HEAD));
  uint8_t last = 0;
  for (size_t at = HEAD; at < image->count;) {
    const uint8_t *frame = image->bytes + at, section = frame[0];
    const size_t length = word_at(frame + 4);
    CHECK(section < SECTIONS && !frame[1] && !frame[2] && !frame[3] && length && length <= 1048576);
    CHECK(at + 8 + length + 4 <= image->count);
    CHECK_EQUAL(word_at(frame + 8 + length), bit_by_bit(frame, 8 + length));
    uint8_t **to = &image->sections[section];
    *to = realloc(*to, image->lengths[section] + length);
    memcpy(*to + image->lengths[section], frame + 8, length);
    image->lengths[section] += length;
    at += 8 + length + 4;
    last = section;
  }
  CHECK_EQUAL(last, 127);
}

static uint64_t take(image *image, int section) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    CHECK(image->at[section] < image->lengths[section] && shift < 64);
    const uint8_t byte = image->sections[section][image->at[section]++];
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return value;
  }
}

static int64_t take_signed(image *image, int section) {
  const uint64_t value = take(image, section);
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static bool is_over(const image *image, int section) { return image->at[section] == image->lengths[section]; }

static void take_text(image *image, int section, char *text, size_t room) {
  const size_t length = take(image, section);
  CHECK(length < room && image->at[section] + length <= image->lengths[section]);
  memcpy(text, image->sections[section] + image->at[section], length);
  text[length] = 0;
  image->at[section] += length;
}

static void free_image(image *image) {
  for (int i = 0; i < SECTIONS; i++) free(image->sections[i]);
  free(image->bytes);
}

static csizer_graph *write_image(made_heap *heap, image *image) {
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_capture(heap->map, heap->layouts, &graph), CSIZER_OK);
  *image = (struct image){.bytes = NULL};
  const csizer_image_output output = {append, image};
  const csizer_image_facts facts = {
      .since_1970 = 1234567890123456789u, .process = 42, .program = "made", .writer = "test", .is_frozen = true};
  csizer_image_totals totals;
  csizer_image_places *places;
  CHECK_EQUAL(csizer_image_places_create(&places), CSIZER_OK);
  CHECK_EQUAL(csizer_image_begin(output), CSIZER_OK);
  CHECK_EQUAL(csizer_image_write_graph(graph, places, output, &totals), CSIZER_OK);
  CHECK_EQUAL(csizer_image_end(heap->layouts, &facts, places, totals, output), CSIZER_OK);
  csizer_image_places_destroy(places);
  split(image);
  return graph;
}

enum { INFO = 1, TYPES, LABELS, ADDRESS, TYPE, SIZE, COUNT, EDGE, RAW, ROOT, NAMES = 14, UNUSED, END = 127 };
enum { MOST_TYPES = 64, NAME = 256 };

typedef struct names {
  char types[MOST_TYPES][NAME];
  char labels[MOST_TYPES][NAME];
  uint64_t kinds[MOST_TYPES], type_count, label_count;
} names;

static void take_names(image *image, names *names) {
  memset(names, 0, sizeof *names);
  while (!is_over(image, TYPES)) {
    CHECK(names->type_count < MOST_TYPES);
    const size_t type = names->type_count++;
    char module[NAME];
    names->kinds[type] = take(image, TYPES);
    take(image, TYPES);
    take_text(image, TYPES, names->types[type], NAME);
    take_text(image, TYPES, module, NAME);
    const char *name = names->types[type];
    CHECK_TEXT(module, !strncmp(name, "Main.", 5) ? "Main" : !strncmp(name, "Swift.", 6) ? "Swift" : "");
    for (uint64_t fields = take(image, TYPES); fields; fields--) {
      take(image, TYPES);
      take_text(image, TYPES, module, NAME);
    }
    CHECK_EQUAL(take(image, TYPES), 0);
  }
  while (!is_over(image, LABELS)) {
    CHECK(names->label_count < MOST_TYPES);
    take(image, LABELS);
    take_text(image, LABELS, names->labels[names->label_count++], NAME);
  }
}

static void check_edges(image *image, const csizer_graph *graph, size_t source, csizer_graph_object object) {
  CHECK_EQUAL(take(image, EDGE), object.edge_count);
  int64_t slot = 1;
  for (size_t i = 0; i < object.edge_count; i++) {
    const csizer_graph_edge edge = csizer_graph_edge_at(graph, object.first_edge + i);
    CHECK_EQUAL((int64_t)source + take_signed(image, EDGE), edge.target);
    const uint64_t code = take(image, EDGE), rest = code >> 3;
    CHECK_EQUAL(code & 3, edge.kind);
    CHECK_EQUAL(code >> 2 & 1, edge.is_through);
    if (edge.is_through) {
      CHECK_EQUAL(rest & 3, 1);
      CHECK_EQUAL(rest >> 2, edge.slot);
    } else {
      slot += (int64_t)(rest >> 1) ^ -(int64_t)(rest & 1);
      CHECK_EQUAL(slot, edge.slot);
    }
  }
}

static void check_counts(image *image, csizer_graph_object object) {
  const uint64_t strong = take(image, COUNT);
  CHECK_EQUAL(strong >> 1, object.strong);
  CHECK_EQUAL(strong & 1, (object.flags | object.unowned | object.weak) != 0);
  if (!(strong & 1)) return;
  CHECK_EQUAL(take(image, COUNT), object.flags);
  CHECK_EQUAL(take(image, COUNT), object.unowned);
  CHECK_EQUAL(take(image, COUNT), object.weak);
}

static void check_objects(image *image, const csizer_graph *graph, made_heap *heap, const names *names) {
  uint64_t address = 0, usable[MOST_TYPES] = {0}, slack[MOST_TYPES] = {0};
  for (size_t i = 0; i < csizer_graph_object_count(graph); i++) {
    const csizer_graph_object object = csizer_graph_object_at(graph, i);
    address += 8 * take(image, ADDRESS);
    CHECK_EQUAL(address, object.address);
    const uint64_t word = take(image, TYPE), type = word >> 1;
    CHECK(type < names->type_count);
    csizer_kind_name name;
    char text[NAME];
    CHECK(csizer_layouts_kind_name(heap->layouts, object.kind, &name));
    snprintf(text, sizeof text, "%s%.*s", name.prefix, (int)name.type_length, name.type);
    CHECK_TEXT(names->types[type], text);
    if (word & 1) {
      usable[type] = take(image, SIZE);
      slack[type] = take(image, SIZE);
    }
    CHECK_EQUAL(usable[type] * 8, object.usable);
    CHECK_EQUAL(slack[type], object.slack);
    check_counts(image, object);
    check_edges(image, graph, i, object);
  }
  for (int section = ADDRESS; section <= EDGE; section++) CHECK(is_over(image, section));
}

static void check_raw_blocks(image *image, const csizer_graph *graph, const names *names) {
  int64_t owner = 0;
  for (size_t i = 0; i < csizer_graph_raw_count(graph); i++) {
    const csizer_graph_raw raw = csizer_graph_raw_at(graph, i);
    CHECK_EQUAL(owner += take_signed(image, RAW), raw.owner);
    CHECK_EQUAL(take(image, RAW) * 8, raw.usable);
    CHECK_EQUAL(take(image, RAW), 0);
    const uint64_t label = take(image, RAW);
    CHECK(label && label <= names->label_count);
    const bool is_table = raw.kind == graph->layouts->side_table_kind;
    CHECK_TEXT(names->labels[label - 1], is_table ? "side table" : "Main.Vessel.bytes");
  }
  CHECK(is_over(image, RAW));
}

TEST(an_image_says_what_the_graph_does) {
  enum { NODES = 30000 };
  made_plain("Main.Address", 8, 7);
  made_owner("Main.Vessel", "bytes");
  made_node_class(1);
  const made_field fields[] = {{"bytes", "Main.Address", 16, 0}, {"seen", "Main.Node1Xw", 24, 0}};
  const swift_class *vessel =
      made_class((made_class_spec){.name = "Main.Vessel", .size = 32, .field_count = 2, .fields = fields});
  made_heap heap;
  made_heap_init(&heap, NULL);
  uint64_t seed = 11;
  void **nodes = calloc(NODES, sizeof *nodes);
  for (size_t i = 0; i < NODES; i++) {
    const unsigned links = (unsigned)(check_random(&seed) % 4);
    nodes[i] = i % 10 ? made_node(&heap, links) : made_object(&heap, vessel, 32);
    for (unsigned k = 0; k < links && i % 10 && i; k++) made_link(nodes[i], k, nodes[check_random(&seed) % i]);
    if (i % 10 == 0) made_set(nodes[i], 16, made_block(&heap, 8 << check_random(&seed) % 9));
    if (i % 70 == 0 && i) {
      swift_side_table *table = made_block(&heap, 32);
      *table = (swift_side_table){.object = nodes[i - 1], .references = 3 | i << 33, .weak_references = 2};
      made_set_number(nodes[i - 1], COUNTS,
                      SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)(uintptr_t)table >> 3);
      made_set(nodes[i], 24, table);
    }
  }
  image image;
  static names names;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  check_objects(&image, graph, &heap, &names);
  check_raw_blocks(&image, graph, &names);
  CHECK_EQUAL(take(&image, END), NODES);
  CHECK_EQUAL(take(&image, END), csizer_graph_edge_count(graph));
  CHECK_EQUAL(take(&image, END), names.type_count);
  CHECK_EQUAL(take(&image, END), names.label_count);
  CHECK(is_over(&image, END));
  free_image(&image);
  free(nodes);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(facts_are_kept) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  bool found[16] = {false};
  while (!is_over(&image, INFO)) {
    char text[NAME];
    const uint64_t key = take(&image, INFO);
    CHECK(key < 16);
    found[key] = true;
    if (key & 1) take_text(&image, INFO, text, NAME);
    if (key == 1) CHECK_TEXT(text, "made");
    if (key == 5) CHECK_TEXT(text, "test");
    if (key & 1) continue;
    const uint64_t value = take(&image, INFO);
    if (key == 2) CHECK_EQUAL(value, 1234567890123456789u);
    if (key == 6) CHECK_EQUAL(value, 42);
    if (key == 8 || key == 10) CHECK_EQUAL(value, 1);
  }
  CHECK(found[1] && found[2] && found[5] && found[6] && found[8] && found[10] && !found[3]);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Names of slots ----

// The fields of the type with this name, as "offset label;" one after the other.
static void fields_of(image *image, const char *name, char *text, size_t room) {
  bool is_found = false;
  while (!is_over(image, TYPES)) {
    char type[NAME], part[NAME];
    take(image, TYPES);
    take(image, TYPES);
    take_text(image, TYPES, type, NAME);
    take_text(image, TYPES, part, NAME);
    const bool is_it = !strcmp(type, name);
    is_found |= is_it;
    size_t used = 0;
    for (uint64_t fields = take(image, TYPES); fields; fields--) {
      const uint64_t offset = take(image, TYPES);
      take_text(image, TYPES, part, NAME);
      if (is_it) used += (size_t)snprintf(text + used, room - used, "%d %s;", (int)offset, part);
    }
    CHECK_EQUAL(take(image, TYPES), 0);
  }
  CHECK(is_found);
  image->at[TYPES] = 0;
}

TEST(slots_have_the_names_of_what_stands_there) {
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  // What the engine puts in for parameters that a context does not bind.
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
  const made_field inner[] = {{"number", "Main.Int", 0, 0}, {"node", "Main.Node1", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Inner", .field_count = 2, .fields = inner});
  const made_field base[] = {{"first", "Main.Node1", 16, 0}};
  const swift_class *superclass =
      made_class((made_class_spec){.name = "Main.Base", .size = 24, .field_count = 1, .fields = base});
  const made_field fields[] = {{"inner", "Main.Inner", 24, 0}, {"count", "Main.Int", 40, 0},
                               {"parent", "Main.Node1Xw", 48, 0}, {"owner", "Main.Node1Xo", 56, 0}};
  const swift_class *outer = made_class((made_class_spec){
      .name = "Main.Outer", .superclass = superclass, .size = 64, .field_count = 4, .fields = fields});
  static const char *const captures[] = {"Main.Node1", "Main.Int", "Main.Inner"};
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_object(&heap, outer, 64);
  made_object(&heap, made_context(3, captures, 0, NULL), 48);
  made_object(&heap, made_generic_box("Main.Inner", 16), 32);
  image image;
  char text[1024];
  csizer_graph *graph = write_image(&heap, &image);
  fields_of(&image, "Main.Outer", text, sizeof text);
  CHECK_TEXT(text, "16 .first;32 .inner.node;48 .parent;56 .owner;");
  fields_of(&image, "closure context", text, sizeof text);
  CHECK_TEXT(text, "16 capture 1;40 capture 3;");
  fields_of(&image, "box of Main.Inner", text, sizeof text);
  CHECK_TEXT(text, "24 box.node;");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- What leads in from outside ----

// The address that a label's text names: a file, its build id, and an offset in it.
static uintptr_t address_of(const char *label) {
  const char *offset = strstr(label, "+0x");
  CHECK(offset != NULL && !strncmp(label, "image_test", strlen("image_test")));
  Dl_info info;
  CHECK(dladdr((const void *)(uintptr_t)&address_of, &info));
  return (uintptr_t)info.dli_fbase + strtoull(offset + 3, NULL, 16);
}

static void *in_a_global, *not_in_the_heap = &in_a_global;
static uintptr_t with_a_tag;

static void make_roots(made_heap *heap) {
  for (int i = 0; i < 10; i++) {
    void *node = made_node(heap, 1);
    if (i == 3) in_a_global = node;
    if (i == 7) with_a_tag = (uintptr_t)node | (uintptr_t)0x80 << 56;
  }
}

TEST(global_variables_are_roots) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_roots(&heap);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  unsigned found = 0;
  while (!is_over(&image, ROOT)) {
    CHECK_EQUAL(take(&image, ROOT), 1 << 2 | CSIZER_EDGE_UNCERTAIN);
    const uintptr_t object = csizer_graph_object_at(graph, take(&image, ROOT)).address;
    const uint64_t label = take(&image, ROOT);
    CHECK(label && label <= names.label_count);
    CHECK_EQUAL(take(&image, ROOT), 0);
    const uintptr_t address = address_of(names.labels[label - 1]);
    CHECK(address != (uintptr_t)&not_in_the_heap);
    found += address == (uintptr_t)&in_a_global && object == (uintptr_t)in_a_global;
    found += address == (uintptr_t)&with_a_tag && object == (with_a_tag & ~((uintptr_t)0x80 << 56));
  }
  CHECK_EQUAL(found, 2);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(a_closure_has_the_name_of_its_function) {
  static names names;
  static const char *const captures[] = {"Main.Node1"};
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
  made_function("Main.Callback", SWIFT_CONVENTION_SWIFT);
  const made_field fields[] = {{"first", "Main.Callback", 16, 0}, {"second", "Main.Callback", 32, 0}};
  const swift_class *caller =
      made_class((made_class_spec){.name = "Main.Caller", .size = 48, .field_count = 2, .fields = fields});
  const swift_metadata *isa = made_context(1, captures, 0, NULL);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *holder = made_object(&heap, caller, 48);
  void *named = made_object(&heap, isa, 24), *nameless = made_object(&heap, isa, 24);
  made_set(holder, 16, (const void *)(uintptr_t)&make_roots);
  made_set(holder, 24, named);
  made_set(holder, 32, holder);  // no function
  made_set(holder, 40, nameless);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK_EQUAL(csizer_graph_object_at(graph, (size_t)take_signed(&image, NAMES)).address, (uintptr_t)named);
  const uint64_t label = take(&image, NAMES);
  CHECK(label < names.label_count);
  CHECK_EQUAL(address_of(names.labels[label]), (uintptr_t)&make_roots);
  CHECK(is_over(&image, NAMES));
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Keys of dictionaries ----

enum { BUCKETS = 8, TABLE_KEYS = 72 };

// A dictionary with a node behind the key in each of the first buckets; `values` gets where they are.
static void *make_dictionary(made_heap *heap, const char *key, size_t key_bytes, size_t used, char **ret_keys) {
  const void *arguments[] = {made_type(key), made_node_class(1)};
  const swift_class *class = made_class((made_class_spec){
      .name = "Swift._DictionaryStorage", .size = 64, .argument_count = 2, .arguments = arguments});
  char *table = made_object(heap, class, TABLE_KEYS + BUCKETS * (key_bytes + 8));
  char *values = table + TABLE_KEYS + BUCKETS * key_bytes;
  made_set_number(table, 16, used);
  made_set_number(table, 24, BUCKETS * 3 / 4);
  table[32] = 3;
  made_set(table, 48, table + TABLE_KEYS);
  made_set(table, 56, values);
  made_set_number(table, 64, ((uint64_t)1 << used) - 1);
  for (size_t i = 0; i < used; i++) made_set(values, 8 * i, made_node(heap, 1));
  *ret_keys = table + TABLE_KEYS;
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

// The labels of an object's edges, one after the other, read as the format says.
static void labels_of(image *image, const csizer_graph *graph, const names *names, uintptr_t address, char *text,
                      size_t room) {
  size_t used = 0;
  for (size_t i = 0; i < csizer_graph_object_count(graph); i++)
    for (uint64_t degree = take(image, EDGE); degree; degree--) {
      take_signed(image, EDGE);
      const uint64_t code = take(image, EDGE), rest = code >> 3;
      if (csizer_graph_object_at(graph, i).address != address || !(code >> 2 & 1)) continue;
      CHECK_EQUAL(rest & 3, 0);
      CHECK(rest >> 2 < names->label_count);
      used += (size_t)snprintf(text + used, room - used, "%s;", names->labels[rest >> 2]);
    }
  image->at[EDGE] = 0;
}

TEST(what_a_dictionary_holds_is_named_by_its_key) {
  static names names;
  static char longer[] = "..............................  an even longer key, with an \xC3\xA4 here: \xC3\xA4\xC3\xA4\xC3\xA4";
  made_node_class(1);
  made_plain("Swift.String", 16, 7);
  made_plain("Swift.Int", 8, 7);
  made_heap heap;
  made_heap_init(&heap, NULL);
  char *keys, *numbers, text[1024];
  void *strings = make_dictionary(&heap, "Swift.String", 16, 3, &keys);
  set_string(keys, "small", 5);
  set_string(keys + 16, longer + 32, 20);
  set_string(keys + 32, longer + 32, sizeof longer - 33);
  void *integers = make_dictionary(&heap, "Swift.Int", 8, 3, &numbers);
  made_set_number(numbers, 0, 7);
  made_set_number(numbers, 8, (uint64_t)-12);
  made_set_number(numbers, 16, (uint64_t)1 << 63);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  labels_of(&image, graph, &names, (uintptr_t)strings, text, sizeof text);
  CHECK_TEXT(text, "small;an even longer key, ;an even longer key, with an \xC3\xA4 here: \xC3\xA4;");
  labels_of(&image, graph, &names, (uintptr_t)integers, text, sizeof text);
  CHECK_TEXT(text, "[7];[-12];[-9223372036854775808];");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

static csizer_status refuse(void *context, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return --*(int *)context < 0 ? CSIZER_REFUSED : CSIZER_OK;
}

TEST(who_takes_no_more_is_not_asked_again) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 200; i++) made_node(&heap, 1);
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_capture(heap.map, heap.layouts, &graph), CSIZER_OK);
  for (int taken = 0;; taken++) {
    int left = taken;
    csizer_image_totals totals;
    const csizer_status status = csizer_image_write_graph(graph, NULL, (csizer_image_output){refuse, &left}, &totals);
    if (status == CSIZER_OK) break;
    CHECK_EQUAL(status, CSIZER_REFUSED);
    CHECK_EQUAL(left, -1);
  }
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}
