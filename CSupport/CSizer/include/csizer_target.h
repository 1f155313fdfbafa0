// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TARGET_H
#define CSIZER_TARGET_H
#include <stddef.h>

#include "csizer_status.h"

/// The Swift runtime whose objects are measured. It need not be the one that Sizer's own code runs on: a library that
/// is preloaded into a program brings its own. The engine asks it by one table of addresses and never in another way.
///
/// Threads: the table is written by csizer_target_find, once, at the start, before other threads exist and before any
/// other call of the engine; from then on all threads read it without a lock.

/// Where the runtime's functions are found.
typedef enum csizer_target_source {
  /// The symbols that the linker bound for this library: the default, without any call.
  CSIZER_TARGET_LINKED = 0,
  /// A libswiftCore.so that is loaded, whoever loaded it, with libswift_Concurrency.so if that is loaded, too. It is
  /// held: it stays loaded.
  CSIZER_TARGET_LIBRARY = 1,
  /// The executable that links the standard library statically, by the symbol table in its file: hidden and local
  /// symbols, too. `strip -g` leaves that table, `strip -s` removes it.
  CSIZER_TARGET_PROGRAM = 2,
  /// A test's stand-in. Cannot be looked for.
  CSIZER_TARGET_GIVEN = 3,
} csizer_target_source;

/// Fills the table. What this runtime has not got, or the linker dropped since the program has no use for it, stays
/// empty and is no error. Demanglers, which know no runtime, come from elsewhere then: Swift's is this library's own,
/// if it links one.
///
/// CSIZER_UNSUPPORTED: there is no Swift runtime in this place, its symbols were stripped, or it lacks what the engine
/// can't do without. CSIZER_UNREADABLE: the program's file can't be read or is not the one that runs. CSIZER_INVALID:
/// CSIZER_TARGET_GIVEN. Then the table is as it was, and `ret_reason` says what is missing and what to do: a static
/// string, valid until the next call. Empty with CSIZER_OK.
///
/// Time: LIBRARY some 30 us; PROGRAM some milliseconds, linear in the program's symbols. Never allocates.
csizer_status csizer_target_find(csizer_target_source source, const char **ret_reason);

/// Whose functions are in the table. Any thread.
csizer_target_source csizer_target_source_in_use(void);

/// Why tasks can't be told from other blocks; a static string, empty where they can, and where the program makes
/// none. They can't where the linker dropped the data that the concurrency runtime keeps for debuggers. Any thread.
const char *csizer_target_tasks_reason(void);

/// A type's fully qualified name, by the runtime that made the type: not terminated, there for ever, `ret_length`
/// bytes. NULL when there is no runtime. `type` is metadata, of which a metatype is the address. Any thread.
const char *csizer_target_type_name(const void *type, size_t *ret_length);

/// Calls `visit` for each symbol that the engine asks for, in a fixed order, with its address; NULL: not there. Any
/// thread.
void csizer_target_each(void (*visit)(const char *symbol, const void *address, void *context), void *context);

#endif
