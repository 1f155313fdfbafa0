// SPDX-License-Identifier: Apache-2.0
// The start of the census, when the program is loaded: which hooks there are to be, and whether they work. What users
// ask of the census stands here as well: who asks links its start, from an archive, too.
#define _GNU_SOURCE
#include "hooks/start.h"

#include <stdlib.h>
#include <string.h>

#include "census/census_internal.h"
#include "hooks/entry_points.h"
#include "runtime/assumptions.h"
#include "runtime/target.h"

csizer_hook_state csizer_census_state(void) { return census_state(); }

const char *csizer_census_reason(void) {
  return census_lacks_objects() ? "the system refused memory for the census: it lacks objects"
                                : csizer_census_kept.reason;
}

csizer_heapmap *csizer_census_map(void) { return csizer_census_kept.map; }

static void set(csizer_hook_state state, const char *reason) {
  csizer_census_kept.state = state;
  csizer_census_kept.reason = reason;
}

static void decide(const char *wish) {
  if (!csizer_runtime_is_present()) {
    set(CSIZER_HOOKS_OFF, "no Swift runtime is loaded in this process");
    return;
  }
  if (wish && strcmp(wish, "off") == 0) {
    set(CSIZER_HOOKS_OFF, "SIZER_ENTRY_POINTS=off");
    return;
  }
  csizer_hook_state without = csizer_interposition_is_live() ? CSIZER_HOOKS_INTERPOSED : CSIZER_HOOKS_OFF;
  if (wish && strcmp(wish, "interpose") == 0) {
    set(without, "SIZER_ENTRY_POINTS=interpose");
    return;
  }
  const char *refusal = csizer_entry_points_replace(csizer_census_kept.map);
  set(refusal ? without : CSIZER_HOOKS_REPLACED, refusal ? refusal : "");
}

void csizer_hooks_begin(void) {
  if (csizer_heapmap_create(&csizer_census_kept.map)) {
    set(CSIZER_HOOKS_OFF, "the system refused memory for the heap map");
    return;
  }
  csizer_heapmap_can_close();  // the system is asked now: it takes its time when there are threads
  if (csizer_runtime_is_present()) csizer_assumptions_ask_objects();  // before the census knows of any object
  decide(getenv("SIZER_ENTRY_POINTS"));
}

// A guest does not measure the runtime that it links, and begins when the program's is ready (guest.c).
#ifndef CSIZER_GUEST
// 101 is the first priority that programs may use: before constructors that make Swift objects.
__attribute__((constructor(101))) static void start(void) {
  csizer_target_begin(swift_allocObject);
  csizer_hooks_begin();
}
#endif
