// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_image.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "graph/image_threads.h"
#include "support/read_image.h"

// What is in a heap image is named, where names can be known.

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

enum { GLOBAL = 1, STACK = 2 };

// The address that a label's text names: a file, its build id, and an offset in it.
static uintptr_t address_of(const char *label) {
  const char *offset = strstr(label, "+0x");
  CHECK(offset != NULL && !strncmp(label, "image_names_test", strlen("image_names_test")));
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
    const uint64_t what = take(&image, ROOT);
    const uintptr_t object = csizer_graph_object_at(graph, take(&image, ROOT)).address;
    const uint64_t label = take(&image, ROOT);
    CHECK(label && label <= names.label_count);
    CHECK_EQUAL(take(&image, ROOT), 0);
    if (what == (STACK << 2 | CSIZER_EDGE_UNCERTAIN)) continue;
    CHECK_EQUAL(what, GLOBAL << 2 | CSIZER_EDGE_UNCERTAIN);
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

// ---- Threads ----

typedef struct sleeper {
  made_heap *heap;
  sem_t has_made, may_end;
  uintptr_t object;  // all its bits turned, so that it is in no other place
} sleeper;

// Until the kernel says that the thread of this name sleeps.
static void wait_until_asleep(const char *name) {
  for (;;) {
    image_thread threads[16];
    const uint32_t count = csizer_image_threads_read(threads, 16);
    for (uint32_t i = 0; i < count; i++)
      if (!strcmp(threads[i].name, name) && threads[i].is_asleep && threads[i].sleeps) return;
    sched_yield();
  }
}

static void *sleep_with_an_object(void *context) {
  sleeper *sleeper = context;
  pthread_setname_np(pthread_self(), "sleeper");
  void *volatile object = made_node(sleeper->heap, 1);
  sleeper->object = ~(uintptr_t)object;
  sem_post(&sleeper->has_made);
  sem_wait(&sleeper->may_end);
  CHECK(object != NULL);
  return NULL;
}

static bool find_thread(image *image, const char *name) {
  bool is_found = false;
  while (!is_over(image, THREAD)) {
    char text[NAME];
    CHECK(take(image, THREAD) > 0);
    const uint64_t state = take(image, THREAD), time = take(image, THREAD), sleeps = take(image, THREAD);
    take_text(image, THREAD, text, NAME);
    if (strcmp(text, name)) continue;
    CHECK_EQUAL(state, 2);
    CHECK(time > 0 && sleeps > 0);
    is_found = true;
  }
  return is_found;
}

TEST(stacks_of_threads_that_sleep_are_roots) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  sleeper sleeper = {.heap = &heap};
  pthread_t thread;
  CHECK(!sem_init(&sleeper.has_made, 0, 0) && !sem_init(&sleeper.may_end, 0, 0));
  CHECK(!pthread_create(&thread, NULL, sleep_with_an_object, &sleeper));
  CHECK(!sem_wait(&sleeper.has_made));
  wait_until_asleep("sleeper");
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  unsigned found = 0;
  while (!is_over(&image, ROOT)) {
    const uint64_t what = take(&image, ROOT) >> 2;
    const uintptr_t object = csizer_graph_object_at(graph, take(&image, ROOT)).address;
    const uint64_t label = take(&image, ROOT);
    take(&image, ROOT);
    found += what == STACK && object == ~sleeper.object && label && !strcmp(names.labels[label - 1], "sleeper");
  }
  CHECK(found > 0);
  CHECK(find_thread(&image, "sleeper"));
  sem_post(&sleeper.may_end);
  pthread_join(thread, NULL);
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
  static char longer[] = "................................"
                         "an even longer key, with an \xC3\xA4 here: \xC3\xA4\xC3\xA4\xC3\xA4";
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
