// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/mman.h>

#include "layouts/compiling.h"
#include "layouts/member_list.h"
#include "platform/fault_guard.h"
#include "support/check.h"
#include "support/made_heap.h"

// Metadata of all kinds, made by hand, in which words are changed: bits, zeros, absurd figures, addresses of nothing,
// of what is not readable and of other metadata, so that there are cycles. Whatever stands there, compiling ends,
// faults nowhere and knows the types again when they are put right. SIZER_FUZZ_SEED repeats or varies a run,
// SIZER_FUZZ_ROUNDS makes it longer.

#ifdef __has_feature
#define IS_ADDRESS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_ADDRESS_SANITIZED 0
#endif

enum { MOST_SUBJECTS = 64, ROUNDS = 1500, MOST_CHANGES = 6, VALUE_BYTES = 1 << 16 };

static struct {
  const swift_metadata *types[MOST_SUBJECTS];  // of values
  size_t type_count;
  const void *isas[MOST_SUBJECTS];  // of objects
  size_t isa_count;
} zoo;

static const swift_metadata *add(const swift_metadata *type) {
  CHECK(zoo.type_count < MOST_SUBJECTS);
  return zoo.types[zoo.type_count++] = type;
}

static void add_object(const void *isa) {
  CHECK(zoo.isa_count < MOST_SUBJECTS);
  zoo.isas[zoo.isa_count++] = isa;
}

static const swift_class *add_class(made_class_spec spec) {
  const swift_class *class = made_class(spec);
  add((const swift_metadata *)class);
  add_object(class);
  return class;
}

// ---- What is mutated ----

// A tag in a byte of its own, behind the payload.
enum { TAG = 16 };
static unsigned get_tag(const void *value, const swift_metadata *type) {
  (void)type;
  return ((const uint8_t *)value)[TAG] & 3;
}
static void project(void *value, const swift_metadata *type) { (void)value, (void)type; }
static void inject(void *value, unsigned tag, const swift_metadata *type) {
  (void)type;
  ((uint8_t *)value)[TAG] = (uint8_t)tag;
}

static void make_values(void) {
  add(made_plain("Si", 8, 7));
  add(made_plain("Main.Int", 8, 7));
  const made_field pair[] = {{"number", "Main.Int", 0, 0}, {"link", "Main.Node1", 8, 0}};
  add(made_struct((made_struct_spec){.name = "Main.Pair", .field_count = 2, .fields = pair}));
  const made_field held[] = {{"weak", "Main.Node1Xw", 0, 0},     {"unowned", "Main.Node1Xo", 8, 0},
                             {"unmanaged", "Main.Node1Xu", 16, 0}, {"pair", "Main.Pair", 24, 0},
                             {"pointer", "Main.Int", 40, 0},     {"count", "Main.Int", 48, 0}};
  csizer_owning_field row = {.type = "Main.Held", .field = "pointer", .count = "count", .rule = CSIZER_OWNS_VALUES};
  row.element = made_type("Main.Pair");
  CHECK_EQUAL(csizer_owning_field_register(&row), CSIZER_OK);
  add(made_struct((made_struct_spec){.name = "Main.Held", .field_count = 6, .fields = held}));
  add(made_struct((made_struct_spec){.name = "__C.Imported", .size = 16, .align_mask = 7, .without_records = true}));
  static const char *const parts[] = {"Main.Pair", "Main.Int", "Main.Held"};
  add(made_tuple("Main.Tuple", 3, parts));
  for (uintptr_t convention = 0; convention < 4; convention++) {
    char name[] = "Main.Function0";
    name[sizeof name - 2] = (char)('0' + convention);
    add(made_function(name, convention));
  }
  add(made_existential("Main.Any", 32, SWIFT_EXISTENTIAL_NOT_CLASS));
  add(made_existential("Main.AnyObject", 8, 0));
  add(made_existential("Main.Error", 8, SWIFT_EXISTENTIAL_NOT_CLASS | SWIFT_EXISTENTIAL_ERROR));
  add(made_fixed_array("Main.Inline", 5, "Main.Pair"));
  add(made_opaque("Bo", 8, true));
  add(made_kind("Main.Odd", 0x3F0, 16));
  add(made_kind("Main.Metatype", SWIFT_METATYPE, 8));
  const made_tag tag = {get_tag, project, inject};
  const made_field cases[] = {{"one", "Main.Pair", 0, 0},
                              {"two", "Main.Node1", 0, 0},
                              {"three", "Main.Int", 0, SWIFT_FIELD_INDIRECT},
                              {"none", NULL, 0, 0}};
  made_enum_spec choice = {.name = "Main.Choice", .size = 17, .payload_cases = 3, .empty_cases = 1};
  choice.cases = cases;
  choice.tag = tag;
  add(made_enum(choice));
  const made_field some[] = {{"some", "Main.Pair", 0, 0}, {"none", NULL, 0, 0}};
  made_enum_spec maybe = {.name = "Main.Maybe", .size = 17, .payload_cases = 1, .empty_cases = 1};
  maybe.cases = some;
  maybe.tag = tag;
  add(made_enum(maybe));
}

// Library classes that keep elements, of these types.
static void make_storage(const char *name, size_t arguments) {
  const void *types[] = {made_type("Main.Pair"), made_type("Main.Node1")};
  add_class((made_class_spec){.name = name, .size = 64, .argument_count = arguments, .arguments = types});
}

static void make_classes(void) {
  const made_field base[] = {{"pair", "Main.Pair", 16, 0}, {"any", "Main.Any", 32, 0}};
  made_class_spec spec = {.name = "Main.Base", .size = 64, .field_count = 2, .fields = base};
  const swift_class *first = add_class(spec);
  const made_field own[] = {
      {"choice", "Main.Choice", 64, 0}, {"run", "Main.Function0", 88, 0}, {"held", "Main.Held", 104, 0}};
  spec = (made_class_spec){.name = "Main.Derived", .superclass = first, .size = 160, .field_count = 3, .fields = own};
  add_class(spec);
  spec.name = "Main.Resilient";
  spec.resilient = true;
  add_class(spec);
  add_class((made_class_spec){.name = "Main.Secret", .size = 48, .without_records = true});
}

static void make_objects(void) {
  add((const swift_metadata *)made_node_class(1));
  make_values();
  make_classes();
  make_storage("Swift._ContiguousArrayStorage", 1);
  make_storage("Swift._DictionaryStorage", 2);
  make_storage("HashTreeCollections._HashNode.Storage", 2);
  const void *types[] = {made_type("Main.Pair"), made_type("Main.Node1")};
  const made_field header[] = {{"header", "Main.Pair", 16, 0}};
  made_class_spec buffer = {.name = "Swift.ManagedBuffer", .size = 32, .field_count = 1, .fields = header};
  buffer.argument_count = 2;
  buffer.arguments = types;
  add_class(buffer);
  add_object(made_generic_box("Main.Held", 16));
  static const char *const captures[] = {"Main.Pair", "Ieg_", "Main.Node1Xw", "IeyB_", "x", "Siz_Xx"};
  static const char *const parameters[] = {"x"};
  add_object(made_context(6, captures, 1, parameters));
  add_object(made_context(4, captures, 0, NULL));
  add_object(made_kind("Main.Box", SWIFT_ERROR_OBJECT, 8));
}

// ---- Mutating ----

static uint64_t seed;
static char *no_access;  // a page that can't be read, behind one that can

static uintptr_t *words;  // of the metadata
static size_t word_count;

// Around the program's own variables AddressSanitizer lets nobody read, nor in what it maps for itself: there the
// metadata is moved away from them, out of the reach of offsets, to where nothing else is mapped. Elsewhere it stays in
// the program's image, where the compiler would have put it.
static void find_memory(void) {
  size_t bytes;
  words = made_memory(&bytes);
  word_count = bytes / sizeof *words;
  if (!IS_ADDRESS_SANITIZED) return;
  enum { TERABYTE_SHIFT = 40, FAR = 48 };
  void *far = (void *)((uintptr_t)FAR << TERABYTE_SHIFT);
  void *elsewhere = mmap(far, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(elsewhere == far);
  words = elsewhere;
  ptrdiff_t distance = made_move(elsewhere);
  for (size_t i = 0; i < zoo.type_count; i++) zoo.types[i] = (const void *)((const char *)zoo.types[i] + distance);
  for (size_t i = 0; i < zoo.isa_count; i++) zoo.isas[i] = (const char *)zoo.isas[i] + distance;
}

static bool is_code_word(uintptr_t word) {
  return word == (uintptr_t)get_tag || word == (uintptr_t)project || word == (uintptr_t)inject;
}

static uintptr_t changed(uintptr_t word) {
  static const uintptr_t absurd[] = {1,          7,          0x7F,       0xFF,      0x7FFF,    0xFFFF,
                                     0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, INT64_MAX, UINT64_MAX};
  uint64_t random = check_random(&seed);
  uintptr_t inside = (uintptr_t)&words[random / 16 % word_count];
  switch (random % 12) {
    case 0: return 0;
    case 1: return word ^ (uintptr_t)1 << (random / 16 % 64);
    case 2: return word + (random / 16 % 33) - 16;
    case 3: return absurd[random / 16 % (sizeof absurd / sizeof *absurd)];
    case 4: return word << 32 | (uint32_t)absurd[random / 16 % (sizeof absurd / sizeof *absurd)];
    case 5: return (uint32_t)word | absurd[random / 16 % (sizeof absurd / sizeof *absurd)] << 32;
    case 6: return check_random(&seed);
    case 7: return check_random(&seed) & 0x7FFFFFFFFFF8;
    case 8: return (uintptr_t)no_access - random / 16 % 24 * 8;
    case 9: return (uintptr_t)zoo.types[random / 16 % zoo.type_count];
    case 10: return words[random / 16 % word_count];
    default: return inside;
  }
}

// AddressSanitizer's own memory: it can be read, but not by code that AddressSanitizer has made.
static bool is_shadow(uintptr_t word) { return IS_ADDRESS_SANITIZED && word >= 0x7FFF8000 && word < 0x10007FFF8000; }

// Code is changed to what is none: what code of somebody else's would do here proves nothing.
static void mutate(void) {
  for (size_t i = 1 + check_random(&seed) % MOST_CHANGES; i > 0; i--) {
    uintptr_t *word = &words[check_random(&seed) % word_count];
    uintptr_t next = is_code_word(*word) ? 0 : changed(*word);
    *word = is_shadow(next) ? 0 : next;
  }
}

// ---- Compiling ----

// All that can be compiled, in an order that is another each time; what is small enough is walked, over data.
static uint64_t compile_all(void) {
  static const uint64_t value[VALUE_BYTES / 8];
  made_heap heap;
  made_heap_init(&heap, NULL);
  uint64_t sum = 0;
  size_t first = check_random(&seed) % zoo.type_count;
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  for (size_t i = 0; i < zoo.type_count; i++) {
    const swift_metadata *type = zoo.types[(first + i) % zoo.type_count];
    const csizer_value_layout *layout = csizer_layouts_value(heap.layouts, type);
    CHECK(layout != NULL && csizer_layouts_members(heap.layouts, type) != NULL);
    CHECK(csizer_layouts_prepare_members(heap.layouts, type));
    sum += layout->size + 31 * layout->op_count + 977 * (layout->references % 4093) + layout->unresolved;
    if (layout->size <= VALUE_BYTES) CHECK_EQUAL(csizer_walk_value(walk, value, type), CSIZER_OK);
  }
  for (size_t i = 0; i < zoo.isa_count; i++) {
    const csizer_object_layout *layout = csizer_layouts_object(heap.layouts, zoo.isas[i]);
    CHECK(layout != NULL);
    sum += 7 * (uint64_t)layout->shape + layout->first + layout->fields.op_count + layout->fields.unresolved;
    const void *bindings[] = {zoo.types[0], zoo.types[1], zoo.types[2], zoo.types[3]};
    const swift_local_variable *context = zoo.isas[i];
    if (layout->shape == SHAPE_BOUND && context->captures->binding_count <= 4)
      CHECK(csizer_layouts_bind(heap.layouts, layout, zoo.isas[i], bindings) != NULL);
  }
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
  return sum;
}

static uint64_t number_in(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 0) : otherwise;
}

TEST(whatever_metadata_holds_compiling_ends) {
  make_objects();
  find_memory();
  long page = (long)check_page_bytes();
  char *pages = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED && !mprotect(pages + page, (size_t)page, PROT_NONE));
  no_access = pages + page;
  uint64_t rounds = number_in("SIZER_FUZZ_ROUNDS", ROUNDS), right = compile_all();
  seed = number_in("SIZER_FUZZ_SEED", 1);
  unsigned faults = csizer_guard_faults();
  size_t bytes = word_count * sizeof *words;
  void *before = malloc(bytes);
  CHECK(before != NULL);
  memcpy(before, words, bytes);
  for (uint64_t round = 0; round < rounds; round++) {
    uint64_t seed_of_round = seed;
    mutate();
    compile_all();
    memcpy(words, before, bytes);
    // What was looked at beforehand is all that is read: the guard had nothing to catch.
    if (csizer_guard_faults() != faults) fprintf(stderr, "SIZER_FUZZ_SEED=%llu\n", (unsigned long long)seed_of_round);
    CHECK_EQUAL(csizer_guard_faults(), faults);
    if (round % 100 == 0) CHECK_EQUAL(compile_all(), right);
  }
  CHECK_EQUAL(compile_all(), right);
  free(before);
}

// ---- What no look beforehand can see ----

static void die(void *value, unsigned tag, const swift_metadata *type) {
  (void)value, (void)tag, (void)type;
  __builtin_trap();
}

TEST(witnesses_that_fault_cost_their_type_only) {
  made_heap heap;
  made_node_class(1);
  made_plain("Main.Int", 8, 7);
  const made_field cases[] = {{"one", "Main.Node1", 0, 0}, {"two", "Main.Node1", 0, 0}};
  made_enum((made_enum_spec){
      .name = "Main.Deadly", .size = 17, .payload_cases = 2, .cases = cases, .tag = {get_tag, project, die}});
  const made_field fields[] = {{"link", "Main.Node1", 16, 0}, {"deadly", "Main.Deadly", 24, 0}};
  made_class_spec spec = {.name = "Main.Holder", .size = 48, .field_count = 2, .fields = fields};
  const swift_class *class = made_class(spec);
  made_heap_init(&heap, NULL);
  // jemalloc's look-up, which is tried before its first use, faults on AArch64 (lookup_jemalloc.c).
  csizer_layouts_object(heap.layouts, (const swift_metadata *)made_node_class(2));
  unsigned before = csizer_guard_faults();
  const csizer_object_layout *layout = csizer_layouts_object(heap.layouts, (const swift_metadata *)class);
  CHECK_EQUAL(csizer_guard_faults(), before + 1);
  CHECK(layout->fields.unresolved);
  CHECK(csizer_layouts_value(heap.layouts, made_type("Main.Deadly"))->unresolved);
  CHECK(!csizer_layouts_object(heap.layouts, (const swift_metadata *)made_node_class(1))->fields.unresolved);
  CHECK(csizer_layouts_prepare_members(heap.layouts, (const swift_metadata *)class));
  made_heap_deinit(&heap);
}

TEST(values_in_values_end_somewhere) {
  enum { DEEP = 400 };
  char name[32], inner[32] = "Main.Node1";
  made_node_class(1);
  for (int i = 0; i < DEEP; i++) {
    snprintf(name, sizeof name, "Main.Level%d", i);
    const made_field field[] = {{"inner", inner, 0, 0}};
    made_struct((made_struct_spec){.name = name, .field_count = 1, .fields = field});
    strcpy(inner, name);
  }
  made_heap heap;
  made_heap_init(&heap, NULL);
  CHECK(csizer_layouts_value(heap.layouts, made_type(name))->unresolved);
  CHECK(!csizer_layouts_value(heap.layouts, made_type("Main.Level99"))->unresolved);
  made_heap_deinit(&heap);
}
