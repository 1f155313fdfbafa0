// SPDX-License-Identifier: Apache-2.0
// The end of the program, told in time: by exit, or by a signal that nobody handles.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "csizer_agent.h"
#include "csizer_thread.h"

static struct {
  void (*call)(void);
  pid_t process;
  pthread_mutex_t lock;  // who comes second waits: the process must not be over before the work is
  bool is_done;
  sem_t asked;
  volatile sig_atomic_t signal;
} ending = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void end(void) {
  if (getpid() != ending.process) return;  // a child that was forked
  pthread_mutex_lock(&ending.lock);
  if (!ending.is_done) ending.call();
  ending.is_done = true;
  pthread_mutex_unlock(&ending.lock);
}

// The thread that was interrupted may hold any lock: it goes on, and another one works. The action is the default one
// again, so that in a child the signal ends it when this returns.
static void note(int signal) {
  int before = errno;
  if (getpid() == ending.process) {
    ending.signal = signal;
    sem_post(&ending.asked);
  } else {
    raise(signal);
  }
  errno = before;
}

static void *wait_for_signal(void *context) {
  while (sem_wait(&ending.asked)) {}
  end();
  kill(ending.process, ending.signal);
  return context;
}

static void look_out_for(int signal) {
  struct sigaction now, own = {.sa_handler = note, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
  sigemptyset(&own.sa_mask);
  if (sigaction(signal, NULL, &now) || (now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL) return;
  sigaction(signal, &own, NULL);
}

bool csizer_agent_at_end(void (*call)(void)) {
  ending.call = call;
  ending.process = getpid();
  atexit(end);
  at_quick_exit(end);
  if (sem_init(&ending.asked, 0, 0) || csizer_thread_start("sizer-agent", wait_for_signal, NULL)) return false;
  look_out_for(SIGHUP);
  look_out_for(SIGINT);
  look_out_for(SIGTERM);
  return true;
}
