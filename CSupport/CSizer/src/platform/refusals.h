// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REFUSALS_INTERNAL_H
#define CSIZER_REFUSALS_INTERNAL_H
#include "csizer_refusals.h"

/// Counts one.
void csizer_refusal_note(void);

/// Counts one if `error`, an errno(3), says that the system had no descriptor or memory to give; a file that is not
/// there is no refusal.
void csizer_refusal_note_error(int error);

/// Counts one if the system would refuse a descriptor now: for who leaves opening files to others.
void csizer_refusal_look(void);

#endif
