// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_FAULTS_H
#define MADE_FAULTS_H
#include <signal.h>

#include "walk/walk_crew.h"

// Faults in a walk of the test's own process, as a frozen child has them: in a job of a crew's they leave the object
// aside, elsewhere they go on at csizer_child_after_fault.

typedef struct made_faults {
  struct sigaction segv, bus;
} made_faults;

/// From now on faults are caught.
void made_faults_begin(made_faults *before);
void made_faults_end(const made_faults *before);

/// Whose faults they are; NULL: those of a walk by itself.
void made_faults_are_of(walk_crew *crew);

#endif
