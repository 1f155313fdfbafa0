// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/frame_chain.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "support/check.h"
#include "traces/trace_internal.h"
#include "traces/unwind.h"

// Stacks with functions in them that sign the address that they return to.

extern void signed_call(void (*body)(void *context), void *context);  // targets/signed_call.c

// Nothing is inlined and no call is the last thing a function does, so that every call has its frame.
#define FRAME __attribute__((noinline))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

typedef void (*relay)(void (*body)(void *context), void *context);

static FRAME void plain_call(void (*body)(void *context), void *context) {
  body(context);
  KEEP_FRAME();
}

typedef struct capture {
  relay relay;
  uint32_t depth, levels, trace;
  const void *caller;
} capture;

static FRAME void take(void *context) {
  capture *wanted = context;
  const void *here = __builtin_extract_return_addr(__builtin_return_address(0));
  wanted->trace = csizer_trace_capture(wanted->depth, here);
  KEEP_FRAME();
}

static FRAME void descend(void *context) {
  capture *wanted = context;
  if (wanted->levels--) wanted->relay(descend, wanted);
  else take(wanted);
  KEEP_FRAME();
}

static FRAME uint32_t captured(capture *wanted, void (*body)(void *context)) {
  wanted->caller = __builtin_extract_return_addr(__builtin_return_address(0));
  wanted->relay(body, wanted);
  return wanted->trace;
}

enum { PLAIN, SIGNED, WAYS };
static const relay relays[WAYS] = {plain_call, signed_call};

// The frames of stacks that are the same but for who relays, the same calls being made.
static FRAME size_t frames_of_both(uint32_t depth, uint32_t levels, const uintptr_t *ret_frames[WAYS]) {
  size_t counts[WAYS];
  for (volatile int way = 0; way < WAYS; way++) {
    capture wanted = {.relay = relays[way], .depth = depth, .levels = levels};
    const uint32_t trace = captured(&wanted, levels ? descend : take);
    counts[way] = csizer_trace_frames(trace, &ret_frames[way]);
    if (!levels && depth > 2) CHECK_EQUAL(ret_frames[way][2], (uintptr_t)wanted.caller);
  }
  CHECK_EQUAL(counts[SIGNED], counts[PLAIN]);
  return counts[PLAIN];
}

// The whole one first, then each that is less deep, from the same place.
static FRAME void check_both(void) {
  const uintptr_t *whole[WAYS], *frames[WAYS];
  size_t all = 0;
  for (volatile uint32_t depth = 0; depth <= all + 1; depth++) {
    const size_t count = frames_of_both(depth ? depth : CSIZER_TRACE_DEEPEST, 0, depth ? frames : whole);
    if (!depth) {
      all = count;
      CHECK(all > 4 && all < 20);  // relay, captured, frames_of_both, this and who calls it
      CHECK(whole[SIGNED][0] != whole[PLAIN][0]);
      CHECK_EQUAL(memcmp(whole[SIGNED] + 1, whole[PLAIN] + 1, (all - 1) * sizeof **whole), 0);
      continue;
    }
    CHECK_EQUAL(count, depth < all ? depth : all);
    for (int way = 0; way < WAYS; way++) CHECK_EQUAL(memcmp(frames[way], whole[way], count * sizeof **frames), 0);
  }
}

TEST(a_stack_goes_on_behind_what_signs) { check_both(); }

static void *check_in_thread(void *unused) {
  check_both();
  return unused;
}

TEST(a_threads_stack_goes_on_too) {
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, check_in_thread, NULL), 0);
    pthread_join(thread, NULL);
  }
}

TEST(many_on_one_stack_are_all_told) {
  const uintptr_t *frames[WAYS];
  enum { LEVELS = 40 };
  const size_t count = frames_of_both(CSIZER_TRACE_DEEPEST, LEVELS, frames);
  CHECK(count > 2 * LEVELS && count < 2 * LEVELS + 20);
  size_t relayed = 0;
  for (size_t i = 0; i < count; i++) relayed += frames[SIGNED][i] != frames[PLAIN][i];
  CHECK_EQUAL(relayed, LEVELS + 1);
  for (uint32_t depth = 1; depth < 2 * LEVELS; depth++) CHECK_EQUAL(frames_of_both(depth, LEVELS, frames), depth);
}

TEST(one_place_is_one_stack) {
  const uintptr_t *first[WAYS], *frames[WAYS];
  for (volatile int i = 0; i < 100; i++) {
    frames_of_both(CSIZER_TRACE_DEEPEST, 5, i ? frames : first);
    if (i) CHECK(frames[PLAIN] == first[PLAIN] && frames[SIGNED] == first[SIGNED]);
  }
}

static bool is_known_end(uintptr_t address) {
  for (int i = 0; i < FRAME_CHAIN_ENDS; i++)
    if (csizer_frame_chain_ends[i] == address) return true;
  return false;
}

// Where libunwind comes to the end by itself, as with a C library that does not sign, no chain is followed again.
TEST(an_end_is_known_once_it_was_found) {
  void *seen[CSIZER_TRACE_DEEPEST];
  const uintptr_t *frames;
  capture wanted = {.relay = plain_call, .depth = CSIZER_TRACE_DEEPEST};
  const size_t count = csizer_trace_frames(captured(&wanted, take), &frames);
  const int own = csizer_unwind_backtrace()(seen, CSIZER_TRACE_DEEPEST);
  const uintptr_t last = ((uintptr_t)seen[own - 1] + 3) & ~(uintptr_t)3;
  CHECK_EQUAL(is_known_end(frames[count - 1]), frames[count - 1] == last);
  for (size_t i = 0; i < count - 1; i++) CHECK(!is_known_end(frames[i]));
  capture other = {.relay = signed_call, .depth = CSIZER_TRACE_DEEPEST};
  CHECK_EQUAL(csizer_trace_frames(captured(&other, take), &frames), count);
  for (size_t i = 0; i < count - 1; i++) CHECK(!is_known_end(frames[i]));
}

// ---- Where no chain can be followed ----

static uint32_t handled;

static void capture_in_handler(int number) {
  capture wanted = {.relay = signed_call, .depth = CSIZER_TRACE_DEEPEST};
  handled = captured(&wanted, take);
  (void)number;
}

TEST(on_another_stack_there_is_a_trace) {
  enum { BYTES = 1 << 18 };
  // At the end of what is mapped: nothing above it can be read.
  char *memory = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED && mprotect(memory + BYTES, BYTES, PROT_NONE) == 0);
  const stack_t other = {.ss_sp = memory, .ss_size = BYTES};
  struct sigaction action = {.sa_handler = capture_in_handler, .sa_flags = SA_ONSTACK};
  CHECK(sigaltstack(&other, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
  CHECK(raise(SIGUSR1) == 0 && handled != 0);
}

extern void call_with_frame_pointer(uintptr_t pointer, void (*body)(void *context), void *context);
__asm__(
    ".text\n"
    ".p2align 2\n"
    "call_with_frame_pointer:\n"
    "  stp x29, x30, [sp, #-16]!\n mov x29, x0\n mov x0, x2\n blr x1\n ldp x29, x30, [sp], #16\n ret\n");

// A function keeps what its caller has for a frame pointer, whatever it is.
static FRAME void relay_there(void *context) {
  signed_call(take, context);
  KEEP_FRAME();
}

static FRAME uint32_t captured_with(uintptr_t pointer) {
  capture wanted = {.depth = CSIZER_TRACE_DEEPEST};
  call_with_frame_pointer(pointer, relay_there, &wanted);
  return wanted.trace;
}

TEST(what_is_no_chain_is_not_followed) {
  const uintptr_t *whole, *frames, here = (uintptr_t)__builtin_frame_address(0);
  uintptr_t records[4] = {0, 0x1000, UINTPTR_MAX, 0};  // one leads to itself, the other returns nowhere
  records[0] = (uintptr_t)records;
  const uintptr_t pointers[] = {here, (uintptr_t)records, (uintptr_t)&records[2], 0, 8, here + 1, here + 4,
                                here - (1 << 20), here + (1 << 30), (uintptr_t)__builtin_thread_pointer() - 8,
                                (uintptr_t)1 << 60 | here, UINTPTR_MAX, UINTPTR_MAX - 7};
  for (volatile size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
    const size_t count = csizer_trace_frames(captured_with(pointers[i]), i ? &frames : &whole);
    CHECK(i ? count >= 3 : count > 4);  // signed_call, relay_there, call_with_frame_pointer
    if (i) CHECK_EQUAL(memcmp(frames, whole, 3 * sizeof *frames), 0);
  }
}
