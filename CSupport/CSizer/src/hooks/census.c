// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_census.h"

#include <stdlib.h>
#include <string.h>

#include "hooks/entry_points.h"
#include "runtime/target.h"

// The process has one heap, so it has one census: globals, written once by the constructor before other threads exist.
static struct {
  csizer_heapmap *map;
  csizer_hook_state state;
  const char *reason;
} census = {.state = CSIZER_HOOKS_OFF, .reason = "the census was not started"};

csizer_hook_state csizer_census_state(void) {
  return csizer_entry_points_have_lost_objects() ? CSIZER_HOOKS_INTERPOSED : census.state;
}

const char *csizer_census_reason(void) {
  return csizer_entry_points_have_lost_objects() ? "the system refused memory for the census: it lacks objects"
                                                  : census.reason;
}

csizer_heapmap *csizer_census_map(void) { return census.map; }

static void decide(const char *wish) {
  if (!csizer_runtime_is_present()) {
    census.reason = "no Swift runtime is loaded in this process";
    return;
  }
  if (wish && strcmp(wish, "off") == 0) {
    census.reason = "SIZER_ENTRY_POINTS=off";
    return;
  }
  census.state = csizer_interposition_is_live() ? CSIZER_HOOKS_INTERPOSED : CSIZER_HOOKS_OFF;
  if (wish && strcmp(wish, "interpose") == 0) {
    census.reason = "SIZER_ENTRY_POINTS=interpose";
    return;
  }
  const char *refusal = csizer_entry_points_replace(census.map);
  if (!refusal) census.state = CSIZER_HOOKS_REPLACED;
  census.reason = refusal ? refusal : "";
}

// 101 is the first priority that programs may use: before constructors that make Swift objects.
__attribute__((constructor(101))) static void start_census(void) {
  csizer_target_begin();
  if (csizer_heapmap_create(&census.map)) {
    census.reason = "the system refused memory for the heap map";
    return;
  }
  decide(getenv("SIZER_ENTRY_POINTS"));
}
