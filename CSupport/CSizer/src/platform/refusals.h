// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REFUSALS_INTERNAL_H
#define CSIZER_REFUSALS_INTERNAL_H
#include "csizer_refusals.h"

/// Notes for csizer_refusal_last why the calling thread is answered `status`, which this gives back: `number` of
/// errno(3) or 0, and a file, as a static string, or NULL.
csizer_status csizer_refusal_tell(csizer_status status, int number, const char *path);

/// The same for CSIZER_INVALID: what was made does not hold, and `broken`, a static string, says what of it.
csizer_status csizer_refusal_tell_broken(const char *broken);

/// Tells again what another process was told that is a copy of this one.
csizer_status csizer_refusal_tell_again(csizer_refusal refusal);

/// Counts one.
void csizer_refusal_note(void);

/// Counts one if `error`, an errno(3), says that the system had no descriptor or memory to give; a file that is not
/// there is no refusal.
void csizer_refusal_note_error(int error);

/// Counts one if the system would refuse a descriptor now: for who leaves opening files to others.
void csizer_refusal_look(void);

#endif
