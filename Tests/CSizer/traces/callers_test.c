// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/callers.h"

#include <alloca.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/hash.h"
#include "platform/pages.h"
#include "support/check.h"
#include "traces/compared.h"
#include "traces/known_stacks.h"
#include "traces/trace_internal.h"

// Each stack is taken by rules, by libunwind, and by libgcc, which knows of neither.

#define FRAME __attribute__((noinline))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

typedef struct counts {
  uint64_t known, read, left;
} counts;

static counts counts_now(void) {
  const csizer_trace_comparison all = csizer_trace_compared();
  CHECK_EQUAL(all.unequal, 0);
  return (counts){all.known, all.read, all.left};
}

static counts counts_since(counts before) {
  const counts now = counts_now();
  return (counts){now.known - before.known, now.read - before.read, now.left - before.left};
}

static void start(void) {
  csizer_trace_compare(true);
  CHECK(csizer_trace_is_available());
}

static uint32_t depth = 200;
static bool libgcc_agrees = true;  // where it can see what there is
static uint32_t last_trace;

static void check_by_libgcc(const uintptr_t *frames, size_t count) {
  void *others[CSIZER_TRACE_DEEPEST + 16];
  const int all = backtrace(others, CSIZER_TRACE_DEEPEST + 16);
  int first = 0;
  while (first < all && (uintptr_t)others[first] != frames[0]) first++;
  CHECK(first < all);
  for (size_t i = 0; i < count; i++) CHECK(first + (int)i < all && (uintptr_t)others[first + (int)i] == frames[i]);
  if (count < depth) CHECK_EQUAL(count, all - first);
}

// What makes an object: it takes the stack from its caller on.
static FRAME void take(void) {
  const void *caller = __builtin_extract_return_addr(__builtin_return_address(0));
  const uintptr_t *frames;
  last_trace = csizer_trace_capture(depth, caller);
  const size_t count = csizer_trace_frames(last_trace, &frames);
  CHECK(count > 0 && frames[0] == (uintptr_t)caller);
  CHECK_EQUAL(last_trace, csizer_trace_unwind(depth, caller));
  if (libgcc_agrees) check_by_libgcc(frames, count);
}

static FRAME void take_in(void *unused) {
  (void)unused;
  take();
  KEEP_FRAME();
}

// ---- Chains of calls ----

typedef struct chain {
  uint32_t state;
  int levels;
} chain;

static uint32_t next(chain *chain) {
  chain->state = chain->state * 1664525u + 1013904223u;
  return chain->state >> 8;
}

static void go_on(chain *chain);

static FRAME void with_little(chain *chain) {
  go_on(chain);
  KEEP_FRAME();
}

static FRAME void with_much(chain *chain) {
  volatile char room[5000];
  room[next(chain) % sizeof room] = 1;
  go_on(chain);
  KEEP_FRAME();
}

static FRAME void with_any(chain *chain) {
  const size_t bytes = 16 + next(chain) % 900;
  volatile char *room = alloca(bytes);
  room[bytes - 1] = 1;
  go_on(chain);
  KEEP_FRAME();
}

static FRAME void with_alignment(chain *chain) {
  _Alignas(64) volatile char room[256];
  room[next(chain) % sizeof room] = 1;
  go_on(chain);
  KEEP_FRAME();
}

static FRAME long with_many_arguments(chain *chain, long a, long b, long c, long d, long e, long f, long g, long h) {
  go_on(chain);
  KEEP_FRAME();
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

static FRAME void with_registers(chain *chain) {
  volatile unsigned long start = next(chain);
  unsigned long a = start, b = a * 3, c = b ^ a, d = c + b, e = d * c, f = e - d, g = f ^ a;
  go_on(chain);
  start = a + b * c + d * e + f * g;
}

static int compare(const void *a, const void *b) {
  (void)b;
  go_on(*(chain *const *)a);
  return 0;
}

static FRAME void through_c(chain *chain) {
  struct chain *two[] = {chain, chain};
  if (next(chain) & 1) bsearch(two, two, 1, sizeof *two, compare);
  else qsort(two, 2, sizeof *two, compare);
  KEEP_FRAME();
}

static FRAME void go_on(chain *chain) {
  if (chain->levels-- <= 0) {
    take();
    KEEP_FRAME();
    return;
  }
  switch (next(chain) % 8) {
  case 0: with_much(chain); break;
  case 1: with_any(chain); break;
  case 2: with_alignment(chain); break;
  case 3: with_many_arguments(chain, 1, 2, 3, 4, 5, 6, 7, 8); break;
  case 4: with_registers(chain); break;
  case 5: through_c(chain); break;
  default: with_little(chain); break;
  }
  KEEP_FRAME();
}

TEST(made_chains_are_read) {
  start();
  const counts before = counts_now();
  for (volatile uint32_t i = 0; i < 5000; i++) {
    depth = i % 3 ? 200 : 1 + i % 20;
    chain chain = {i, (int)(i % 40)};
    go_on(&chain);
  }
  const counts since = counts_since(before);
  CHECK_EQUAL(since.left, 0);
  CHECK(since.known + since.read >= 5000);  // a sanitizer's qsort compares more often
}

static FRAME void one_way(void) {
  take_in(NULL);
  KEEP_FRAME();
}

static FRAME void other_way(void) {
  take_in(NULL);
  KEEP_FRAME();
}

// The innermost call is from the same place, at the same place on the stack.
TEST(a_stack_of_which_one_call_differs_is_another) {
  start();
  void (*const ways[])(void) = {one_way, other_way};
  uint32_t traces[16];
  const counts before = counts_now();
  for (volatile int i = 0; i < 16; i++) {
    ways[i / 4 % 2]();
    traces[i] = last_trace;
  }
  for (int i = 0; i < 16; i++) CHECK_EQUAL(traces[i] == traces[0], i / 4 % 2 == 0);
  const counts since = counts_since(before);
  CHECK_EQUAL(since.left, 0);
  CHECK_EQUAL(since.read, 4);
  CHECK_EQUAL(since.known, 12);
}

static void *take_in_thread(void *unused) {
  (void)unused;
  for (volatile int i = 0; i < 3; i++) take_in(NULL);
  return NULL;
}

TEST(threads_keep_stacks_of_their_own) {
  start();
  take();
  const size_t bytes = csizer_known_stacks_bytes(), held = csizer_pages_held();
  const counts before = counts_now();
  for (int i = 0; i < 50; i++) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, take_in_thread, NULL), 0);
    pthread_join(thread, NULL);
  }
  const counts since = counts_since(before);
  CHECK_EQUAL(since.left, 0);
  CHECK_EQUAL(since.known, 100);
  CHECK_EQUAL(csizer_known_stacks_bytes(), bytes);  // and what they kept is given back
  CHECK(csizer_pages_held() - held < sizeof(known_stacks));
}

static void *take_without_memory(void *unused) {
  (void)unused;
  csizer_pages_fail_at = 1;
  take_in(NULL);
  CHECK_EQUAL(csizer_pages_fail_at, 0);
  for (volatile int i = 0; i < 2; i++) take_in(NULL);
  return NULL;
}

TEST(a_thread_without_memory_for_its_stacks_has_them_from_libunwind) {
  start();
  take_in_thread(NULL);
  take_in(NULL);
  const size_t bytes = csizer_known_stacks_bytes();
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, take_without_memory, NULL), 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(csizer_known_stacks_bytes(), bytes);
}

// A destructor that runs behind the one that gives the memory back.
static void take_late(void *value) {
  (void)value;
  for (volatile int i = 0; i < 3; i++) take_in(NULL);
}

static void *end_late(void *key) {
  take_in(NULL);
  CHECK_EQUAL(pthread_setspecific(*(pthread_key_t *)key, key), 0);
  return NULL;
}

TEST(a_thread_that_ends_can_still_make_objects) {
  start();
  take();
  const size_t bytes = csizer_known_stacks_bytes();
  pthread_key_t key;
  CHECK_EQUAL(pthread_key_create(&key, take_late), 0);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, end_late, &key), 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(csizer_known_stacks_bytes(), bytes);
}

// ---- What is left to libunwind ----

static counts signalled;

static void on_signal(int number) {
  (void)number;
  const counts before = counts_now();
  for (volatile int i = 0; i < 3; i++) take_in(NULL);
  signalled = counts_since(before);
}

static FRAME void signal_with(int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
  CHECK_EQUAL(raise(SIGUSR1), 0);
  KEEP_FRAME();
}

TEST(what_a_signal_interrupted_is_left) {
  start();
  signal_with(0);
  CHECK_EQUAL(signalled.left, 3);
  CHECK_EQUAL(signalled.known + signalled.read, 0);
}

TEST(a_stack_of_a_signals_own_is_left) {
  start();
  stack_t own = {.ss_size = 256 << 10};
  own.ss_sp = mmap(NULL, own.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(own.ss_sp != MAP_FAILED);
  CHECK_EQUAL(sigaltstack(&own, NULL), 0);
  signal_with(SA_ONSTACK);
  CHECK_EQUAL(signalled.left, 3);
  own.ss_flags = SS_DISABLE;
  CHECK_EQUAL(sigaltstack(&own, NULL), 0);
  const counts before = counts_now();
  take_in(NULL);
  CHECK_EQUAL(counts_since(before).left, 0);
}

#define RELAY(name, begin, end)                  \
  void name(void (*call)(void *), void *context); \
  __asm__(                                       \
      ".text\n"                                  \
      ".type " #name ", @function\n"             \
      #name ":\n" begin                          \
      "  pushq %rbp\n"                           \
      "  movq %rsp, %rbp\n"                      \
      "  movq %rdi, %rax\n"                      \
      "  movq %rsi, %rdi\n"                      \
      "  callq *%rax\n"                          \
      "  popq %rbp\n"                            \
      "  retq\n" end                             \
      ".size " #name ", .-" #name "\n")

// Without an entry, as hand-written code often is: libunwind guesses by rbp. With a row that can't be true, twice.
RELAY(relay_untold, "", "");
RELAY(relay_far, ".cfi_startproc\n.cfi_def_cfa %rbp, 0x70000\n.cfi_offset %rbp, -16\n", ".cfi_endproc\n");
RELAY(relay_low, ".cfi_startproc\n.cfi_def_cfa %rsp, 0\n", ".cfi_endproc\n");
RELAY(relay_saved, ".cfi_startproc\n.cfi_def_cfa %rbp, 16\n.cfi_offset %rbp, -4096\n", ".cfi_endproc\n");

TEST(code_that_tells_nothing_is_left) {
  start();
  libgcc_agrees = false;
  const counts before = counts_now();
  relay_untold(take_in, NULL);
  CHECK_EQUAL(counts_since(before).left, 1);
}

static void must_be_left(void *unused) {
  (void)unused;
  const void *caller = __builtin_extract_return_addr(__builtin_return_address(0));
  CHECK_EQUAL(csizer_callers_trace(__builtin_frame_address(0), 100, caller), 0);
  KEEP_FRAME();
}

TEST(rules_that_lead_off_the_stack_are_not_followed) {
  start();
  csizer_trace_compare(false);  // libunwind might follow them
  take_in(NULL);
  for (volatile int i = 0; i < 3; i++) {
    relay_far(must_be_left, NULL);
    relay_low(must_be_left, NULL);
    relay_saved(must_be_left, NULL);
  }
}

// rbp holds whatever the caller likes: only where it is used must it be the same.
void relay_odd(void (*call)(void *), void *context, uintptr_t rbp);
__asm__(
    ".text\n"
    ".type relay_odd, @function\n"
    "relay_odd:\n"
    ".cfi_startproc\n"
    "  pushq %rbp\n"
    ".cfi_def_cfa_offset 16\n"
    ".cfi_offset %rbp, -16\n"
    "  movq %rdx, %rbp\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  callq *%rax\n"
    "  popq %rbp\n"
    ".cfi_def_cfa_offset 8\n"
    "  retq\n"
    ".cfi_endproc\n"
    ".size relay_odd, .-relay_odd\n");

TEST(an_rbp_that_is_no_frame_pointer_does_not_matter) {
  start();
  const counts before = counts_now();
  for (volatile uintptr_t i = 0; i < 100; i++) relay_odd(take_in, NULL, i * HASH_FACTOR);
  const counts since = counts_since(before);
  CHECK_EQUAL(since.known, 99);
  CHECK_EQUAL(since.left, 0);
}

// A function with a frame pointer, and one whose frame is where it is told to be.
RELAY(relay_plain, ".cfi_startproc\n.cfi_def_cfa %rbp, 16\n.cfi_offset %rbp, -16\n", ".cfi_endproc\n");
void relay_framed(void (*call)(void *), void *context, const uintptr_t *frame);
__asm__(
    ".text\n"
    ".type relay_framed, @function\n"
    "relay_framed:\n"
    ".cfi_startproc\n"
    "  pushq %rbp\n"
    "  movq %rdx, %rbp\n"
    ".cfi_def_cfa %rbp, 16\n"
    ".cfi_offset %rbp, -16\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  callq *%rax\n"
    "  popq %rbp\n"
    ".cfi_def_cfa %rsp, 8\n"
    ".cfi_same_value %rbp\n"
    "  retq\n"
    ".cfi_endproc\n"
    ".size relay_framed, .-relay_framed\n"
    // Nobody calls this one: stacks end at two places in it.
    ".type end_of_stacks, @function\n"
    "end_of_stacks:\n"
    ".cfi_startproc\n"
    ".cfi_undefined %rip\n"
    "  nop\n"
    "one_end:\n"
    "  nop\n"
    "other_end:\n"
    "  nop\n"
    "  retq\n"
    ".cfi_endproc\n"
    ".size end_of_stacks, .-end_of_stacks\n");
extern const char one_end[], other_end[];

static FRAME void through_plain(void *unused) {
  relay_plain(take_in, unused);
  KEEP_FRAME();
}

// All return addresses that were read before are still where they were: it is the saved rbp that leads elsewhere.
TEST(a_saved_rbp_that_changed_leads_to_another_stack) {
  start();
  const uintptr_t frames[] = {0, (uintptr_t)one_end, 0, (uintptr_t)other_end};
  uint32_t traces[8];
  const counts before = counts_now();
  for (volatile int i = 0; i < 8; i++) {
    relay_framed(through_plain, NULL, &frames[i / 2 % 2 * 2]);
    const uintptr_t *read;
    const size_t count = csizer_trace_frames(last_trace, &read);
    CHECK_EQUAL(read[count - 1], frames[i / 2 % 2 * 2 + 1]);
    traces[i] = last_trace;
  }
  CHECK(traces[0] == traces[4] && traces[0] != traces[2]);
  const counts since = counts_since(before);
  CHECK_EQUAL(since.known, 4);
  CHECK_EQUAL(since.read, 4);
}

// ---- Libraries that go ----

typedef void (*relay)(void (*call)(void *), void *context);

// In a thread of its own: libunwind remembers addresses for each thread, of libraries that are gone, too.
static void *take_through(void *function) {
  relay call;
  memcpy(&call, function, sizeof call);
  for (volatile int i = 0; i < 3; i++) call(take_in, NULL);
  return NULL;
}

static void (*flush_cache)(void *space, uintptr_t from, uintptr_t to);

static uintptr_t take_through_library(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  void *function = dlsym(library, "relay");
  CHECK(function != NULL);
  void *unwinder = dlopen("libunwind.so.8", RTLD_NOW | RTLD_NOLOAD);
  void *flush = dlsym(unwinder, "_Ux86_64_flush_cache"), **space = dlsym(unwinder, "_ULx86_64_local_addr_space");
  CHECK(flush && space);
  memcpy(&flush_cache, &flush, sizeof flush_cache);
  flush_cache(*space, 0, 0);
  const counts before = counts_now();
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, take_through, &function), 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(counts_since(before).left, 3);
  CHECK_EQUAL(dlclose(library), 0);
  return (uintptr_t)function;
}

TEST(libraries_that_take_the_place_of_closed_ones_are_read_anew) {
  start();
  int same = 0;
  uintptr_t before = 0;
  for (int i = 0; i < 40; i++) {
    const uintptr_t now = take_through_library(i % 2 ? CSIZER_RELAY_LARGE : CSIZER_RELAY_SMALL);
    same += now == before;
    before = now;
  }
  CHECK(same > 0);  // or this test showed nothing
}
