// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_owning.h"
#include "layouts/layout_table.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_heap.h"

// The system refuses the Nth of the engine's requests for memory, for every N until one run needs fewer. Each refusal
// must be answered with CSIZER_NO_MEMORY, give everything back, leave no mark in the map and not be felt by the next
// run.

typedef struct scenario {
  made_heap *heap;
  const void *value, *type;
  csizer_walk_options options;
  const csizer_exclusions *exclusions;
  /// The graph has no object that the census knows: each run starts with an empty map, whose leaves may be refused too.
  bool fresh_map;
} scenario;

static csizer_status run_walk(const scenario *scenario, csizer_layouts *layouts, csizer_totals *ret_totals) {
  csizer_walk *walk;
  csizer_status status = csizer_walk_create(scenario->heap->map, layouts, &scenario->options, &walk);
  if (status) return status;
  status = csizer_walk_value(walk, scenario->value, scenario->type);
  *ret_totals = csizer_walk_totals(walk);
  csizer_walk_destroy(walk);
  return status;
}

static csizer_status run(const scenario *scenario, csizer_totals *ret_totals) {
  csizer_layouts *layouts;
  csizer_status status = csizer_layouts_create(scenario->exclusions, &layouts);
  if (status) return status;
  layouts->runtime = &made_runtime;
  status = run_walk(scenario, layouts, ret_totals);
  csizer_layouts_destroy(layouts);
  return status;
}

static void prepare(const scenario *scenario) {
  if (!scenario->fresh_map) return;
  csizer_heapmap_destroy(scenario->heap->map);
  CHECK_EQUAL(csizer_heapmap_create(&scenario->heap->map), CSIZER_OK);
}

// Answers how many requests a whole run makes.
static size_t sweep(const scenario *scenario) {
  csizer_totals expected, actual;
  CHECK_EQUAL(run(scenario, &expected), CSIZER_OK);
  CHECK(expected.objects + expected.raw_blocks > 0);
  for (size_t n = 1;; n++) {
    prepare(scenario);
    size_t held = csizer_pages_held();
    csizer_pages_fail_at = n;
    csizer_status status = run(scenario, &actual);
    bool refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    if (!scenario->fresh_map) CHECK_EQUAL(csizer_pages_held(), held);
    made_check_no_marks(scenario->heap->map);
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    if (refused) continue;
    CHECK_EQUAL(memcmp(&actual, &expected, sizeof actual), 0);
    return n - 1;
  }
}

// ---- Graphs that reach every place where the engine asks for memory ----

enum { CLASSES = 700 };  // more than a walk's and a table's first rooms hold

static void *make_many_classes(made_heap *heap) {
  void *list = NULL;
  for (int i = 0; i < CLASSES; i++) {
    char name[32];
    snprintf(name, sizeof name, "Main.Class%d", i);
    const made_field fields[] = {{"next", "yXl", 16, 0}, {"weak", "Main.Node1Xw", 24, 0}};
    const swift_class *class =
        made_class((made_class_spec){.name = name, .size = 32, .field_count = 2, .fields = fields});
    void *object = made_object(heap, class, 32);
    made_set(object, 16, list);
    list = object;
  }
  return list;
}

static void start(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(1);
  made_alias("yXl", made_opaque("Swift.AnyObject", 8, true));
}

TEST(compiling_many_types) {
  made_heap heap;
  start(&heap);
  void *list = make_many_classes(&heap);
  CHECK(sweep(&(scenario){.heap = &heap, .value = &list, .type = made_type("yXl")}) > 8);
  made_heap_deinit(&heap);
}

TEST(exclusions) {
  made_heap heap;
  start(&heap);
  enum { NAMES = 3000 };
  static const char *names[NAMES];
  static const void *types[NAMES];
  for (int i = 0; i < NAMES; i++) names[i] = "A.Name.That.Matches.Nothing", types[i] = &names[i];
  void *list = make_many_classes(&heap);
  const csizer_exclusions exclusions = {types, NAMES, names, NAMES};
  CHECK(sweep(&(scenario){.heap = &heap, .value = &list, .type = made_type("yXl"), .exclusions = &exclusions}) > 10);
  made_heap_deinit(&heap);
}

TEST(levels) {
  made_heap heap;
  start(&heap);
  for (int i = 1; i < 1 << 15; i++) {
    made_node(&heap, 2);
    if (i > 1) made_link(heap.blocks[i / 2 - 1], (unsigned)i % 2, heap.blocks[i - 1]);
  }
  const scenario scenario = {
      .heap = &heap, .value = &heap.blocks[0], .type = made_node_class(2), .options = {.maximum_depth = 14}};
  CHECK(sweep(&scenario) > 5);
  made_heap_deinit(&heap);
}

TEST(blocks_of_eight_bytes) {
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"buffer", "Main.Pointer", 0, 0}, {"next", "yXl", 8, 0}};
  made_struct((made_struct_spec){.name = "Main.Owning", .field_count = 2, .fields = fields});
  made_owner("Main.Owning", "buffer");
  made_heap heap;
  start(&heap);
  enum { COUNT = 3000 };
  made_fixed_array("Main.Array", COUNT, "Main.Owning");
  static struct {
    void *buffer, *next;
  } value[COUNT];
  for (int i = 0; i < COUNT; i++) value[i].buffer = made_block(&heap, 8);
  const scenario scenario = {.heap = &heap, .value = value, .type = made_type("Main.Array"), .fresh_map = true};
  CHECK(sweep(&scenario) >= 4);
  made_heap_deinit(&heap);
}

TEST(values_in_raw_blocks) {
  const made_field fields[] = {{"values", "Main.Int", 0, 0}};
  made_plain("Main.Int", 8, 7);
  made_struct((made_struct_spec){.name = "Main.Slab", .field_count = 1, .fields = fields});
  const csizer_owning_field row = {
      .type = "Main.Slab", .field = "values", .rule = CSIZER_OWNS_VALUES, .element = made_node_class(1)};
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  made_heap heap;
  start(&heap);
  enum { COUNT = 1500 };  // all of them wait at once
  made_fixed_array("Main.Slabs", COUNT, "Main.Slab");
  static void *value[COUNT];
  for (int i = 0; i < COUNT; i++) {
    value[i] = made_block(&heap, 16);
    made_set(value[i], 8, made_node(&heap, 1));
  }
  CHECK(sweep(&(scenario){.heap = &heap, .value = value, .type = made_type("Main.Slabs")}) >= 5);
  made_heap_deinit(&heap);
}

// As SwiftNIO lays its buffers out; more of them than the first room for their ends holds.
TEST(buffers_that_are_shared) {
  enum { VIEWS = 400, VIEW = 24 };
  made_heap heap;
  start(&heap);
  made_plain("Main.UInt32", 4, 3);
  made_plain("Main.UInt24", 3, 1);
  made_plain("Main.Pointer", 8, 7);
  const made_field storage[] = {{"capacity", "Main.UInt32", 16, 0}, {"bytes", "Main.Pointer", 24, 0}};
  const swift_class *class = made_class(
      (made_class_spec){.name = "NIOCore.ByteBuffer._Storage", .size = 32, .field_count = 2, .fields = storage});
  made_alias("Main.Storage", (const swift_metadata *)class);
  const made_field slice[] = {{"_begin", "Main.UInt24", 4, 0}};
  made_struct((made_struct_spec){.name = "Main.Slice", .size = 7, .field_count = 1, .fields = slice});
  const made_field view[] = {
      {"_storage", "Main.Storage", 0, 0}, {"_writerIndex", "Main.UInt32", 12, 0}, {"_slice", "Main.Slice", 16, 0}};
  made_struct((made_struct_spec){.name = "NIOCore.ByteBuffer", .size = VIEW, .field_count = 3, .fields = view});
  static _Alignas(8) char views[VIEWS * VIEW];
  for (size_t i = 0; i < VIEWS; i++) {
    void *object = made_object(&heap, class, 32);
    made_set(object, 24, made_block(&heap, 100));
    made_set(views, i * VIEW, object);
  }
  const swift_metadata *type = made_fixed_array("Main.Views", VIEWS, "NIOCore.ByteBuffer");
  scenario scenario = {.heap = &heap, .value = views, .type = type};
  CHECK(sweep(&scenario) > 3);
  made_heap_deinit(&heap);
}

TEST(objects_that_no_census_knows) {
  made_heap heap;
  start(&heap);
  void *object = made_block(&heap, 32);
  made_set(object, 0, made_node_class(1));
  CHECK(sweep(&(scenario){.heap = &heap, .value = &object, .type = made_node_class(1), .fresh_map = true}) >= 4);
  made_heap_deinit(&heap);
}

// Everything that allocates while values are compiled: enums, contexts with bindings, existentials, errors, storage.
static unsigned get_tag(const void *value, const swift_metadata *type) {
  (void)type;
  return *(const uintptr_t *)value ? 0 : 1;
}
static void project(void *value, const swift_metadata *type) { (void)value, (void)type; }
static void inject(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  if (tag) made_set_number(value, 0, 0);
}

static void *make_generic_context(made_heap *heap, void *captured) {
  const char *const captures[] = {"x", "yXl"}, *const parameters[] = {"x"};
  void *context = made_object(heap, made_context(2, captures, 1, parameters), 40);
  made_set(context, 16, made_node_class(1));
  made_set(context, 24, captured);
  return context;
}

static void *make_optional_fields(made_heap *heap, void *referent) {
  enum { FIELDS = 300 };
  static made_field fields[FIELDS];
  for (uint32_t i = 0; i < FIELDS; i++) {
    char name[32];
    snprintf(name, sizeof name, "Main.Optional%u", i);
    const made_field cases[] = {{"some", i % 2 ? "Main.Node1" : "Main.Any", 0, 0}, {"none", NULL, 0, 0}};
    made_enum((made_enum_spec){.name = name, .size = 32, .payload_cases = 1, .empty_cases = 1, .cases = cases,
                               .tag = {get_tag, project, inject}});
    fields[i] = (made_field){"field", made_text(name), 16 + i * 32, 0};
  }
  const swift_class *class = made_class(
      (made_class_spec){.name = "Main.Optionals", .size = 16 + FIELDS * 32, .field_count = FIELDS, .fields = fields});
  void *object = made_object(heap, class, 16 + FIELDS * 32);
  for (size_t i = 0; i < FIELDS; i++) {
    made_set(object, 16 + i * 32, referent);
    made_set(object, 16 + i * 32 + 24, made_type("yXl"));
  }
  return object;
}

TEST(every_kind_of_layout) {
  made_heap heap;
  start(&heap);
  made_existential("Main.Any", 32, SWIFT_EXISTENTIAL_NOT_CLASS);
  void *error = made_object(&heap, made_kind(NULL, SWIFT_ERROR_OBJECT, 8), 40);
  made_set(error, 16, made_type("yXl"));
  made_set(error, 32, make_many_classes(&heap));
  void *root = make_generic_context(&heap, make_optional_fields(&heap, error));
  CHECK(sweep(&(scenario){.heap = &heap, .value = &root, .type = made_type("yXl")}) > 10);
  made_heap_deinit(&heap);
}

// ---- What outlives a run ----

// Two types that own memory full of each other: one is always compiled while the other is.
static void make_twins(void) {
  made_plain("Main.Int", 8, 7);
  const made_field odd[] = {{"evens", "Main.Int", 0, 0}};
  const made_field even[] = {{"odds", "Main.Int", 0, 0}, {"link", "yXl", 8, 0}};
  const swift_metadata *types[] = {
      made_struct((made_struct_spec){.name = "Main.Odd", .field_count = 1, .fields = odd}),
      made_struct((made_struct_spec){.name = "Main.Even", .field_count = 2, .fields = even})};
  const csizer_owning_field rows[] = {
      {.type = "Main.Odd", .field = "evens", .rule = CSIZER_OWNS_VALUES, .element = types[1]},
      {.type = "Main.Even", .field = "odds", .rule = CSIZER_OWNS_VALUES, .element = types[0]}};
  for (int i = 0; i < 2; i++) CHECK_EQUAL(csizer_owning_field_register(&rows[i]), CSIZER_OK);
}

// Of a chain of them the last links to `link`; answers the first even's block.
static void *make_chain(made_heap *heap, void *link) {
  void *odd = NULL;
  for (int i = 0; i < 100; i++) {
    void *even = made_block(heap, 16);
    made_set(even, 0, odd);
    made_set(even, 8, i ? NULL : link);
    odd = made_block(heap, 8);
    made_set(odd, 0, even);
  }
  return odd;
}

TEST(a_table_that_was_refused_memory_compiles_again) {
  make_twins();
  made_heap heap;
  start(&heap);
  // An even: the odds that it owns, no link.
  void *value[] = {make_chain(&heap, make_many_classes(&heap)), NULL};
  const scenario scenario = {.heap = &heap, .value = value, .type = made_type("Main.Even")};
  csizer_totals all, totals;
  CHECK_EQUAL(run(&scenario, &all), CSIZER_OK);
  CHECK_EQUAL(all.bytes, heap.bytes);
  bool refused = true;
  for (size_t n = 1; refused; n++) {
    csizer_layouts *layouts;
    CHECK_EQUAL(csizer_layouts_create(NULL, &layouts), CSIZER_OK);
    layouts->runtime = &made_runtime;
    csizer_pages_fail_at = n;
    csizer_status first = run_walk(&scenario, layouts, &totals);
    refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(first, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK_EQUAL(run_walk(&scenario, layouts, &totals), CSIZER_OK);
    CHECK_EQUAL(memcmp(&totals, &all, sizeof totals), 0);
    csizer_layouts_destroy(layouts);
  }
  made_heap_deinit(&heap);
}

TEST(registering_an_owning_field) {
  char name[64];
  const csizer_owning_field row = {.type = name, .field = "buffer", .count = "count", .lender = "lender"};
  int refusals = 0;
  for (int i = 0; i < 3000; i++) {
    snprintf(name, sizeof name, "Main.Registered%d", i);
    csizer_pages_fail_at = 1;
    csizer_status status = csizer_owning_field_register(&row);
    bool refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    refusals += refused;
    CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  }
  CHECK(refusals > 1);
}
