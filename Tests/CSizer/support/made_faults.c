// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "support/made_faults.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "snapshot/frozen_child.h"

static walk_crew *crew_of_handler;

void made_faults_are_of(walk_crew *crew) { crew_of_handler = crew; }

// ThreadSanitizer blocks all signals in handlers, and a jump out of one leaves them so.
static void unblock_faults(void) {
  sigset_t faults;
  sigemptyset(&faults);
  sigaddset(&faults, SIGSEGV);
  sigaddset(&faults, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
}

static void on_fault(int signal) {
  (void)signal;
  unblock_faults();
  sigjmp_buf *place = crew_of_handler ? csizer_crew_after_fault(crew_of_handler, (int)syscall(SYS_gettid)) : NULL;
  if (!place && crew_of_handler && csizer_crew_is_in_turn(crew_of_handler)) _exit(3);
  siglongjmp(place ? *place : csizer_child_after_fault, 1);
}

void made_faults_begin(made_faults *before) {
  const struct sigaction faults = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &faults, &before->segv);
  sigaction(SIGBUS, &faults, &before->bus);
}

void made_faults_end(const made_faults *before) {
  sigaction(SIGSEGV, &before->segv, NULL);
  sigaction(SIGBUS, &before->bus, NULL);
}
