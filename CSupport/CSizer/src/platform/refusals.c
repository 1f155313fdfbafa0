// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

// What the system refused: how often it had no descriptor or memory for a reader, so that what was found out meanwhile
// is not remembered; and why the calling thread had its last answer.

// Relaxed: a thread's own refusals come between its two looks at this, and those of others do no harm.
static uint64_t count;

uint64_t csizer_refusals(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }

// Each thread's own: two that are refused at once must not be told each other's reason. initial-exec: no lock and no
// memory is asked for.
static _Thread_local __attribute__((tls_model("initial-exec"))) csizer_refusal last;

csizer_status csizer_refusal_tell_again(csizer_refusal refusal) {
  last = refusal;
  return refusal.status;
}

csizer_status csizer_refusal_tell(csizer_status status, int number, const char *path) {
  return csizer_refusal_tell_again((csizer_refusal){.status = status, .number = number, .path = path});
}

csizer_status csizer_refusal_tell_broken(const char *broken) {
  return csizer_refusal_tell_again((csizer_refusal){.status = CSIZER_INVALID, .broken = broken});
}

csizer_refusal csizer_refusal_last(void) { return last; }

void csizer_refusal_note(void) { __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }

void csizer_refusal_note_error(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOMEM) csizer_refusal_note();
}

void csizer_refusal_look(void) {
  int before = errno;
  int file = open("/", O_PATH | O_CLOEXEC);
  if (file >= 0) close(file);
  else csizer_refusal_note_error(errno);
  errno = before;
}
