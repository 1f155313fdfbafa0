// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

// How often the system refused a descriptor or memory to a reader: what was found out meanwhile is not remembered.

static uint64_t count;

uint64_t csizer_refusals(void) { return __atomic_load_n(&count, __ATOMIC_RELAXED); }

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
