// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REFUSALS_H
#define CSIZER_REFUSALS_H
#include <stdint.h>

#include "csizer_status.h"

/// How often so far the system refused a file descriptor or memory to someone here who wanted to read a file. What was
/// found out meanwhile may lack something: who remembers such things asks before and after, and forgets them when the
/// two differ. Any thread.
uint64_t csizer_refusals(void);

/// What is behind an answer of the engine's.
typedef struct csizer_refusal {
  /// The answer; CSIZER_OK: this thread was refused nothing yet.
  csizer_status status;
  /// The system's reason, of errno(3); 0 when it gave none: a text that is not known, a child that ended early.
  int number;
  /// The file that it is about, a static string; NULL when there is none.
  const char *path;
  /// Where the engine was built with CSIZER_CHECKS and the answer is CSIZER_INVALID for what it made itself: what does
  /// not hold, a static string. NULL else.
  const char *broken;
} csizer_refusal;

/// The last answer CSIZER_UNREADABLE, CSIZER_REFUSED, CSIZER_NO_ROOM or, for what does not hold, CSIZER_INVALID that a
/// call gave to the calling thread, or would have given had it not known what to do instead: to be asked right after
/// one, and to be believed where `status` is the answer that is to be explained. What csizer_target_find and
/// csizer_allocator_find answer is in their reasons, not here. Never allocates.
csizer_refusal csizer_refusal_last(void);

#endif
