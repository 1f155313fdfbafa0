// SPDX-License-Identifier: Apache-2.0
// Counts all that lives with a crew: one pass over the map instead of a walk from each object.
#include "walk/walk_crew_internal.h"

csizer_status csizer_crew_count_all(walk_crew *crew) {
  csizer_walk *walk = crew->walk;
  if (!crew->counts_all) {
    if (crew->has_aside) csizer_heapmap_forget_aside(walk->map);
    crew->has_aside = false;
    csizer_heapmap_begin_sweep(walk->map);
    crew->counts_all = crew->sees_all = true;
  }
  csizer_walk_resume_sweep(walk);
  csizer_walk_drain(walk);
  crew->counts_all = false;
  csizer_walk_settle(walk);
  return walk->status;
}
