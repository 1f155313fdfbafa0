// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_crew_internal.h"

// What the jobs of a turn find in each other's parts: each writes a log, which the other job reads in the next turn. In
// a turn nobody reads what anybody writes.
//
// Rings that are read while they are written were measured: each line changes hands several times, at 200 ns each.

void csizer_crew_read_log(crew_member *member) {
  const walk_crew *crew = member->crew;
  const crew_member *other = &crew->members[1 - member->part];
  const unsigned before = 1 - crew->writes;
  csizer_crew_believe(member, other->logs[before], other->logged[before]);
}

void csizer_crew_begin_logs(walk_crew *crew) {
  crew->writes = 1 - crew->writes;
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    member->found[i] = member->own;
    member->found[1 - i] = member->logs[crew->writes];
    member->found_count[0] = member->found_count[1] = 0;
  }
}

void csizer_crew_end_logs(walk_crew *crew) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    member->logged[crew->writes] = member->found_count[1 - i];
    member->logged[1 - crew->writes] = 0;
  }
}

void csizer_crew_read_logs_now(walk_crew *crew) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    csizer_crew_believe(&crew->members[1 - i], member->logs[crew->writes], member->logged[crew->writes]);
    member->logged[crew->writes] = 0;
  }
}
