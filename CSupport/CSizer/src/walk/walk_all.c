// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// All that lives, whatever leads to it: everything that the census knows and that is not seen yet waits at once, and
// one sweep goes over it in the order of addresses. Object by object, each with what it leads to, would read a large
// heap in the order of its references instead, four times as slowly.

csizer_status csizer_walk_all(csizer_walk *walk) {
  walk->meets_dead = true;
  if (!walk->sweeping) {
    csizer_walk_begin_sweep(walk);
    csizer_heapmap_believe_living(walk->map);
  }
  csizer_walk_drain(walk);
  walk->estimating = false;  // a fault came while what was uncertain was followed
  csizer_walk_settle(walk);
  return walk->status;
}
