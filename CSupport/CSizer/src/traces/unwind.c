// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "platform/backoff.h"
#include "platform/clock.h"
#include "platform/signals.h"
#include "traces/caller_rules.h"
#include "traces/known_stacks.h"

#if defined(__aarch64__)
#define LOCAL(name) "_ULaarch64_" name
#else
#define LOCAL(name) "_ULx86_64_" name
#endif

// Written by load alone; the function once.
static csizer_backtrace backtrace_function;
static const char *reason = "";
static bool is_lost;  // in the child of a fork, where libunwind's locks cannot be trusted
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

// Caches per thread need no lock while unwinding. The policy must not change while another thread unwinds: it is set
// only in a library that nobody used before us.
static void cache_per_thread(void *library) {
  enum { PER_THREAD = 2 };  // UNW_CACHE_PER_THREAD, libunwind-common.h
  int (*set_policy)(void *space, int policy);
  void *symbol = dlsym(library, LOCAL("set_caching_policy"));
  void **space = dlsym(library, LOCAL("local_addr_space"));
  memcpy(&set_policy, &symbol, sizeof set_policy);
  if (set_policy && space) set_policy(*space, PER_THREAD);
}

// `reason` is relaxed: a text that never changes, told behind the end of loading to who has waited for it.
static void load(void) {
  static const char name[] = "libunwind.so.8";
  __atomic_store_n(&reason, "", __ATOMIC_RELAXED);
  void *loaded_by_others = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
  // Never closed: it keeps destructors for threads that end.
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    __atomic_store_n(&reason, "libunwind.so.8 could not be loaded; install it: apt-get install libunwind8",
                     __ATOMIC_RELAXED);
    return;
  }
  void *symbol = dlsym(library, "unw_backtrace");
  if (!symbol) {
    __atomic_store_n(&reason, "libunwind.so.8 has no unw_backtrace", __ATOMIC_RELAXED);
    return;
  }
  if (!loaded_by_others) cache_per_thread(library);
  csizer_backtrace found;
  memcpy(&found, &symbol, sizeof found);
  void *frames[8];
  found(frames, 8);  // the first one is slow
#ifdef CALLERS_ARE_READ
  if (csizer_known_stacks_start()) csizer_caller_rules_start();
#endif
  __atomic_store_n(&backtrace_function, found, __ATOMIC_RELEASE);
}

unwind_cell csizer_unwind_cells[UNWIND_CELLS];
unsigned csizer_unwind_forks;

// Who forks may hold the loader's lock, which libunwind takes for a library that it has not seen: then neither goes on,
// and a fork that waits for longer has lost.
enum { PATIENCE = 100000000 };  // nanoseconds

// The forking thread found somebody inside to the end. Then libunwind's locks in the child may be taken for ever.
static _Thread_local bool is_doubtful;

static bool is_closed(void) { return __atomic_load_n(&csizer_unwind_forks, __ATOMIC_SEQ_CST) != 0; }

bool csizer_unwind_wait(unwind_cell *cell) {
  int error_before = errno;  // the program's: it made an object, it called nothing that may set it
  uint64_t end = clock_monotonic() + PATIENCE;
  bool may_enter = false;
  unwind_leave(cell);
  for (unsigned tries = 0; !may_enter && clock_monotonic() < end; csizer_backoff(tries++)) {
    if (is_closed()) continue;
    __atomic_fetch_add(&cell->inside, 1, __ATOMIC_SEQ_CST);
    may_enter = !is_closed();
    if (!may_enter) unwind_leave(cell);
  }
  errno = error_before;
  return may_enter;
}

// A cell that was empty once stays so: who comes from now on only looks in.
static void wait_for_others(void) {
  __atomic_fetch_add(&csizer_unwind_forks, 1, __ATOMIC_SEQ_CST);
  uint64_t end = clock_monotonic() + PATIENCE;
  is_doubtful = false;
  unsigned tries = 0;
  for (size_t i = 0; i < UNWIND_CELLS && !is_doubtful; i++)
    while (__atomic_load_n(&csizer_unwind_cells[i].inside, __ATOMIC_SEQ_CST) && !is_doubtful) {
      csizer_backoff(tries++);
      is_doubtful = clock_monotonic() >= end;
    }
}

static void let_others_in(void) { __atomic_fetch_sub(&csizer_unwind_forks, 1, __ATOMIC_SEQ_CST); }

// Who held `loading` may not be here. Held over the fork it could wait for the loader, whose lock the forking thread
// may hold.
static void begin_in_child(void) {
  loading = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  memset(csizer_unwind_cells, 0, sizeof csizer_unwind_cells);
  csizer_unwind_forks = 0;
  if (!is_doubtful) return;
  is_lost = true;
  backtrace_function = NULL;
  reason = "this process was forked while another thread was taking a call stack";
}

__attribute__((constructor)) static void survive_forks(void) {
  pthread_atfork(wait_for_others, let_others_in, begin_in_child);
}

csizer_backtrace csizer_unwind_backtrace(void) {
  csizer_backtrace known = __atomic_load_n(&backtrace_function, __ATOMIC_ACQUIRE);
  if (__builtin_expect(known != NULL, 1)) return known;
  // What could not be loaded is tried again: descriptors may have run out. No handler's birth may wait for the lock.
  sigset_t before;
  signals_block(&before);
  pthread_mutex_lock(&loading);
  unwind_cell *cell;
  if (!backtrace_function && !is_lost && unwind_enter(&cell)) {
    load();
    unwind_leave(cell);
  }
  known = backtrace_function;
  pthread_mutex_unlock(&loading);
  signals_unblock(&before);
  return known;
}

const char *csizer_unwind_reason(void) {
  csizer_unwind_backtrace();
  return __atomic_load_n(&reason, __ATOMIC_RELAXED);
}
