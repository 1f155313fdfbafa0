// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_refusals.h"
#include "graph/graph_internal.h"
#include "support/check.h"
#include "support/made_heap.h"

// Graphs of heaps whose references and counts are known because the test made them.

enum { COUNTS = 8, FIRST_LINK = 16 };

static csizer_graph *capture(made_heap *heap) {
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_capture(heap->map, heap->layouts, &graph), CSIZER_OK);
  made_check_no_marks(heap->map);
  const char *fault = csizer_graph_check(graph);
  CHECK_TEXT(fault ? fault : "", "");
  return graph;
}

static csizer_graph_object object_of(const csizer_graph *graph, const void *object) {
  const size_t number = csizer_graph_find(graph, (uintptr_t)object);
  CHECK(number != CSIZER_NO_OBJECT);
  const csizer_graph_object found = csizer_graph_object_at(graph, number);
  CHECK_EQUAL(found.address, (uintptr_t)object);
  return found;
}

static csizer_graph_edge edge_of(const csizer_graph *graph, const void *object, size_t index) {
  const csizer_graph_object source = object_of(graph, object);
  CHECK(index < source.edge_count);
  return csizer_graph_edge_at(graph, source.first_edge + index);
}

static void expect_edge(const csizer_graph *graph, const void *source, size_t index, const void *target,
                        csizer_edge_kind kind, size_t offset, bool is_through) {
  const csizer_graph_edge edge = edge_of(graph, source, index);
  CHECK_EQUAL(csizer_graph_object_at(graph, edge.target).address, (uintptr_t)target);
  CHECK_EQUAL(edge.kind, kind);
  CHECK_EQUAL(edge.slot * 8, offset);
  CHECK_EQUAL(edge.is_through, is_through);
}

// What the runtime writes for so many strong and unowned references.
static uint64_t counts_of(uint64_t strong, uint64_t unowned) { return (strong - 1) << 33 | (unowned + 1) << 1 | 1; }

static const swift_class *made_holder(const char *name, size_t fields, const made_field *list, uint32_t size) {
  return made_class((made_class_spec){.name = name, .size = size, .field_count = fields, .fields = list});
}

TEST(an_empty_heap_has_an_empty_graph) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_object_count(graph), 0);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 0);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Against a model ----

enum { NODES = 4000, MOST_LINKS = 5 };

typedef struct model {
  void *nodes[NODES];
  unsigned links[NODES];
  unsigned targets[NODES][MOST_LINKS];  // numbers plus 1; 0: nil
  unsigned strong[NODES], unowned[NODES], found[NODES];
} model;

static void make_model(model *model, made_heap *heap, uint64_t *seed) {
  for (unsigned i = 0; i < NODES; i++) {
    model->links[i] = (unsigned)(check_random(seed) % (MOST_LINKS + 1));
    model->nodes[i] = made_node(heap, model->links[i]);
    // Memory that lies between objects, so that these are not side by side.
    if (check_random(seed) % 8 == 0) made_block(heap, 16 << check_random(seed) % 8);
  }
  for (unsigned i = 0; i < NODES; i++)
    for (unsigned k = 0; k < model->links[i]; k++) {
      if (check_random(seed) % 4 == 0) continue;
      const unsigned target = (unsigned)(check_random(seed) % NODES);
      model->targets[i][k] = target + 1;
      model->found[target]++;
      made_link(model->nodes[i], k, model->nodes[target]);
    }
  for (unsigned i = 0; i < NODES; i++) {
    model->strong[i] = 1 + (unsigned)(check_random(seed) % 6);
    model->unowned[i] = (unsigned)(check_random(seed) % 5 == 0);
    made_set_number(model->nodes[i], COUNTS, counts_of(model->strong[i], model->unowned[i]));
  }
}

static void check_node(const model *model, const csizer_graph *graph, unsigned i) {
  const csizer_graph_object object = object_of(graph, model->nodes[i]);
  CHECK_EQUAL(object.usable, made_bytes(model->nodes[i]));
  CHECK_EQUAL(object.slack, object.usable - made_node_class(model->links[i])->instance_size + 1);
  CHECK_EQUAL(object.strong, model->strong[i]);
  CHECK_EQUAL(object.unowned, model->unowned[i]);
  CHECK_EQUAL(object.strong_found, model->found[i]);
  CHECK_EQUAL(object.uncertain_found + object.weak_found + object.unowned_found + object.weak, 0);
  CHECK_EQUAL(object.flags, model->found[i] > model->strong[i] ? CSIZER_OBJECT_NEGATIVE : 0);
  size_t edge = 0;
  for (unsigned k = 0; k < model->links[i]; k++)
    if (model->targets[i][k])
      expect_edge(graph, model->nodes[i], edge++, model->nodes[model->targets[i][k] - 1], CSIZER_EDGE_STRONG,
                  FIRST_LINK + 8 * (size_t)k, false);
  CHECK_EQUAL(object.edge_count, edge);
}

TEST(every_object_and_every_reference_is_there_once) {
  static model model;
  uint64_t seed = 1;
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_model(&model, &heap, &seed);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_object_count(graph), NODES);
  for (unsigned i = 0; i < NODES; i++) check_node(&model, graph, i);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- What the census does not know ----

TEST(objects_that_only_references_lead_to_stand_among_the_others) {
  enum { COUNT = 300 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *known[COUNT], *others[COUNT], *more[COUNT];
  for (int i = 0; i < COUNT; i++) {
    known[i] = made_node(&heap, 2);
    others[i] = made_block(&heap, made_node_class(2)->instance_size);
    more[i] = made_block(&heap, made_node_class(2)->instance_size);
    const swift_object header = {(const swift_metadata *)made_node_class(2), counts_of(1, i % 2)};
    memcpy(others[i], &header, sizeof header);
    memcpy(more[i], &header, sizeof header);
  }
  for (int i = 0; i < COUNT; i++) {
    made_link(known[i], 0, known[(i + 1) % COUNT]);
    made_link(known[i], 1, others[(i * 7) % COUNT]);
    made_link(others[i], 0, known[(i + 3) % COUNT]);
    made_link(others[i], 1, more[i]);
    made_link(more[i], 1, others[i]);
    made_set_number(known[i], COUNTS, counts_of(2, i % 3));
  }
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_object_count(graph), 3 * COUNT);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 5 * COUNT);
  for (int i = 0; i < COUNT; i++) {
    expect_edge(graph, known[i], 0, known[(i + 1) % COUNT], CSIZER_EDGE_STRONG, 16, false);
    expect_edge(graph, known[i], 1, others[(i * 7) % COUNT], CSIZER_EDGE_STRONG, 24, false);
    expect_edge(graph, others[i], 0, known[(i + 3) % COUNT], CSIZER_EDGE_STRONG, 16, false);
    expect_edge(graph, others[i], 1, more[i], CSIZER_EDGE_STRONG, 24, false);
    expect_edge(graph, more[i], 0, others[i], CSIZER_EDGE_STRONG, 24, false);
    CHECK_EQUAL(object_of(graph, known[i]).unowned, i % 3);
    CHECK_EQUAL(object_of(graph, others[i]).unowned, i % 2);
    CHECK_EQUAL(object_of(graph, more[i]).strong_found, 1);
  }
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(words_that_lead_to_no_object_are_no_edges) {
  static swift_object in_the_image;
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *node = made_node(&heap, 5);
  made_link(node, 0, &in_the_image);
  made_link(node, 1, (void *)(uintptr_t)0x8000000000000010u);
  made_link(node, 2, (char *)node + 8);
  made_link(node, 3, (void *)(uintptr_t)4);
  made_link(node, 4, node);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 1);
  expect_edge(graph, node, 0, node, CSIZER_EDGE_STRONG, 48, false);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Counts ----

static swift_side_table *make_side_table(made_heap *heap, void *object, uint64_t counts, uint32_t weak) {
  swift_side_table *table = made_block(heap, 32);
  *table = (swift_side_table){.object = object, .references = counts, .weak_references = weak + 1};
  made_set_number(object, COUNTS, SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)(uintptr_t)table >> 3);
  return table;
}

TEST(weak_and_unowned_references_are_edges_of_their_own) {
  made_node_class(1);
  const made_field fields[] = {{"parent", "Main.Node1Xw", 16, 0}, {"owner", "Main.Node1Xo", 24, 0}};
  const swift_class *class = made_holder("Main.Observer", 2, fields, 32);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *seen = made_node(&heap, 1), *holder = made_object(&heap, class, 32);
  swift_side_table *table = make_side_table(&heap, seen, counts_of(4, 2), 3);
  made_set(holder, 16, table);
  made_set(holder, 24, seen);
  csizer_graph *graph = capture(&heap);
  expect_edge(graph, holder, 0, seen, CSIZER_EDGE_WEAK, 16, false);
  expect_edge(graph, holder, 1, seen, CSIZER_EDGE_UNOWNED, 24, false);
  const csizer_graph_object object = object_of(graph, seen);
  CHECK_EQUAL(object.flags, CSIZER_OBJECT_HAS_SIDE_TABLE);
  CHECK_EQUAL(object.strong, 4);
  CHECK_EQUAL(object.unowned, 2);
  CHECK_EQUAL(object.weak, 3);
  CHECK_EQUAL(object.weak_found, 1);
  CHECK_EQUAL(object.unowned_found, 1);
  CHECK_EQUAL(object.strong_found, 0);
  CHECK_EQUAL(csizer_graph_raw_count(graph), 1);
  const csizer_graph_raw raw = csizer_graph_raw_at(graph, 0);
  CHECK_EQUAL(raw.owner, csizer_graph_find(graph, (uintptr_t)seen));
  CHECK_EQUAL(raw.kind, heap.layouts->side_table_kind);
  CHECK_EQUAL(raw.usable, made_bytes(table));
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(the_dead_hold_nothing) {
  made_node_class(1);
  const made_field fields[] = {{"owner", "Main.Node1Xo", 16, 0}};
  const swift_class *class = made_holder("Main.Child", 1, fields, 24);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *dead = made_node(&heap, 1), *dying = made_node(&heap, 1), *child = made_object(&heap, class, 24);
  made_link(dead, 0, child);
  made_link(dying, 0, child);
  made_set_number(dead, COUNTS, SWIFT_DEINITING | 3);
  made_set_number(dying, COUNTS, SWIFT_DEINITING | 3);
  made_set(child, 16, dead);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 1);
  expect_edge(graph, child, 0, dead, CSIZER_EDGE_UNOWNED, 16, false);
  CHECK_EQUAL(object_of(graph, dead).flags, CSIZER_OBJECT_DEAD);
  CHECK_EQUAL(object_of(graph, dying).flags, CSIZER_OBJECT_DEINITING);
  CHECK_EQUAL(object_of(graph, dead).strong, 0);
  CHECK_EQUAL(object_of(graph, child).strong_found, 0);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(what_lives_for_ever_and_what_is_half_made_has_no_account) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *immortal = made_node(&heap, 1), *other = made_node(&heap, 1), *half = made_node(&heap, 1);
  swift_side_table *table = make_side_table(&heap, other, counts_of(1, 0), 1);
  made_set_number(immortal, COUNTS, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
  made_set_number(half, COUNTS, SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)(uintptr_t)table >> 3);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(object_of(graph, immortal).flags, CSIZER_OBJECT_IMMORTAL);
  CHECK_EQUAL(object_of(graph, half).flags, CSIZER_OBJECT_IMMORTAL);
  CHECK_EQUAL(object_of(graph, other).flags, CSIZER_OBJECT_HAS_SIDE_TABLE);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Where words stand ----

TEST(what_hangs_on_a_raw_block_is_behind_the_field_that_owns_it) {
  made_node_class(1);
  const made_field fields[] = {{"id", "Main.Word", 16, 0}, {"storage", "Main.Word", 24, 0}};
  made_plain("Main.Word", 8, 7);
  const swift_class *class = made_holder("Main.Keeper", 2, fields, 32);
  CHECK_EQUAL(csizer_owning_field_register(&(csizer_owning_field){
                  .type = "Main.Keeper", .field = "storage", .rule = CSIZER_OWNS_VALUES,
                  .element = made_type("Main.Node1"), .count = "id"}),
              CSIZER_OK);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *keeper = made_object(&heap, class, 32), *block = made_block(&heap, 64), *leaf = made_node(&heap, 1);
  made_set_number(keeper, 16, 3);
  made_set(keeper, 24, block);
  made_set(block, 0, leaf);
  made_set(block, 16, keeper);
  made_set(block, 24, leaf);  // behind the last
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 2);
  // Uncertain: somebody has said so.
  expect_edge(graph, keeper, 0, leaf, CSIZER_EDGE_UNCERTAIN, 24, true);
  expect_edge(graph, keeper, 1, keeper, CSIZER_EDGE_UNCERTAIN, 24, true);
  CHECK_EQUAL(csizer_graph_raw_count(graph), 1);
  CHECK_EQUAL(csizer_graph_raw_at(graph, 0).usable, made_bytes(block));
  CHECK_EQUAL(csizer_graph_raw_at(graph, 0).owner, csizer_graph_find(graph, (uintptr_t)keeper));
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

static unsigned tag_of(const void *value, const swift_metadata *type) {
  (void)type;
  return *(const uint64_t *)value >> 63 ? 0 : 1;
}
static void project(void *value, const swift_metadata *type) {
  (void)type;
  *(uint64_t *)value &= ~((uint64_t)1 << 63);
}
static void inject(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  if (tag == 0) *(uint64_t *)value |= (uint64_t)1 << 63;
}

// Its payload is read from a copy.
TEST(a_payload_stands_where_its_enum_does) {
  made_node_class(1);
  const made_field cases[] = {{"loaded", "Main.Node1", 0, 0}, {"waiting", "Main.Node1", 0, 0}};
  made_enum((made_enum_spec){
      .name = "Main.State", .size = 8, .payload_cases = 2, .cases = cases, .tag = {tag_of, project, inject}});
  const made_field fields[] = {{"first", "Main.State", 16, 0}, {"state", "Main.State", 24, 0}};
  const swift_class *class = made_holder("Main.Machine", 2, fields, 32);
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *machine = made_object(&heap, class, 32), *leaf = made_node(&heap, 1);
  made_set_number(machine, 24, (uint64_t)1 << 63 | (uintptr_t)leaf);
  csizer_graph *graph = capture(&heap);
  CHECK_EQUAL(csizer_graph_edge_count(graph), 1);
  expect_edge(graph, machine, 0, leaf, CSIZER_EDGE_STRONG, 24, false);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(words_of_unknown_type_are_uncertain) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  static const char *const captures[] = {"Main.Node1", "Main.Unheard", "Main.Node1"};
  made_node_class(1);
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
  // From the capture on that nobody can resolve, nothing is known.
  void *leaf = made_node(&heap, 1), *context = made_object(&heap, made_context(3, captures, 0, NULL), 48);
  made_set(context, 16, leaf);
  made_set(context, 32, leaf);
  csizer_graph *graph = capture(&heap);
  expect_edge(graph, context, 0, leaf, CSIZER_EDGE_STRONG, 16, false);
  expect_edge(graph, context, 1, leaf, CSIZER_EDGE_UNCERTAIN, 32, false);
  const csizer_graph_object object = object_of(graph, leaf);
  CHECK_EQUAL(object.strong_found, 1);
  CHECK_EQUAL(object.uncertain_found, 1);
  CHECK_EQUAL(object_of(graph, context).flags, CSIZER_OBJECT_UNRESOLVED);
  CHECK_EQUAL(object_of(graph, context).slack, 0);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(the_system_may_refuse_memory_anywhere) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  enum { COUNT = 20000 };
  void *before = NULL;
  for (int i = 0; i < COUNT; i++) {
    void *node = made_node(&heap, 4), *other = made_block(&heap, made_node_class(4)->instance_size);
    const swift_object header = {(const swift_metadata *)made_node_class(4), counts_of(1, 1)};
    memcpy(other, &header, sizeof header);
    for (unsigned k = 0; k < 3; k++) made_link(node, k, before);
    made_link(node, 3, other);
    made_set_number(node, COUNTS, counts_of(1, 1));
    before = node;
  }
  csizer_graph *graph = capture(&heap);  // all is compiled
  csizer_graph_destroy(graph);
  const size_t held = csizer_pages_held();
  size_t fail_at = 1;
  for (bool is_over = false; !is_over; fail_at++) {
    csizer_pages_fail_at = fail_at;
    const csizer_status status = csizer_graph_capture(heap.map, heap.layouts, &graph);
    is_over = csizer_pages_fail_at != 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, is_over ? CSIZER_OK : CSIZER_NO_MEMORY);
    made_check_no_marks(heap.map);
    if (!is_over) CHECK_EQUAL(csizer_pages_held(), held);
  }
  CHECK(fail_at > 10);
  CHECK_EQUAL(csizer_graph_object_count(graph), 2 * COUNT);
  CHECK(csizer_graph_check(graph) == NULL);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

TEST(a_graph_that_does_not_hold_is_refused_and_the_reason_told) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 3; i++) made_link(made_node(&heap, 1), 0, made_node(&heap, 1));
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_make(heap.map, heap.layouts, &graph), CSIZER_OK);
  CHECK_EQUAL(csizer_graph_begin(graph), CSIZER_OK);
  csizer_graph_scan(graph);
  const graph_row first = graph->rows[0];
  graph->rows[0].address_low = graph->rows[1].address_low;
  graph->rows[1].address_low = first.address_low;
  CHECK_EQUAL(csizer_graph_finish(graph), CSIZER_INVALID);
  const csizer_refusal refusal = csizer_refusal_last();
  CHECK_EQUAL(refusal.status, CSIZER_INVALID);
  CHECK_TEXT(refusal.broken, csizer_graph_check(graph));
  CHECK(strstr(refusal.broken, "order of their addresses") != NULL);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Without references ----

TEST(rows_alone_are_the_same_rows) {
  enum { NODES = 3000 };
  made_heap heap;
  made_owner("Main.Vessel", "bytes");
  made_heap_init(&heap, NULL);
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"bytes", "Main.Pointer", 16, 0}};
  const swift_class *vessel = made_holder("Main.Vessel", 1, fields, 32);
  uint64_t seed = 5;
  void *nodes[NODES];
  for (int i = 0; i < NODES; i++) nodes[i] = made_node(&heap, (unsigned)i % 3 + 1);
  for (int i = 0; i < NODES; i++) made_link(nodes[i], 0, nodes[check_random(&seed) % NODES]);
  for (int i = 0; i < 50; i++) made_set(made_object(&heap, vessel, 32), 16, made_block(&heap, 100 + (size_t)i * 8));
  csizer_graph *full = capture(&heap), *rows;
  CHECK_EQUAL(csizer_graph_capture_rows(heap.map, heap.layouts, &rows), CSIZER_OK);
  made_check_no_marks(heap.map);
  CHECK(csizer_graph_check(rows) == NULL);
  CHECK_EQUAL(csizer_graph_edge_count(rows), 0);
  CHECK(csizer_graph_edge_count(full) >= NODES);
  CHECK_EQUAL(csizer_graph_object_count(rows), csizer_graph_object_count(full));
  for (size_t i = 0; i < csizer_graph_object_count(rows); i++) {
    const csizer_graph_object one = csizer_graph_object_at(rows, i), other = csizer_graph_object_at(full, i);
    CHECK(one.address == other.address && one.usable == other.usable && one.slack == other.slack);
    CHECK(one.kind == other.kind && one.strong == other.strong);
  }
  CHECK_EQUAL(csizer_graph_raw_count(rows), 50);
  for (size_t i = 0; i < 50; i++) {
    const csizer_graph_raw one = csizer_graph_raw_at(rows, i), other = csizer_graph_raw_at(full, i);
    CHECK(one.owner == other.owner && one.usable == other.usable && one.kind == other.kind);
  }
  csizer_graph_destroy(rows);
  csizer_graph_destroy(full);
  made_heap_deinit(&heap);
}
