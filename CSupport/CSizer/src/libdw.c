// SPDX-License-Identifier: Apache-2.0
#include "libdw.h"

#ifdef CSIZER_HAS_LIBDW
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static csizer_libdw calls;
static bool is_complete;

// Never closed: another session may be using it.
static void load(void) {
  void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  is_complete = true;
#define FIND(name)                                                     \
  calls.name = (__typeof__(calls.name))dlsym(library, #name);          \
  if (!calls.name) is_complete = false;
  CSIZER_LIBDW_CALLS(FIND)
#undef FIND
}

const csizer_libdw *csizer_libdw_get(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return is_complete ? &calls : NULL;
}

#endif
