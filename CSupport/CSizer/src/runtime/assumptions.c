// SPDX-License-Identifier: Apache-2.0
// What was found out of all that is assumed of Swift, and what it costs where it does not hold.
#include "runtime/assumptions.h"

enum { NO_COUNTS = -1, FIRST_REFERENCE_COUNT = 3 };

unsigned char csizer_assumption_states[CSIZER_ASSUMPTIONS];
uint64_t csizer_plain_counts = FIRST_REFERENCE_COUNT;

static const char *reasons[CSIZER_ASSUMPTIONS];

static const struct {
  const char *name, *consequence;
} texts[CSIZER_ASSUMPTIONS] = {
    [CSIZER_ASSUMES_HEADERS] = {"object headers", "there is no census, and nothing is sized"},
    [CSIZER_ASSUMES_ENDINGS] = {"ends of objects", "there is no census, and nothing is tracked"},
    [CSIZER_ASSUMES_COUNTS] = {"reference counts", "dead objects are not told from living ones, leaks and tasks are "
                                                   "not found, and single objects are not tracked"},
    [CSIZER_ASSUMES_SIDE_TABLES] = {"side tables", "they are not counted, and objects that have one are taken to live"},
    [CSIZER_ASSUMES_BOXES] = {"boxes", "what they hold is looked up word by word"},
    [CSIZER_ASSUMES_ERRORS] = {"error boxes", "what they hold is looked up word by word"},
    [CSIZER_ASSUMES_TASKS] = {"tasks", "what they do, and whose children they are, is not told"},
    [CSIZER_ASSUMES_ARRAYS] = {"arrays", "what they hold is looked up word by word"},
    [CSIZER_ASSUMES_DICTIONARIES] = {"dictionaries", "what they hold is looked up word by word"},
    [CSIZER_ASSUMES_SETS] = {"sets", "what they hold is looked up word by word"},
    [CSIZER_ASSUMES_STRINGS] = {"strings", "their texts are not read, and what they do not use is not told"},
};

csizer_assumption_finding csizer_assumption_read(csizer_assumption assumption) {
  const csizer_assumption_state state =
      (csizer_assumption_state)__atomic_load_n(&csizer_assumption_states[assumption], __ATOMIC_ACQUIRE);
  const char *reason = reasons[assumption];
  if (!reason) reason = state == CSIZER_UNCHECKED ? "nobody has asked yet" : "";
  return (csizer_assumption_finding){texts[assumption].name, state, reason,
                                     state == CSIZER_BROKEN ? texts[assumption].consequence : ""};
}

void csizer_assumption_note(csizer_assumption assumption, csizer_assumption_state state, const char *reason) {
  if (!csizer_holds(assumption) || csizer_assumption_states[assumption] > state) return;
  reasons[assumption] = reason;
  __atomic_store_n(&csizer_assumption_states[assumption], (unsigned char)state, __ATOMIC_RELEASE);
  if (state != CSIZER_BROKEN || assumption != CSIZER_ASSUMES_COUNTS) return;
  csizer_plain_counts = (uint64_t)NO_COUNTS;
  // Whether an object has a side table is said by its counts.
  csizer_assumption_note(CSIZER_ASSUMES_SIDE_TABLES, CSIZER_BROKEN, "reference counts tell which objects have one");
}

void csizer_assumptions_leave_collections(const char *reason) {
  for (int i = CSIZER_ASSUMES_ARRAYS; i <= CSIZER_ASSUMES_STRINGS; i++)
    csizer_assumption_note((csizer_assumption)i, CSIZER_UNCHECKED, reason);
}

void csizer_assumptions_forget(void) {
  for (int i = 0; i < CSIZER_ASSUMPTIONS; i++) {
    csizer_assumption_states[i] = CSIZER_UNCHECKED;
    reasons[i] = NULL;
  }
  csizer_plain_counts = FIRST_REFERENCE_COUNT;
}
