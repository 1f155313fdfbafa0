// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "csizer_stack.h"
#include "platform/pages.h"

// Of each thread, whatever the program's own threads get (RLIMIT_STACK, pthread_setattr_default_np(3)). Pages are the
// kernel's until they are touched.
enum { STACK = 8 << 20 };

typedef struct thread_start {
  void *(*body)(void *context);
  void *context;
  char name[16];
} thread_start;

// A detached thread may be over before pthread_create returns: only it itself can safely give it a name.
static void *run(void *argument) {
  thread_start start = *(thread_start *)argument;
  csizer_pages_unmap(argument, sizeof start);
  pthread_setname_np(pthread_self(), start.name);
  csizer_stack_suffices();
  return start.body(start.context);
}

// The one signal that stays open. When the process crashes Swift's runtime stops each thread by SIGUSR1, SIGUSR2 or
// SIGPROF, whichever the thread does not block, and complains of one that blocks all three
// (stdlib/public/runtime/CrashHandlerLinux.cpp). Profilers expect SIGPROF on any thread, so it comes first. Who starts
// this thread must have it open as well: a program that blocks a signal on all its threads waits for it elsewhere, and
// here it would end the process.
static void leave_one_open(sigset_t *blocked, const sigset_t *starters) {
  static const int wanted[] = {SIGPROF, SIGUSR2, SIGUSR1};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    if (sigismember(starters, wanted[i])) continue;
    sigdelset(blocked, wanted[i]);
    return;
  }
}

static int create_detached(thread_start *start) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t blocked, before;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK);
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  leave_one_open(&blocked, &before);
  pthread_sigmask(SIG_SETMASK, &blocked, NULL);  // the new thread inherits it
  error = pthread_create(&thread, &attributes, run, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

csizer_status csizer_thread_start(const char *name, void *(*body)(void *context), void *context) {
  thread_start *start = csizer_pages_map(sizeof *start);
  if (!start) return CSIZER_NO_MEMORY;
  start->body = body;
  start->context = context;
  strncpy(start->name, name, sizeof start->name - 1);
  if (create_detached(start) == 0) return CSIZER_OK;
  csizer_pages_unmap(start, sizeof *start);
  return CSIZER_NO_MEMORY;
}

struct csizer_wakeup {
  pthread_mutex_t lock;
  pthread_cond_t rung;
  bool is_rung;
};

csizer_status csizer_wakeup_create(csizer_wakeup **ret_wakeup) {
  csizer_wakeup *wakeup = csizer_pages_map(sizeof *wakeup);
  if (!wakeup) return CSIZER_NO_MEMORY;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&wakeup->lock, NULL);
  pthread_cond_init(&wakeup->rung, &attributes);
  pthread_condattr_destroy(&attributes);
  *ret_wakeup = wakeup;
  return CSIZER_OK;
}

void csizer_wakeup_destroy(csizer_wakeup *wakeup) {
  if (!wakeup) return;
  pthread_cond_destroy(&wakeup->rung);
  pthread_mutex_destroy(&wakeup->lock);
  csizer_pages_unmap(wakeup, sizeof *wakeup);
}

void csizer_wakeup_signal(csizer_wakeup *wakeup) {
  pthread_mutex_lock(&wakeup->lock);
  wakeup->is_rung = true;
  pthread_cond_broadcast(&wakeup->rung);
  pthread_mutex_unlock(&wakeup->lock);
}

void csizer_wakeup_wait(csizer_wakeup *wakeup, uint64_t nanoseconds) {
  enum { SECOND = 1000000000 };
  struct timespec limit;
  clock_gettime(CLOCK_MONOTONIC, &limit);
  uint64_t part = (uint64_t)limit.tv_nsec + nanoseconds % SECOND;
  limit.tv_sec += (time_t)(nanoseconds / SECOND + part / SECOND);
  limit.tv_nsec = (long)(part % SECOND);
  pthread_mutex_lock(&wakeup->lock);
  while (!wakeup->is_rung && pthread_cond_timedwait(&wakeup->rung, &wakeup->lock, &limit) == 0) {}
  wakeup->is_rung = false;
  pthread_mutex_unlock(&wakeup->lock);
}
