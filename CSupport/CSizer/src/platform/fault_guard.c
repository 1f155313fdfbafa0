// SPDX-License-Identifier: Apache-2.0
// Calls a function and comes back when it faults.
#define _GNU_SOURCE
#include "platform/fault_guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/signals.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
enum { SIGNALS = sizeof signals / sizeof *signals };

// Where this thread goes on after a fault; NULL: nowhere. Read in a handler, so it must be there without being made on
// first use.
static _Thread_local __attribute__((tls_model("initial-exec"))) sigjmp_buf *after_fault;

// The handlers of the host. They stay here after the last guard: somebody who found ours may go on calling it.
static struct {
  pthread_mutex_t lock;
  unsigned users;
  struct sigaction before[SIGNALS];
  /// Somebody put a handler over ours, and may call ours from it for ever.
  bool is_covered[SIGNALS];
} installed = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct sigaction *before(int signal) {
  for (int i = 0; i < SIGNALS; i++)
    if (signals[i] == signal) return &installed.before[i];
  return NULL;
}

static unsigned faults;  // relaxed: a sum

unsigned csizer_guard_faults(void) { return __atomic_load_n(&faults, __ATOMIC_RELAXED); }

static _Thread_local uintptr_t fault_address;

uintptr_t csizer_guard_fault_address(void) { return fault_address; }

// ---- What would have happened without us ----

// The faulting instruction runs again and meets no handler; a signal that was sent is sent again.
static void end_process(int signal, siginfo_t *info) {
  struct sigaction none = {.sa_handler = SIG_DFL};
  sigaction(signal, &none, NULL);
  if (info->si_code <= 0) syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
}

static void pass_on(int signal, siginfo_t *info, void *context) {
  struct sigaction *known = before(signal);
  if (!known) return;
  struct sigaction action = *known;
  bool is_sent = info->si_code <= 0;
  if (!(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN && is_sent) return;
  if (!(action.sa_flags & SA_SIGINFO) && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)) {
    end_process(signal, info);
    return;
  }
  if (action.sa_flags & (int)SA_RESETHAND) *known = (struct sigaction){.sa_handler = SIG_DFL};
  sigset_t mask = action.sa_mask, unmasked;
  if (!(action.sa_flags & SA_NODEFER)) sigaddset(&mask, signal);
  pthread_sigmask(SIG_BLOCK, &mask, &unmasked);
  if (action.sa_flags & SA_SIGINFO) action.sa_sigaction(signal, info, context);
  else action.sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &unmasked, NULL);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  if (after_fault && info->si_code > 0) {
    __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
    fault_address = (uintptr_t)info->si_addr;
    siglongjmp(*after_fault, 1);
  }
  pass_on(signal, info, context);
}

// ---- Handlers come and go ----

static bool is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_fault;
}

static bool is_same(const struct sigaction *one, const struct sigaction *other) {
  bool has_info = one->sa_flags & SA_SIGINFO;
  if (has_info != ((other->sa_flags & SA_SIGINFO) != 0)) return false;
  return has_info ? one->sa_sigaction == other->sa_sigaction : one->sa_handler == other->sa_handler;
}

// A handler that calls ours must not be what ours calls: a fault would go round between them. So once somebody has put
// his over ours, we go only over those that cannot know it: the one that was there before, and none. His other ones
// keep the signal; if they call ours, it still catches.
static bool may_cover(int i, const struct sigaction *current) {
  if (is_ours(current)) return false;  // somebody has put back what he found
  bool is_default = current->sa_handler == SIG_DFL || current->sa_handler == SIG_IGN;
  bool is_handler = (current->sa_flags & SA_SIGINFO) || !is_default;
  return !installed.is_covered[i] || !is_handler || is_same(current, &installed.before[i]);
}

// Nothing is masked and nothing deferred, so that the jump has nothing to restore.
static void install(void) {
  pthread_mutex_lock(&installed.lock);
  for (int i = 0; i < SIGNALS && !installed.users; i++) {
    struct sigaction current;
    sigaction(signals[i], NULL, &current);
    if (!may_cover(i, &current)) continue;
    signals_clear_rest(&current.sa_mask);
    installed.before[i] = current;
    struct sigaction ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    ours.sa_flags |= current.sa_flags & (SA_ONSTACK | SA_RESTART);
    sigaction(signals[i], &ours, NULL);
  }
  installed.users++;
  pthread_mutex_unlock(&installed.lock);
}

static void uninstall(void) {
  pthread_mutex_lock(&installed.lock);
  installed.users--;
  for (int i = 0; i < SIGNALS && !installed.users; i++) {
    struct sigaction current;
    sigaction(signals[i], NULL, &current);
    if (is_ours(&current)) sigaction(signals[i], &installed.before[i], NULL);
    else if (!is_same(&current, &installed.before[i])) installed.is_covered[i] = true;
  }
  pthread_mutex_unlock(&installed.lock);
}

// ---- Guards ----

// A thread that has a signal blocked is ended by a fault whatever handler there is.
static void let_through(sigset_t *ret_before) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < SIGNALS; i++) sigaddset(&set, signals[i]);
  pthread_sigmask(SIG_UNBLOCK, &set, ret_before);
}

bool csizer_guard_call(void (*body)(void *context), void *context) {
  sigjmp_buf here, *const outer = after_fault;
  sigset_t mask;
  install();
  let_through(&mask);
  volatile bool is_done = false;
  if (!sigsetjmp(here, 0)) {
    after_fault = &here;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    body(context);
    is_done = true;
  }
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  after_fault = outer;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  uninstall();
  return is_done;
}

void *csizer_guard_pause(void) {
  sigjmp_buf *guard = after_fault;
  after_fault = NULL;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return guard;
}

void csizer_guard_resume(void *guard) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  after_fault = guard;
}
