// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_image.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "csizer_allocator.h"
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
  CHECK_TEXT(text, "16 capture 1;40 capture 3.node;");
  fields_of(&image, "box of Main.Inner", text, sizeof text);
  CHECK_TEXT(text, "24 box.node;");
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- What leads in from outside ----

enum { GLOBAL = 1, STACK = 2, C_MEMORY = 4, STACK_IN_USE = 6 };

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

// How many of the two variables are roots, when so many bytes are left out.
static unsigned roots_without(const void *start, size_t bytes) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_roots(&heap);
  image image;
  csizer_graph *graph = write_image_without(&heap, &image, start, bytes);
  take_names(&image, &names);
  unsigned found = 0;
  while (!is_over(&image, ROOT)) {
    const uint64_t what = take(&image, ROOT);
    const uintptr_t object = csizer_graph_object_at(graph, take(&image, ROOT)).address;
    const uint64_t label = take(&image, ROOT);
    CHECK(label && label <= names.label_count);
    CHECK_EQUAL(take(&image, ROOT), 0);
    // The heap's own list of its blocks is memory that no object has.
    const uint64_t place = what >> 2;
    if (place == STACK || place == STACK_IN_USE || place == C_MEMORY) continue;
    CHECK_EQUAL(what, GLOBAL << 2 | CSIZER_EDGE_UNCERTAIN);
    const uintptr_t address = address_of(names.labels[label - 1]);
    CHECK(address != (uintptr_t)&not_in_the_heap);
    found += address == (uintptr_t)&in_a_global && object == (uintptr_t)in_a_global;
    found += address == (uintptr_t)&with_a_tag && object == (with_a_tag & ~((uintptr_t)0x80 << 56));
  }
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
  return found;
}

TEST(global_variables_are_roots) { CHECK_EQUAL(roots_without(NULL, 0), 2); }

TEST(what_is_left_out_is_no_root) { CHECK_EQUAL(roots_without(&in_a_global, sizeof in_a_global), 1); }

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
    const uint32_t count = csizer_image_threads_read(threads, 16, 0);
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
    found += what == STACK_IN_USE && object == ~sleeper.object && label && !strcmp(names.labels[label - 1], "sleeper");
  }
  CHECK(found > 0);
  CHECK(find_thread(&image, "sleeper"));
  sem_post(&sleeper.may_end);
  pthread_join(thread, NULL);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Threads that run ----

static volatile bool may_stop;

static void *run_with_an_object(void *context) {
  sleeper *sleeper = context;
  pthread_setname_np(pthread_self(), "runner");
  void *volatile object = made_node(sleeper->heap, 1);
  sleeper->object = ~(uintptr_t)object;
  sem_post(&sleeper->has_made);
  while (!may_stop) {}
  CHECK(object != NULL);
  return NULL;
}

// How many references from a stack to an object the image has under a thread's name.
static unsigned roots_of_thread(image *image, const csizer_graph *graph, const names *names, const char *thread,
                                unsigned stack, uintptr_t address) {
  unsigned found = 0;
  image->at[ROOT] = 0;
  while (!is_over(image, ROOT)) {
    const uint64_t what = take(image, ROOT) >> 2;
    const uintptr_t object = csizer_graph_object_at(graph, take(image, ROOT)).address;
    const uint64_t label = take(image, ROOT);
    take(image, ROOT);
    found += what == stack && object == address && label && !strcmp(names->labels[label - 1], thread);
  }
  return found;
}

TEST(stacks_of_threads_that_run_are_roots) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  sleeper runner = {.heap = &heap};
  pthread_t thread;
  CHECK(!sem_init(&runner.has_made, 0, 0));
  CHECK(!pthread_create(&thread, NULL, run_with_an_object, &runner));
  CHECK(!sem_wait(&runner.has_made));
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK(roots_of_thread(&image, graph, &names, "runner", STACK, ~runner.object) > 0);
  may_stop = true;
  pthread_join(thread, NULL);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

static _Thread_local void *of_this_thread;

// Its stack, and its own variables, which are elsewhere.
TEST(what_the_calling_thread_keeps_is_a_root) {
  static names names;
  static char name[16];
  pthread_getname_np(pthread_self(), name, sizeof name);
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 8; i++) made_node(&heap, 1);  // nobody can say what is left of old calls
  of_this_thread = made_node(&heap, 1);
  const uintptr_t own = ~(uintptr_t)of_this_thread;
  void *volatile on_stack = made_node(&heap, 1);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK(roots_of_thread(&image, graph, &names, name, STACK_IN_USE, (uintptr_t)on_stack) > 0);
  CHECK(roots_of_thread(&image, graph, &names, name, STACK_IN_USE, ~own) > 0);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Memory of nobody the graph knows ----

static const char *foreign_holder(image *image, const csizer_graph *graph, const names *names, uintptr_t address,
                                  uintptr_t at) {
  static char wanted[32];
  snprintf(wanted, sizeof wanted, "0x%" PRIxPTR " in", at);
  image->at[ROOT] = 0;
  while (!is_over(image, ROOT)) {
    const uint64_t what = take(image, ROOT);
    const uintptr_t object = csizer_graph_object_at(graph, take(image, ROOT)).address;
    const uint64_t label = take(image, ROOT);
    CHECK_EQUAL(take(image, ROOT), 0);
    const bool is_it = what == (C_MEMORY << 2 | CSIZER_EDGE_UNCERTAIN) && object == address;
    if (!is_it) continue;
    CHECK(label && label <= names->label_count);
    if (!strncmp(names->labels[label - 1], wanted, strlen(wanted))) return names->labels[label - 1];
  }
  return NULL;
}

typedef struct foreign {
  made_heap *heap;
  image image;
  csizer_graph *graph;
  names *names;
} foreign;

static const char *holder(foreign *foreign, const void *object, void *block, size_t word) {
  return foreign_holder(&foreign->image, foreign->graph, foreign->names, (uintptr_t)object,
                        (uintptr_t)block + 8 * word);
}

static void check_block(const char *text, void *block, size_t word) {
  char wanted[96];
  snprintf(wanted, sizeof wanted, "0x%" PRIxPTR " in a block of %zu bytes", (uintptr_t)block + 8 * word,
           made_bytes(block));
  CHECK(text != NULL);
  CHECK_TEXT(text, wanted);
}

TEST(memory_that_no_object_has_may_hold_objects) {
  static names names;
  made_heap heap;
  made_heap_init(&heap, NULL);
  if (!csizer_allocator_has_uniform_pages()) return made_heap_deinit(&heap);
  enum { SIZES = 7, OBJECTS = SIZES + 3 };
  static const size_t sizes[SIZES] = {16, 48, 96, 320, 4096, 14336, 100000};
  void *objects[OBJECTS], *blocks[OBJECTS];
  for (int i = 0; i < OBJECTS; i++) {
    objects[i] = made_node(&heap, 1);
    ((swift_object *)objects[i])->references = 3;
    blocks[i] = made_block(&heap, i < SIZES ? sizes[i] : 96);
    made_set(blocks[i], 8 * (made_bytes(blocks[i]) / 8 - 1), objects[i]);
  }
  // One that another object holds is explained; one lies in what is left of an object; one is not counted.
  made_link(made_node(&heap, 1), 0, objects[SIZES]);
  made_set(blocks[SIZES + 1], 0, made_node_class(1));
  made_set_number(blocks[SIZES + 1], 8, 0x100000003);
  ((swift_object *)objects[SIZES + 2])->references = 0xFFFFFFFF;  // for ever
  foreign foreign = {.heap = &heap, .names = &names};
  foreign.graph = write_image(&heap, &foreign.image);
  take_names(&foreign.image, &names);
  for (int i = 0; i < SIZES; i++) {
    const size_t last = made_bytes(blocks[i]) / 8 - 1;
    check_block(holder(&foreign, objects[i], blocks[i], last), blocks[i], last);
  }
  for (int i = SIZES; i < OBJECTS; i++)
    CHECK(holder(&foreign, objects[i], blocks[i], made_bytes(blocks[i]) / 8 - 1) == NULL);
  free_image(&foreign.image);
  csizer_graph_destroy(foreign.graph);
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

// What captures one object has that for its context: the reference has the function's name.
TEST(a_reference_has_the_name_of_the_function_that_captured_it) {
  static names names;
  made_node_class(1);
  made_function("Main.Callback", SWIFT_CONVENTION_SWIFT);
  made_function("Main.Code", 3);  // C's convention
  const made_field fields[] = {
      {"end", "Main.Callback", 16, 0}, {"code", "Main.Code", 32, 0}, {"node", "Main.Node1", 40, 0}};
  const swift_class *caller =
      made_class((made_class_spec){.name = "Main.Session", .size = 48, .field_count = 3, .fields = fields});
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *session = made_object(&heap, caller, 48);
  made_set(session, 16, (const void *)(uintptr_t)&make_roots);
  made_set(session, 24, session);
  made_set(session, 32, (const void *)(uintptr_t)&make_roots);  // C's function, and beside it what it knows nothing of
  made_set(session, 40, made_node(&heap, 1));
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  take_names(&image, &names);
  CHECK_EQUAL(csizer_graph_object_at(graph, (size_t)take_signed(&image, CALLS)).address, (uintptr_t)session);
  CHECK_EQUAL(take(&image, CALLS), 0);
  const uint64_t label = take(&image, CALLS);
  CHECK(label < names.label_count);
  CHECK_EQUAL(address_of(names.labels[label]), (uintptr_t)&make_roots);
  CHECK(is_over(&image, CALLS));
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}
