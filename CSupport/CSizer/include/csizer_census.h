// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CENSUS_H
#define CSIZER_CENSUS_H
#include <stdbool.h>

#include "csizer_heapmap.h"

/// The census: which Swift objects of this process are alive. It is kept by replacing four entry points of the Swift
/// runtime when the program is loaded (a constructor of the highest priority, while there is one thread):
/// `swift_allocObject`, which is swift_slowAlloc, so malloc mostly, plus two stores; `swift_bufferAllocate`, into which
/// the compiler inlined it; `swift_allocBox`, likewise, whose original does the work; and `swift_slowDealloc`, which is
/// free. All but the third are so short that ours replace them whole. Objects made before, by constructors of shared
/// libraries, are not in it.
///
/// What is alive is a byte for each 16 bytes of heap, which births and deaths store plainly: no lock, no locked
/// instruction, which would wait for the object's own cache miss. Why that is enough:
///
/// - Different objects have different bytes. Storing one does not touch its neighbours, and it is never torn.
/// - The same place is stored to by one thread after the other: a death stores before it gives the block to the
///   allocator, a birth after it got it, and the allocator orders the two.
/// - Whoever learns of an object learns of it after its byte: that is stored before the address is given to anybody,
///   and cleared before the block is free. Processors that reorder stores keep that order for whoever synchronises, and
///   nobody else may look at the object.
/// - A frozen child, and one that the host forked (no lock of the census's is held there), have of each thread's
///   stores all up to some moment and none after it, and of what a thread had seen of others everything too: the kernel
///   takes the right to write from all pages, and a store either came before that or waits until the copy is made. So a
///   birth that had returned is in the image, and a death whose block was free is not.
/// - Who walks in place holds the births and deaths of tracked objects (csizer_lifetimes_hold); each of these leaves a
///   lock or a line, and the holder takes the one and waits for the other: that orders the bytes before it. Of other
///   objects those count that the walk is led to.
/// - Memory of the map in which nothing lives is given back behind a membarrier(2), so that no store gets lost
///   (csizer_heapmap_give_back).
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

/// The process's heap map: its bytes live are the census. Lives for ever. NULL only when the system refused memory at
/// load.
csizer_heapmap *csizer_census_map(void);

#endif
