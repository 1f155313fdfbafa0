// SPDX-License-Identifier: Apache-2.0
#include "runtime/block_names.h"

#include <string.h>

#include "layouts/compiling.h"
#include "support/check.h"
#include "support/made_heap.h"

// Blocks: what names say of them before the runtime is asked, and what a walk finds in them.

// ---- Names ----

#define NEAR "\x01\x00\x5F\x49\x00"  // a symbolic reference
#define NAME(text) {text, sizeof(text) - 1}

typedef struct name {
  const char *text;
  size_t length;
} name;

TEST(names_that_mention_blocks) {
  static const name names[] = {
      NAME("yyXB"),         NAME("yyXBSg"),       NAME("yyXL"),        NAME("SSSiXB"),      NAME("S2iXB"),
      NAME("SayyyXBG"),     NAME("yyyXBc"),       NAME("Si_yyXBt"),    NAME("q0_yXBSg"),    NAME("qd0__yXB"),
      NAME("IeyB_"),        NAME("IeyBy_Sg"),     NAME(NEAR "yXB"),    NAME(NEAR "yyyXBG"), NAME("4Main3BoxVyyyXBG"),
      NAME("AA3BoxVyyyXBG"), NAME("0aB3BoxVyXB"), NAME("A2CXB"),       NAME("yyXzB3abc"),   NAME("xq_XB"),
      NAME("Si_IeyB_t"),
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!csizer_name_mentions_block(names[i].text, names[i].length))
      check_fail(__FILE__, __LINE__, "none", names[i].text);
}

TEST(names_that_mention_none) {
  static const name names[] = {
      NAME(""),          NAME("Si"),           NAME("yyc"),      NAME("4Main3XBIV"),   NAME("4Main6IeyB_xV"),
      NAME("yyXC"),      NAME("Ieg_"),         NAME("IetC_"),    NAME("SayypG"),       NAME("\x01XBXB"),
      NAME("5XLXBxV"),   NAME("0aB2XBV"),      NAME("SgXw"),     NAME("004XBaaV"),     NAME("\x1fXBXBXBXB" "Sg"),
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (csizer_name_mentions_block(names[i].text, names[i].length))
      check_fail(__FILE__, __LINE__, "one", names[i].text);
}

TEST(stand_ins_have_the_same_layout) {
  static const struct {
    name name;
    const char *stand_in;
  } cases[] = {
      {NAME("yyXB"), "yyXB"},       {NAME("S2iXBSg"), "yyXB"},     {NAME("yyXLSgSg"), "yyXB"},
      {NAME("yyyXBc"), "yyc"},      {NAME("yyyXBSgcSg"), "yycSg"}, {NAME("yyyXBXC"), "yyXC"},
      {NAME("SayyyXBG"), "SayyXlG"}, {NAME("SDySSyyXBGSg"), "SayyXlGSg"},
      {NAME("Si_yyXBt"), NULL},     {NAME("4Main3BoxVyyyXBG"), NULL}, {NAME(NEAR "yyyXBG"), NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char room[CSIZER_STAND_IN_ROOM];
    bool found = csizer_name_without_blocks(cases[i].name.text, cases[i].name.length, room);
    CHECK_EQUAL(found, cases[i].stand_in != NULL);
    if (found) CHECK_TEXT(room, cases[i].stand_in);
  }
}

// ---- Layouts ----

// The runtime leaves in the place of a block's witnesses what was in that memory.
static const swift_metadata *made_block_type(const char *name, const void *witnesses) {
  const swift_metadata *type = made_function(name, SWIFT_CONVENTION_BLOCK);
  ((const void **)(uintptr_t)type)[-1] = witnesses;
  return type;
}

TEST(blocks_are_a_word_whatever_their_witnesses) {
  const void *const rubbish[] = {NULL, (const void *)8, (const void *)0xA5A5A5A5A5A5A5A5};
  for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
    made_heap heap;
    made_heap_init(&heap, NULL);
    const csizer_value_layout *layout = csizer_layouts_value(heap.layouts, made_block_type("Main.Block", rubbish[i]));
    CHECK_EQUAL(layout->size, 8);
    CHECK_EQUAL(layout->stride, 8);
    CHECK_EQUAL(layout->op_count, 1);
    CHECK_EQUAL(layout->ops[0].kind, OP_BLOCK);
    CHECK(!layout->unresolved);
    made_heap_deinit(&heap);
  }
}

TEST(types_without_witnesses_are_unresolved) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  static const uintptr_t kinds[] = {SWIFT_STRUCT, SWIFT_FUNCTION, SWIFT_OPAQUE, SWIFT_FOREIGN_REFERENCE + 1, 0x3FF};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    made_struct_spec spec = {.name = "Main.Bare", .size = 8, .without_records = true};
    const swift_metadata *type = kinds[i] == SWIFT_STRUCT ? made_struct(spec) : made_kind("Main.Bare", kinds[i], 8);
    ((const void **)(uintptr_t)type)[-1] = NULL;
    const csizer_value_layout *layout = csizer_layouts_value(heap.layouts, type);
    CHECK_EQUAL(layout->size, 0);
    CHECK(layout->unresolved);
    CHECK_EQUAL(layout->references, 0);
  }
  made_heap_deinit(&heap);
}

// ---- Blocks on the heap ----

enum { ON_HEAP = 1 << 24, HELPERS = 1 << 25, ONE_REFERENCE = 2, MAGIC = 0xD159B10C };

static struct {
  uint64_t reserved, size;
} closure_descriptor = {0, 48}, plain_descriptor = {0, 40}, item_descriptor = {0, 104}, other_descriptor = {0, 64};

typedef struct scene {
  made_heap heap;
  void *holder;  // a block at 16, another at 24
} scene;

static void code(void) {}

static void start(scene *scene) {
  made_node_class(1);
  made_block_type("yyXB", NULL);
  const made_field fields[] = {{"first", "yyXB", 16, 0}, {"second", "yyXBSg", 24, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Holder", .size = 32, .field_count = 2, .fields = fields});
  made_heap_init(&scene->heap, NULL);
  scene->holder = made_object(&scene->heap, class, 32);
}

static void *make(scene *scene, uint32_t flags, const void *descriptor, size_t bytes) {
  char *block = made_block(&scene->heap, bytes);
  made_set(block, 0, &closure_descriptor);
  made_set_number(block, 8, flags);
  made_set(block, 16, (const void *)(uintptr_t)code);
  made_set(block, 24, descriptor);
  return block;
}

static void *make_closure(scene *scene, const void *context) {
  void *block = make(scene, ON_HEAP | HELPERS | ONE_REFERENCE, &closure_descriptor, 48);
  made_set(block, 32, (const void *)(uintptr_t)code);
  made_set(block, 40, context);
  return block;
}

static void expect(scene *scene, size_t objects, size_t raw_blocks, size_t unresolved) {
  csizer_totals totals = made_size_of_object(&scene->heap, scene->holder);
  CHECK_EQUAL(totals.objects, objects);
  CHECK_EQUAL(totals.raw_blocks, raw_blocks);
  CHECK_EQUAL(totals.unresolved, unresolved);
  made_heap_deinit(&scene->heap);
}

TEST(nil_and_static_blocks_own_nothing) {
  scene scene;
  start(&scene);
  made_set(scene.holder, 16, &closure_descriptor);  // in an image
  expect(&scene, 1, 0, 0);
}

TEST(a_block_owns_the_closure_it_was_made_from) {
  scene scene;
  start(&scene);
  void *block = make_closure(&scene, made_node(&scene.heap, 1));
  made_set(scene.holder, 16, block);
  made_set(scene.holder, 24, block);
  expect(&scene, 2, 1, 0);
}

TEST(blocks_of_plain_captures_are_their_bytes) {
  scene scene;
  start(&scene);
  void *block = make(&scene, ON_HEAP | ONE_REFERENCE, &plain_descriptor, 40);
  made_set(block, 32, made_node(&scene.heap, 1));  // C did not retain it
  made_set(scene.holder, 24, block);
  expect(&scene, 1, 1, 0);
}

TEST(what_blocks_of_c_keep_is_unknown) {
  scene scene;
  start(&scene);
  made_set(scene.holder, 16, make(&scene, ON_HEAP | HELPERS | ONE_REFERENCE, &other_descriptor, 64));
  expect(&scene, 1, 1, 1);
}

TEST(work_items_lead_to_their_block_and_group) {
  scene scene;
  start(&scene);
  void *item = make(&scene, ON_HEAP | HELPERS | ONE_REFERENCE, &item_descriptor, 104);
  made_set_number(item, 32, MAGIC);
  made_set(item, 72, make_closure(&scene, made_node(&scene.heap, 1)));
  made_set(item, 80, made_block(&scene.heap, 64));
  made_set(scene.holder, 16, item);
  expect(&scene, 2, 3, 0);
}

TEST(what_waits_for_a_work_item_is_unknown) {
  scene scene;
  start(&scene);
  void *item = make(&scene, ON_HEAP | HELPERS | ONE_REFERENCE, &item_descriptor, 104);
  void *group = made_block(&scene.heap, 72);
  made_set_number(item, 32, MAGIC);
  made_set(item, 80, group);
  made_set(group, 56, made_block(&scene.heap, 32));
  made_set(scene.holder, 16, item);
  expect(&scene, 1, 2, 1);
}

TEST(what_is_no_block_is_unresolved) {
  scene scene;
  start(&scene);
  void *large = make(&scene, ON_HEAP | HELPERS | ONE_REFERENCE, &closure_descriptor, 40);  // smaller than it says
  made_set(large, 24, &other_descriptor);
  made_set(scene.holder, 16, large);
  made_set(scene.holder, 24, make(&scene, HELPERS, &closure_descriptor, 48));  // nobody refers to it
  expect(&scene, 1, 2, 2);
}
