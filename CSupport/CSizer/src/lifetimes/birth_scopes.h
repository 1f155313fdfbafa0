// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BIRTH_SCOPES_INTERNAL_H
#define CSIZER_BIRTH_SCOPES_INTERNAL_H
#include "csizer_birth_scopes.h"

/// How many scopes are open. Any thread reads it, by births_are_scoped; relaxed: whom the program puts behind a scope's
/// beginning sees it, and anybody else may be before it.
extern uint32_t csizer_birth_scopes_open;
static inline bool births_are_scoped(void) {
  return __atomic_load_n(&csizer_birth_scopes_open, __ATOMIC_RELAXED) != 0;
}

/// An object was made while a scope is open; `return_address`: where a trace starts. Any thread.
void csizer_birth_scopes_born(const void *object, const void *return_address);

#endif
