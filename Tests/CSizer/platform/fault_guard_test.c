// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/fault_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

// A guard catches what happens inside of it, and a host with handlers of all kinds can't tell that it was there.

static int *volatile nowhere = (int *)16;  // volatile: compilers refuse a store that they see go wrong

static void fault(void *context) {
  (void)context;
  *nowhere = 1;
}

static void no_fault(void *context) { *(int *)context += 1; }

// ---- Catching ----

TEST(faults_are_caught_and_all_else_runs) {
  int count = 0;
  CHECK(csizer_guard_call(no_fault, &count));
  CHECK_EQUAL(count, 1);
  for (int i = 0; i < 100; i++) CHECK(!csizer_guard_call(fault, NULL));
  CHECK(csizer_guard_call(no_fault, &count));
  CHECK_EQUAL(count, 2);
}

static void trap(void *context) {
  (void)context;
  __builtin_trap();
}

TEST(traps_are_caught) { CHECK(!csizer_guard_call(trap, NULL)); }

static void fault_within(void *context) {
  CHECK(!csizer_guard_call(fault, NULL));
  volatile int *step = context;
  *step = 1;
  fault(NULL);
  *step = 2;
}

TEST(the_innermost_guard_catches) {
  int step = 0;
  CHECK(!csizer_guard_call(fault_within, &step));
  CHECK_EQUAL(step, 1);
}

TEST(threads_that_block_the_signals_are_guarded) {
  sigset_t all, before, after;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  CHECK(!csizer_guard_call(fault, NULL));
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  for (int i = 1; i < 32; i++) CHECK_EQUAL(sigismember(&before, i), sigismember(&after, i));
}

static void *fault_often(void *context) {
  for (int i = 0; i < 2000; i++) {
    int count = 0;
    CHECK(!csizer_guard_call(fault, NULL));
    CHECK(csizer_guard_call(no_fault, &count));
  }
  return context;
}

TEST(many_threads_at_once) {
  struct sigaction before, after;
  sigaction(SIGSEGV, NULL, &before);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(!pthread_create(&threads[i], NULL, fault_often, NULL));
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  sigaction(SIGSEGV, NULL, &after);
  CHECK(before.sa_sigaction == after.sa_sigaction);
}

// ---- The host's handlers ----

static sigjmp_buf host_again;
static volatile sig_atomic_t host_signal, host_on_stack, host_masked;
static void *volatile host_address;
static char host_stack[1 << 16];

static void note(int signal, void *address) {
  char local;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  host_signal = signal;
  host_address = address;
  host_on_stack = &local >= host_stack && &local < host_stack + sizeof host_stack;
  host_masked = (sigismember(&mask, SIGUSR2) == 1) + 2 * (sigismember(&mask, SIGSEGV) == 1);
}

static void host_handler(int signal, siginfo_t *info, void *context) {
  (void)context;
  note(signal, info->si_addr);
  if (info->si_code > 0) siglongjmp(host_again, 1);
}

static void host_plain_handler(int signal) {
  note(signal, NULL);
  siglongjmp(host_again, 1);
}

static void be_host(void (*plain)(int), int flags) {
  struct sigaction action = {.sa_flags = flags};
  if (plain) action.sa_handler = plain;
  else action.sa_sigaction = host_handler;
  sigaddset(&action.sa_mask, SIGUSR2);
  CHECK(!sigaction(SIGSEGV, &action, NULL));
  stack_t stack = {.ss_sp = host_stack, .ss_size = sizeof host_stack};
  CHECK(!sigaltstack(&stack, NULL));
}

// What the host's handler sees of a fault of its own while a guard is open, as if there were none.
static void fault_of_the_host(void *context) {
  void *guard = csizer_guard_pause();
  if (!sigsetjmp(host_again, 1)) fault(NULL);
  csizer_guard_resume(guard);
  *(int *)context = 1;
}

TEST(paused_faults_are_the_hosts) {
  static const struct {
    void (*plain)(int);
    int flags, on_stack, masked;
  } hosts[] = {
      {NULL, SA_SIGINFO | SA_ONSTACK, 1, 3}, {NULL, SA_SIGINFO, 0, 3},          {NULL, SA_SIGINFO | SA_NODEFER, 0, 1},
      {host_plain_handler, SA_ONSTACK, 1, 3}, {host_plain_handler, 0, 0, 3},
  };
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    be_host(hosts[i].plain, hosts[i].flags);
    int is_done = 0;
    host_signal = 0;
    CHECK(csizer_guard_call(fault_of_the_host, &is_done));
    CHECK(is_done);
    CHECK_EQUAL(host_signal, SIGSEGV);
    CHECK_EQUAL(host_on_stack, hosts[i].on_stack);
    CHECK_EQUAL(host_masked, hosts[i].masked);
    if (!hosts[i].plain) CHECK(host_address == nowhere);
    struct sigaction now;
    sigaction(SIGSEGV, NULL, &now);
    CHECK_EQUAL(now.sa_flags & (SA_SIGINFO | SA_ONSTACK | SA_NODEFER), hosts[i].flags);
    CHECK(hosts[i].plain ? now.sa_handler == hosts[i].plain : now.sa_sigaction == host_handler);
    CHECK(sigismember(&now.sa_mask, SIGUSR2) == 1);
  }
}

static void *fault_elsewhere(void *context) {
  if (!sigsetjmp(host_again, 1)) fault(NULL);
  return context;
}

static void another_thread(void *context) {
  pthread_t thread;
  CHECK(!pthread_create(&thread, NULL, fault_elsewhere, NULL));
  pthread_join(thread, NULL);
  *(int *)context = host_signal;
  fault(NULL);
}

TEST(faults_of_other_threads_are_the_hosts) {
  be_host(NULL, SA_SIGINFO);
  int signal = 0;
  CHECK(!csizer_guard_call(another_thread, &signal));
  CHECK_EQUAL(signal, SIGSEGV);
}

static void send(void *context) {
  kill(getpid(), SIGSEGV);
  *(int *)context = host_signal;
}

TEST(signals_that_are_sent_are_the_hosts) {
  be_host(NULL, SA_SIGINFO);
  int signal = 0;
  CHECK(csizer_guard_call(send, &signal));
  CHECK_EQUAL(signal, SIGSEGV);
}

static void replace(void *context) {
  (void)context;
  be_host(host_plain_handler, 0);
}

TEST(handlers_that_come_meanwhile_stay) {
  be_host(NULL, SA_SIGINFO);
  CHECK(csizer_guard_call(replace, NULL));
  struct sigaction now;
  sigaction(SIGSEGV, NULL, &now);
  CHECK(now.sa_handler == host_plain_handler);
}

// ---- A handler that calls what it found ----

static struct sigaction found;
static volatile sig_atomic_t first_count, chaining_count;

static void first_handler(int signal) {
  (void)signal;
  first_count++;
  _exit(first_count == 1 && chaining_count == 1 ? 7 : 8);
}

static void chaining_handler(int signal, siginfo_t *info, void *context) {
  if (++chaining_count > 3) _exit(9);
  if (found.sa_flags & SA_SIGINFO) found.sa_sigaction(signal, info, context);
  else found.sa_handler(signal);
}

static void chain(void *context) {
  (void)context;
  struct sigaction action = {.sa_sigaction = chaining_handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, &found);
}

// Between the two guards, what the host does.
static int end_of_chain(void (*meanwhile)(void), bool also_guarded) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    struct sigaction first = {.sa_handler = first_handler};
    sigaction(SIGSEGV, &first, NULL);
    csizer_guard_call(chain, NULL);
    if (meanwhile) meanwhile();
    int count = 0;
    for (int i = 0; i < 3; i++) csizer_guard_call(no_fault, &count);
    if (also_guarded && csizer_guard_call(fault, NULL)) _exit(10);
    if (also_guarded && chaining_count != 1) _exit(11);
    chaining_count = 0;
    fault(NULL);
    _exit(12);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void stack_another(void) {
  struct sigaction action = {.sa_sigaction = chaining_handler, .sa_flags = SA_SIGINFO | SA_NODEFER}, ignored;
  sigaction(SIGSEGV, &action, &ignored);
}

TEST(a_handler_that_calls_ours_is_not_what_ours_calls) {
  CHECK_EQUAL(end_of_chain(NULL, false), -7);
  CHECK_EQUAL(end_of_chain(NULL, true), -7);  // faults of ours are caught through it
  CHECK_EQUAL(end_of_chain(stack_another, false), -7);
}

// ---- Ends ----

// How a process ends in which `body` runs inside a guard and SIGSEGV was `disposition`.
static int end_of(void (*body)(void *), void (*disposition)(int)) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    int ignored = 0;
    signal(SIGSEGV, disposition);
    csizer_guard_call(body, &ignored);
    _exit(7);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void fault_paused(void *context) {
  (void)context;
  csizer_guard_pause();
  fault(NULL);
}

TEST(a_host_without_handlers_ends_as_it_would) {
  CHECK_EQUAL(end_of(fault_paused, SIG_DFL), SIGSEGV);
  CHECK_EQUAL(end_of(another_thread, SIG_DFL), SIGSEGV);
  CHECK_EQUAL(end_of(send, SIG_DFL), SIGSEGV);
  CHECK_EQUAL(end_of(fault_paused, SIG_IGN), SIGSEGV);
  CHECK_EQUAL(end_of(send, SIG_IGN), -7);
  CHECK_EQUAL(end_of(fault, SIG_DFL), -7);
}
