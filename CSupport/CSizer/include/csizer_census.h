// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CENSUS_H
#define CSIZER_CENSUS_H
#include <stdbool.h>

#include "csizer_heapmap.h"

/// The census: which Swift objects of this process are alive. It is kept by replacing four entry points of the Swift
/// runtime when the program is loaded (a constructor of the highest priority, while there is one thread):
/// `swift_allocObject`, which is swift_slowAlloc plus two stores; `swift_bufferAllocate`, into which the compiler
/// inlined it; `swift_allocBox`, likewise, whose original does the work; and `swift_slowDealloc`, which is free. All
/// but the third are so short that ours replace them whole. Objects made before, by constructors of shared libraries,
/// are not in it.
///
/// The environment variable SIZER_ENTRY_POINTS chooses at load: `replace` (the default), `interpose` (only the weak
/// `swift_allocObject` that this library defines, which callers outside the Swift runtime find first; no census, since
/// deaths are not seen), `off` (nothing).

/// What of the lives of Swift objects is seen.
typedef enum csizer_hook_state {
  /// Births and deaths of all objects are seen; the census is complete.
  CSIZER_HOOKS_REPLACED = 0,
  /// Only births outside the Swift runtime's own library are seen; there is no census.
  CSIZER_HOOKS_INTERPOSED = 1,
  /// Nothing is seen.
  CSIZER_HOOKS_OFF = 2,
} csizer_hook_state;

/// The state, decided at load and by a self-test that makes and frees objects. Any thread.
csizer_hook_state csizer_census_state(void);

/// Why the state is not CSIZER_HOOKS_REPLACED, as a static string; empty when it is. Any thread.
const char *csizer_census_reason(void);

/// The process's heap map: its bits live are the census. Lives for ever. NULL only when the system refused memory at
/// load.
csizer_heapmap *csizer_census_map(void);

#endif
