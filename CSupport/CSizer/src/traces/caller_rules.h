// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CALLER_RULES_H
#define CSIZER_CALLER_RULES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/hash.h"
#include "traces/lasting_images.h"

// How a caller's state is had from that at a return address, compiled once from .eh_frame into less than a word: the
// frame ends so many words above rsp or rbp, the return address is the last of them, and rbp may be saved in another.
// Whatever does not fit that is told apart and left to libunwind.

// x86-64 alone: on AArch64 a return address may be signed and is not always on the stack, and nothing here was proved
// there. Its stacks are all libunwind's.
#if defined(__x86_64__) && defined(__linux__)
#define CALLERS_ARE_READ 1
#endif

typedef uint32_t caller_rule;

enum {
  RULE_KIND_BITS = 2,
  RULE_SAVED_BITS = 13,
  RULE_SIZE_BITS = 16,
  RULE_BITS = RULE_KIND_BITS + RULE_SAVED_BITS + RULE_SIZE_BITS,
};

typedef enum rule_kind {
  RULE_NONE,     // not compiled yet
  RULE_BY_RSP,   // where the frame ends is so many words above rsp
  RULE_BY_RBP,   // above rbp
  RULE_SPECIAL,  // one of the two below
} rule_kind;

#define RULE_OTHER ((caller_rule)RULE_SPECIAL)                        // none that fits
#define RULE_END ((caller_rule)RULE_SPECIAL | 1u << RULE_KIND_BITS)  // nobody called: the stack ends here

static inline rule_kind rule_kind_of(caller_rule rule) { return (rule_kind)(rule & 3); }
/// Bytes between the register and the frame's end.
static inline uintptr_t rule_size(caller_rule rule) {
  return (uintptr_t)(rule >> (RULE_KIND_BITS + RULE_SAVED_BITS)) * sizeof(uintptr_t);
}
/// How many bytes below the frame's end rbp is saved; 0: it is as the caller had it.
static inline uintptr_t rule_saved(caller_rule rule) {
  return (uintptr_t)(rule >> RULE_KIND_BITS & ((1u << RULE_SAVED_BITS) - 1)) * sizeof(uintptr_t);
}

/// A place is a word: the rule, and what of its address the place does not say. So whoever reads it has both of one
/// address, without a lock. A rule that comes to an occupied place takes it: the table never grows.
enum { RULE_INDEX_BITS = 14, RULE_TABLE_BYTES = sizeof(uint64_t) << RULE_INDEX_BITS };
enum { RULE_ADDRESS_BITS = 47, RULE_TAG_BITS = RULE_ADDRESS_BITS - RULE_INDEX_BITS };
_Static_assert(RULE_TAG_BITS + (int)RULE_BITS == 64, "a rule and its tag are a word");

typedef struct caller_rules {
  lasting_images *images;
  uint64_t *places;  // so many, each atomic; NULL until a stack is wanted
} caller_rules;

/// The process's: NULL until they are started. Written once, before anybody is told that stacks can be captured.
extern caller_rules *csizer_caller_rules_kept;

/// To be called once. Without memory there are none, and all stacks are libunwind's.
void csizer_caller_rules_start(void);

/// Makes room for rules: called by each thread before its first stack. False when the system refuses memory.
bool csizer_caller_rules_make_room(void);

/// Bytes of memory that they take.
size_t csizer_caller_rules_bytes(void);

/// Reads .eh_frame. No lock and no memory; any thread, also in a signal handler.
caller_rule csizer_caller_rules_compile(const lasting_images *images, uintptr_t return_address);

/// Compiles and keeps.
caller_rule csizer_caller_rules_add(caller_rules *rules, uintptr_t return_address);

/// The rule for a return address. Images that rules are kept of stay (lasting_images.h), so none is ever wrong.
/// Relaxed: a rule and whose it is are one word, and the thread has acquired the table (csizer_caller_rules_make_room).
static inline caller_rule caller_rules_find(caller_rules *rules, uintptr_t return_address) {
  // An odd factor makes another number of each, so index and tag say which address it was.
  const uint64_t mixed = (return_address * HASH_FACTOR) & (((uint64_t)1 << RULE_ADDRESS_BITS) - 1);
  const uint64_t *places = __atomic_load_n(&rules->places, __ATOMIC_RELAXED);
  const uint64_t place = __atomic_load_n(&places[mixed >> RULE_TAG_BITS], __ATOMIC_RELAXED);
  const uint64_t tag = mixed & (((uint64_t)1 << RULE_TAG_BITS) - 1);
  const caller_rule rule = (caller_rule)(place & (((uint64_t)1 << RULE_BITS) - 1));
  const bool is_known = place >> RULE_BITS == tag && rule != RULE_NONE && !(return_address >> RULE_ADDRESS_BITS);
  return __builtin_expect(is_known, 1) ? rule : csizer_caller_rules_add(rules, return_address);
}

#endif
