// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ASSUMPTIONS_INTERNAL_H
#define CSIZER_ASSUMPTIONS_INTERNAL_H
#include <stdbool.h>

#include "csizer_assumptions.h"
#include "runtime/swift_abi.h"

// What was found out, for those who read objects' words.

/// By assumption, a csizer_assumption_state. Hidden: asking costs one load.
extern unsigned char csizer_assumption_states[CSIZER_ASSUMPTIONS] __attribute__((visibility("hidden")));

/// What the low half of a living object's counts is that has neither a side table nor unowned references, nor is
/// immortal; a word that no half can be where counts are not known.
extern uint64_t csizer_plain_counts __attribute__((visibility("hidden")));

/// Whether words that are assumed may be read: nobody has found them to be others. Relaxed: nothing else is published
/// by it, and who asks while another finds that out asks too early, whatever the order.
static inline bool csizer_holds(csizer_assumption assumption) {
  return __builtin_expect(
      __atomic_load_n(&csizer_assumption_states[assumption], __ATOMIC_RELAXED) != CSIZER_BROKEN, 1);
}

/// Notes what was found. `reason` is a static string. What is broken stays broken; what holds is unchecked no more.
void csizer_assumption_note(csizer_assumption assumption, csizer_assumption_state state, const char *reason);

/// Notes that it holds when `reason` is NULL, and otherwise that it is broken.
static inline void csizer_assumption_judge(csizer_assumption assumption, const char *reason) {
  csizer_assumption_note(assumption, reason ? CSIZER_BROKEN : CSIZER_HOLDS, reason ? reason : "");
}

/// Tests: nothing was asked yet.
void csizer_assumptions_forget(void);

/// Asks the collections without elements that the runtime keeps: where these are others, all are. That those are as
/// expected proves nothing of full ones. assumed_collections.c
void csizer_assumptions_ask_empty(void);

/// Whether the program has what would end an object of ours, and its ends are as assumed.
bool csizer_assumptions_can_end(void);

/// An object of ours, made by the runtime; one at a time, while there is one thread. It is ended by the runtime's
/// release, which frees it, or leaves that to the release of an unowned reference. assumed_objects.c
swift_object *csizer_assumptions_begin(void);
void csizer_assumptions_end(swift_object *object);
void csizer_assumptions_end_unowned(swift_object *object);

#endif
