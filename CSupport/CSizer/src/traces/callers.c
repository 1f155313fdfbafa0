// SPDX-License-Identifier: Apache-2.0
// Reads the calling thread's stack by rules, and knows it again.
#include "traces/callers.h"

#include "traces/caller_rules.h"
#include "traces/compared.h"
#include "traces/known_stacks.h"
#include "traces/trace_internal.h"

#ifdef CALLERS_ARE_READ

// A stack that is being read.
typedef struct reading {
  caller_state now;
  uintptr_t high;         // where the thread's stack begins
  uintptr_t rbp_at;       // where `now.rbp` was saved; 0: nowhere, it is the start's
  bool is_rbp_noted;      // that it was used
  known_stack *noted;
} reading;

// What rbp was matters only if a frame's end was found by it: many functions keep something else in it.
static void note_rbp(reading *reading) {
  if (reading->is_rbp_noted) return;
  reading->is_rbp_noted = true;
  if (reading->rbp_at) known_stack_note(reading->noted, reading->rbp_at, reading->now.rbp);
  else reading->noted->is_by_rbp = true;
}

// Goes to the caller. False: not by this rule. All that is read lies between rsp and the frame's end, and that in the
// thread's stack, whatever the rule says.
__attribute__((no_sanitize("address", "thread"))) static inline bool go_up(reading *reading, caller_rule rule) {
  caller_state *now = &reading->now;
  const bool is_by_rbp = rule_kind_of(rule) == RULE_BY_RBP;
  const uintptr_t end = (is_by_rbp ? now->rbp : now->sp) + rule_size(rule);
  if (__builtin_expect(end % sizeof(uintptr_t) || end <= now->sp || end > reading->high, 0)) return false;
  if (is_by_rbp) note_rbp(reading);
  const uintptr_t saved = rule_saved(rule);
  if (saved) {
    if (__builtin_expect(saved > end - now->sp, 0)) return false;
    reading->rbp_at = end - saved;
    reading->is_rbp_noted = false;
    now->rbp = *(const uintptr_t *)reading->rbp_at;
  }
  now->pc = *(const uintptr_t *)(end - sizeof(uintptr_t));
  now->sp = end;
  known_stack_note(reading->noted, end - sizeof(uintptr_t), now->pc);
  return true;
}

// Frames from `return_address` on, `depth` at most; 0 when there is one that no rule is for.
static uint32_t read_stack(reading *reading, uint32_t depth, const void *return_address, uintptr_t *frames) {
  enum { LEAST_ADDRESS = 0x4000 };  // libunwind takes what is below for no code
  uint32_t count = 0, own = 0;
  bool is_inside = false;
  for (;;) {
    if (!is_inside && reading->now.pc == (uintptr_t)return_address) is_inside = true;
    if (is_inside) frames[count++] = reading->now.pc;
    else if (++own == TRACE_OWN) return 0;
    if (count == depth) return count;
    const caller_rule rule = caller_rules_find(csizer_caller_rules_kept, reading->now.pc);
    if (__builtin_expect(rule_kind_of(rule) == RULE_SPECIAL, 0)) return rule == RULE_END ? count : 0;
    if (__builtin_expect(!go_up(reading, rule), 0)) return 0;
    if (reading->now.pc < LEAST_ADDRESS) return reading->now.pc ? 0 : count;
  }
}

static __attribute__((noinline)) uint32_t read_anew(known_stacks *own, known_stack *noted, const caller_state *start,
                                                    uint32_t depth, const void *return_address) {
  uintptr_t frames[CSIZER_TRACE_DEEPEST];
  if (own->is_busy) return 0;
  own->is_busy = true;
  noted->start.pc = 0;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  noted->start.sp = start->sp;
  noted->start.rbp = start->rbp;
  noted->return_address = return_address;
  noted->depth = depth;
  noted->count = 0;
  noted->is_by_rbp = false;
  reading reading = {.now = *start, .high = own->range.high, .noted = noted};
  const uint32_t count = read_stack(&reading, depth, return_address, frames);
  noted->trace = count ? csizer_trace_intern(frames, count) : 0;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (noted->trace && noted->count <= KNOWN_WORDS) noted->start.pc = start->pc;
  own->is_busy = false;
  return noted->trace;
}

static inline uint32_t trace_by_rules(const caller_state *start, uint32_t depth, const void *return_address,
                                      bool *ret_is_known) {
  known_stacks *own = csizer_known_stacks_own;
  if (__builtin_expect(!csizer_caller_rules_kept || !depth || depth > CSIZER_TRACE_DEEPEST, 0)) return 0;
  if (__builtin_expect(!own, 0) && (!csizer_caller_rules_make_room() || !(own = csizer_known_stacks_make()))) return 0;
  if (!stack_range_holds(&own->range, start->sp)) return 0;
  known_stack *known = known_stacks_place(own, start, return_address);
  *ret_is_known = known_stack_is_same(known, start, depth, return_address);
  if (__builtin_expect(*ret_is_known, 1)) return known->trace;
  return read_anew(own, known, start, depth, return_address);
}

uint32_t csizer_callers_trace(const uintptr_t *frame, uint32_t depth, const void *return_address) {
  // A frame begins with the rbp of before; the return address is above it, and above that the caller's own frame ends.
  const caller_state start = {.pc = frame[1], .sp = (uintptr_t)&frame[2], .rbp = frame[0]};
  bool is_known = false;
  const uint32_t trace = trace_by_rules(&start, depth, return_address, &is_known);
  if (__builtin_expect(trace_is_compared(), 0)) csizer_trace_compare_one(trace, is_known, depth, return_address);
  return trace;
}

#else

uint32_t csizer_callers_trace(const uintptr_t *frame, uint32_t depth, const void *return_address) {
  (void)frame, (void)depth, (void)return_address;
  return 0;
}

#endif
