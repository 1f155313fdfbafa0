// SPDX-License-Identifier: Apache-2.0
// libdw, loaded when it is first wanted.
#include "platform/libdw.h"

#ifdef CSIZER_HAS_LIBDW
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#include "platform/refusals.h"

static csizer_libdw calls;
static bool is_complete;

// Never closed: another session may be using it.
static bool load(csizer_libdw *ret_calls) {
  void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    csizer_refusal_look();
    return false;
  }
  bool is_all = true;
#define FIND(name)                                                         \
  ret_calls->name = (__typeof__(ret_calls->name))dlsym(library, #name);    \
  if (!ret_calls->name) is_all = false;
  CSIZER_LIBDW_CALLS(FIND)
#undef FIND
  return is_all;
}

// The lock is not held while the loader works: a thread that is in the loader may be waiting for it.
const csizer_libdw *csizer_libdw_get(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  csizer_libdw found = {0};
  if (__atomic_load_n(&is_complete, __ATOMIC_ACQUIRE)) return &calls;
  if (!load(&found)) return NULL;
  pthread_mutex_lock(&lock);
  if (!is_complete) {
    calls = found;
    __atomic_store_n(&is_complete, true, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&lock);
  return &calls;
}

#endif
