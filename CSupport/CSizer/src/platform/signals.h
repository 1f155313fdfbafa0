// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SIGNALS_H
#define CSIZER_SIGNALS_H
#include <signal.h>
#include <stddef.h>
#include <string.h>

// A signal handler may make an object on a thread that has a lock which the birth needs, and nobody else could ever
// give it. Where locks are taken rarely the thread has no handlers meanwhile.

/// From here to signals_unblock no handler runs on the calling thread, but for what its own instructions cause. errno
/// stays.
static inline void signals_block(sigset_t *ret_before) {
  sigset_t all;
  sigfillset(&all);
  const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};  // blocked they would end the process
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_BLOCK, &all, ret_before);
}

/// The kernel tells of the signals that it has, and a set has room for many more: there stands what the stack had
/// before, an object's address perhaps. Clears it, in a set that is going to be kept: variables that lead to objects
/// are roots.
static inline void signals_clear_rest(sigset_t *set) {
  enum { TOLD = (_NSIG - 1) / 8 };
  memset((char *)set + TOLD, 0, sizeof *set - TOLD);
}

static inline void signals_unblock(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }

#endif
