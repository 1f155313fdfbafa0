// SPDX-License-Identifier: Apache-2.0
#include "csizer_image.h"

#include <string.h>

#include "support/read_image.h"

// Heap images say what the graph does.

enum { COUNTS = 8 };

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
