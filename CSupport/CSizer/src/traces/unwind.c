// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/unwind.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#if defined(__aarch64__)
#define LOCAL(name) "_ULaarch64_" name
#else
#define LOCAL(name) "_ULx86_64_" name
#endif

// Written by load alone; the function once.
static csizer_backtrace backtrace_function;
static const char *reason = "";
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
  __atomic_store_n(&backtrace_function, found, __ATOMIC_RELEASE);
}

// Who held it may not be in the child of a fork. Held over the fork it could wait for the loader, whose lock the
// forking thread may hold.
static void release_in_child(void) { loading = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; }
__attribute__((constructor)) static void survive_forks(void) { pthread_atfork(NULL, NULL, release_in_child); }

csizer_backtrace csizer_unwind_backtrace(void) {
  csizer_backtrace known = __atomic_load_n(&backtrace_function, __ATOMIC_ACQUIRE);
  if (__builtin_expect(known != NULL, 1)) return known;
  // What could not be loaded is tried again: descriptors may have run out.
  pthread_mutex_lock(&loading);
  if (!backtrace_function) load();
  known = backtrace_function;
  pthread_mutex_unlock(&loading);
  return known;
}

const char *csizer_unwind_reason(void) {
  csizer_unwind_backtrace();
  return __atomic_load_n(&reason, __ATOMIC_RELAXED);
}
