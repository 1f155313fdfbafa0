// SPDX-License-Identifier: Apache-2.0
// Memory for the stacks that each thread had last.
#include "traces/known_stacks.h"

#include <pthread.h>

#include "platform/pages.h"

_Thread_local known_stacks *csizer_known_stacks_own;

// Objects that are made by other destructors of a thread come too late to be given back.
static _Thread_local bool is_ending, is_being_made;

static pthread_key_t key;
static bool has_key;      // written once, before any thread asks
static size_t all_bytes;  // atomic and relaxed: a sum

static void give_back(void *own) {
  is_ending = true;
  csizer_known_stacks_own = NULL;
  csizer_pages_unmap(own, sizeof(known_stacks));
  __atomic_fetch_sub(&all_bytes, sizeof(known_stacks), __ATOMIC_RELAXED);
}

// A thread has room for its first 32 keys, for later ones it allocates (glibc, pthread_setspecific.c): of the host's
// memory.
bool csizer_known_stacks_start(void) {
  enum { WITHOUT_MEMORY = 32 };
  if (pthread_key_create(&key, give_back)) return false;
  has_key = key < WITHOUT_MEMORY;
  if (!has_key) pthread_key_delete(key);
  return has_key;
}

known_stacks *csizer_known_stacks_make(void) {
  if (!has_key || is_ending || is_being_made) return NULL;
  is_being_made = true;  // not by a signal handler meanwhile
  known_stacks *made = csizer_pages_map(sizeof *made);
  if (made && pthread_setspecific(key, made)) {
    csizer_pages_unmap(made, sizeof *made);
    made = NULL;
  }
  if (made) {
    __atomic_fetch_add(&all_bytes, sizeof *made, __ATOMIC_RELAXED);
    csizer_known_stacks_own = made;
  }
  is_being_made = false;
  return made;
}

size_t csizer_known_stacks_bytes(void) { return __atomic_load_n(&all_bytes, __ATOMIC_RELAXED); }
