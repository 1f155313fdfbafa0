// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BIRTH_SCOPES_H
#define CSIZER_BIRTH_SCOPES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// Birth scopes: which of the objects that live were made on behalf of what; of a test, for one. Two that run at the
/// same time do not see each other's.
///
/// A birth belongs to the scope whose number is bound to a task-local variable where the object is made. So it follows
/// a task from thread to thread and into the tasks that it starts, but not into detached tasks and other threads.
/// Objects of all kinds are noted, closures' contexts, boxes and arrays, too; tasks and their frames are not.
///
/// While a scope is open a birth costs some 10 ns more, and 35 to 70 bytes for each address that objects were made at.
/// Without one it costs nothing but a look at a flag. All memory is the kernel's pages, given back with the last scope.

/// A living object and what it was made in. What has died since may be among them until its address is used again.
typedef struct csizer_scoped_birth {
  uintptr_t address;
  /// The innermost scope; 0: none.
  uint32_t scope;
  /// The scope that was opened last before the birth: those of larger numbers are younger than the object.
  uint32_t youngest;
  /// csizer_trace_frames; 0: none.
  uint32_t trace;
} csizer_scoped_birth;

/// Opens a scope. `key` is the task-local variable, as the concurrency runtime knows it: the address of an object of
/// type TaskLocal<UInt32>, the same at each call and there for ever. `trace_depth` calls are recorded with each birth,
/// as many as the deepest open scope wants. `is_process_wide`: births that belong to no scope are noted, too.
///
/// `ret_scope` is its number: larger than those of all before it, never 0. The caller binds it.
/// CSIZER_UNSUPPORTED where births can't be seen (csizer_census.h), or the program has no concurrency runtime. Any
/// thread.
csizer_status csizer_birth_scope_begin(const void *key, uint32_t trace_depth, bool is_process_wide,
                                       uint32_t *ret_scope);

/// Closes a scope that is open. With the last one all that was noted is forgotten. Any thread.
void csizer_birth_scope_end(bool is_process_wide);

/// What is noted: how many births there are, of which at most `room` are written. Holds meanwhile
/// (csizer_lifetimes_hold). Any thread.
size_t csizer_birth_scopes_read(csizer_scoped_birth *births, size_t room);

/// How many births could not be noted since a scope was first open, because the system refused memory. Any thread.
uint64_t csizer_birth_scopes_lost(void);

#endif
