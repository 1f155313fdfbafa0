// SPDX-License-Identifier: Apache-2.0
#include <jemalloc/jemalloc.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "csizer_birth_scopes.h"
#include "csizer_census.h"
#include "csizer_clock.h"
#include "csizer_heapmap.h"
#include "csizer_layout.h"
#include "csizer_lifetimes.h"
#include "csizer_trace.h"
#include "csizer_walk.h"
#include "lifetimes/birth_scopes.h"
#include "platform/fault_guard.h"
#include "platform/malloc_calls.h"
#include "runtime/swift_call.h"
#include "runtime/target.h"
#include "support/check.h"

// The entry points of a real Swift runtime, which this program links, replaced: what its own library makes and frees is
// seen. Strings of a hundred bytes stand for all objects; the standard library's machine code makes them.

typedef struct swift_text {
  uint64_t first, object;
} swift_text;

// String.init(repeating: String, count: Int)
extern SWIFT_CALL swift_text repeat_text(swift_text text, int64_t count) SWIFT_SYMBOL("$sSS9repeating5countS2S_SitcfC");
extern void swift_release(void *object);

enum { STRINGS = 1000, LENGTH = 100 };
static void *strings[STRINGS];

// In a section of its own, so that a frame of it is known by its address.
__attribute__((noinline, section("makes_strings"))) static void make_strings(void) {
  const swift_text x = {'x', 0xE100000000000000};  // a small one, in the words themselves (StringObject.swift)
  for (size_t i = 0; i < STRINGS; i++)
    strings[i] = (void *)(uintptr_t)(repeat_text(x, LENGTH).object & 0x0FFFFFFFFFFFFFFF);
}

static void end_strings(void) {
  for (size_t i = 0; i < STRINGS; i++) swift_release(strings[i]);
}

static uint64_t allocated(void) {
  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  CHECK_EQUAL(mallctl("thread.allocated", &bytes, &size, NULL, 0), 0);
  return bytes;
}

static void demand_hooks(void) {
  CHECK_TEXT(csizer_census_reason(), "");
  CHECK_EQUAL(csizer_census_state(), CSIZER_HOOKS_REPLACED);
}

TEST(what_the_runtime_makes_and_frees_is_seen) {
  demand_hooks();
  make_strings();
  end_strings();  // what the first one makes for good
  size_t before = csizer_heapmap_count(csizer_census_map());
  make_strings();
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), before + STRINGS);
  for (size_t i = 0; i < STRINGS; i++) CHECK(csizer_heapmap_contains(csizer_census_map(), strings[i]));
  end_strings();
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), before);
}

// Where the program's own variables begin and end (crt1.o; end(3)).
extern uintptr_t __data_start[], _end[];

static size_t words_that_lead_to(const void *block) {
  size_t found = 0;
  for (const uintptr_t *word = __data_start; word + 1 <= _end; word++) found += *word == (uintptr_t)block;
  return found;
}

static __attribute__((noinline)) void write_to_stack_below(const void *block) {
  enum { WORDS = 4096 };
  const void *volatile words[WORDS];
  for (size_t i = 0; i < WORDS; i++) words[i] = block;
}

static void do_nothing(void *unused) { (void)unused; }

static void fork_once(void) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) _exit(0);
  CHECK_EQUAL(waitpid(child, NULL, 0), child);
}

// What the engine keeps of its own stack has nothing of what others left there.
TEST(no_variable_of_the_engine_has_what_stood_on_the_stack) {
  static char block[16];
  demand_hooks();
  CHECK_EQUAL(words_that_lead_to(block), 0);
  write_to_stack_below(block);
  fork_once();
  write_to_stack_below(block);
  CHECK(csizer_guard_call(do_nothing, NULL));
  write_to_stack_below(block);
  CHECK(csizer_trace_is_available());
  CHECK_EQUAL(words_that_lead_to(block), 0);
}

// What was made and freed to learn about the runtime is forgotten: the program's objects get those addresses next.
TEST(no_variable_of_the_engine_leads_to_an_object) {
  enum { BYTES = 32, MOST = 64 };
  demand_hooks();
  static const uintptr_t metadata = 0;
  static void *volatile own;
  for (size_t bytes = BYTES; bytes <= BYTES * MOST; bytes += BYTES) {
    void *object = csizer_target.alloc_object(&metadata, bytes, 7);
    own = object;
    CHECK_EQUAL(words_that_lead_to(own), 1);
    own = NULL;
    csizer_target.slow_dealloc(object, bytes, 7);
  }
}

TEST(sizes_are_those_in_the_allocators_account) {
  const csizer_walk_options options = {.census_is_complete = true};
  csizer_layouts *layouts;
  csizer_walk *walk;
  make_strings();
  end_strings();
  uint64_t before = allocated();
  make_strings();
  uint64_t bytes = allocated() - before;
  CHECK_EQUAL(csizer_layouts_create(NULL, &layouts), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_create(csizer_census_map(), layouts, &options, &walk), CSIZER_OK);
  for (size_t i = 0; i < STRINGS; i++) CHECK_EQUAL(csizer_walk_object(walk, strings[i]), CSIZER_OK);
  csizer_totals totals = csizer_walk_totals(walk);
  csizer_walk_destroy(walk);
  csizer_layouts_destroy(layouts);
  CHECK_EQUAL(totals.objects, STRINGS);
  CHECK_EQUAL(totals.bytes, bytes);
  CHECK_EQUAL(totals.unresolved, 0);
  end_strings();
}

static bool has_frame_in_maker(uint32_t trace) {
  extern const char start[] __asm__("__start_makes_strings"), stop[] __asm__("__stop_makes_strings");
  const uintptr_t *frames;
  size_t count = csizer_trace_frames(trace, &frames);
  for (size_t i = 0; i < count; i++)
    if (frames[i] > (uintptr_t)start && frames[i] <= (uintptr_t)stop) return true;
  return false;
}

TEST(a_class_of_the_runtimes_is_tracked_with_stacks) {
  csizer_lifetimes *tracker;
  const csizer_tracking tracking = {.number = 1, .trace_depth = 16};
  make_strings();
  const void *type = *(void **)strings[0];
  end_strings();
  csizer_clock_start();
  CHECK_EQUAL(csizer_lifetimes_create(&tracker), CSIZER_OK);
  CHECK_EQUAL(csizer_lifetimes_track_class(tracker, type, &tracking), CSIZER_OK);
  make_strings();
  CHECK_EQUAL(csizer_lifetimes_count(tracker), STRINGS);
  for (uint32_t i = 0; i < STRINGS; i++) {
    csizer_lifetime life = csizer_lifetimes_read(tracker, i);
    CHECK_EQUAL(life.fate, CSIZER_ALIVE);
    CHECK_EQUAL(life.address, (uintptr_t)strings[i]);
    CHECK(has_frame_in_maker(life.trace));
  }
  end_strings();
  for (uint32_t i = 0; i < STRINGS; i++) {
    csizer_lifetime life = csizer_lifetimes_read(tracker, i);
    CHECK_EQUAL(life.fate, CSIZER_DEAD);
    CHECK(life.end >= life.birth);
  }
  csizer_lifetimes_destroy(tracker);
}

// ---- Scopes ----

static const int key;
static uint32_t scope, bound;
static void *(*real_malloc)(size_t bytes);

static SWIFT_CALL void *bound_value(const void *asked) {
  CHECK(asked == &key);
  return bound ? &bound : NULL;
}

// As if another thread opened a scope meanwhile, and made and freed an object of it where this one is going to be.
static void *allocate_while_a_scope_opens(size_t bytes) {
  void *block = real_malloc(bytes);
  if (scope) return block;
  CHECK_EQUAL(csizer_birth_scope_begin(&key, 0, false, &scope), CSIZER_OK);
  bound = scope;
  csizer_birth_scopes_born(block, NULL);
  bound = 0;
  CHECK_EQUAL(csizer_birth_scopes_read(NULL, 0), 1);
  return block;
}

TEST(who_is_born_while_a_scope_opens_is_not_of_it) {
  demand_hooks();
  csizer_target.task_local = bound_value;
  real_malloc = csizer_malloc.malloc;
  csizer_malloc.malloc = allocate_while_a_scope_opens;
  make_strings();
  csizer_malloc.malloc = real_malloc;
  CHECK(scope != 0);
  CHECK_EQUAL(csizer_birth_scopes_read(NULL, 0), 0);
  CHECK_EQUAL(csizer_birth_scopes_lost(), 0);
  csizer_birth_scope_end(false);
  end_strings();
}
