// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_KNOWN_STACKS_H
#define CSIZER_KNOWN_STACKS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/hash.h"
#include "traces/stack_range.h"

// The stacks that a thread had last. One is the same again when all that was read to find it is: it began at the same
// place with the same rsp, and rbp where that was used; then the first frame ends where it did, so that the same words
// were read of it, and if these are what they were, so it goes with the next frame.

/// Where a stack begins to be read: what the processor has behind the return from the function that asks.
typedef struct caller_state {
  uintptr_t pc, sp, rbp;
} caller_state;

enum { KNOWN_SHIFT = 5, KNOWN_STACKS = 1 << KNOWN_SHIFT, KNOWN_WORDS = 120 };

typedef struct known_stack {
  const void *return_address;  // the trace begins there
  caller_state start;          // a pc of 0: nothing is known here
  uint32_t depth, trace;
  uint32_t count;              // of words; more than KNOWN_WORDS: too many to be known again
  bool is_by_rbp;              // the rbp at the start was used
  uint32_t at[KNOWN_WORDS];    // bytes above the start's sp
  uintptr_t words[KNOWN_WORDS];
} known_stack;

/// What a thread keeps.
typedef struct known_stacks {
  stack_range range;
  bool is_busy;  // a stack is being read: a signal handler that comes in between leaves all as it is
  known_stack stacks[KNOWN_STACKS];
} known_stacks;

/// Says that keeping can begin; to be called once. False: none will be kept.
bool csizer_known_stacks_start(void);

/// The calling thread's, or NULL: none yet.
extern _Thread_local known_stacks *csizer_known_stacks_own;

/// Makes it. NULL when the system refuses memory, and in a thread that is about to end. It is given back when the
/// thread ends.
known_stacks *csizer_known_stacks_make(void);

/// Bytes that all threads' take.
size_t csizer_known_stacks_bytes(void);

/// The place for a stack that begins so.
static inline known_stack *known_stacks_place(known_stacks *own, const caller_state *start,
                                              const void *return_address) {
  return &own->stacks[hash_word((uintptr_t)return_address ^ start->sp << 16) >> (64 - KNOWN_SHIFT)];
}

/// Whether the calling thread's stack is this one. Its range holds the start's sp, and so all that is above.
__attribute__((no_sanitize("address", "thread"))) static inline bool known_stack_is_same(
    const known_stack *known, const caller_state *start, uint32_t depth, const void *return_address) {
  if (known->start.pc != start->pc || known->start.sp != start->sp || known->return_address != return_address ||
      known->depth != depth || (known->is_by_rbp && known->start.rbp != start->rbp))
    return false;
  // Behind the first word that differs is another stack, which may end there.
  for (uint32_t i = 0; i < known->count; i++)
    if (*(const uintptr_t *)(start->sp + known->at[i]) != known->words[i]) return false;
  return true;
}

static inline void known_stack_note(known_stack *known, uintptr_t at, uintptr_t word) {
  if (known->count < KNOWN_WORDS) {
    known->at[known->count] = (uint32_t)(at - known->start.sp);
    known->words[known->count] = word;
  }
  known->count += known->count <= KNOWN_WORDS;
}

#endif
