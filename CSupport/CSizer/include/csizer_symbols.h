// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SYMBOLS_H
#define CSIZER_SYMBOLS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_images.h"
#include "csizer_status.h"

// Names and source lines of return addresses, read by elfutils' libdw from the debug information of the images. Libdw
// is loaded when it is first asked for, into a name space of its own: nothing links it, and without it everything else
// works. It takes its memory from malloc until the session is closed. Not for hot paths, nor for a forked child.

/// A session: the images that were added, and what was read of them. One thread at a time.
typedef struct csizer_symbols csizer_symbols;

/// One call: a function that was compiled as such, or one that was inlined into the next. The texts live until the
/// session is closed.
typedef struct csizer_call {
  const char *symbol;  // mangled; NULL when unknown
  const char *file;    // NULL when unknown
  int line, column;    // 0 when unknown
  bool inlined;
} csizer_call;

/// Opens a session. CSIZER_UNSUPPORTED: no libdw here, or the engine was built without its headers. What is missing
/// then or later because the system had no descriptor or memory to give is counted (csizer_refusals.h).
csizer_status csizer_symbols_open(csizer_symbols **made);

/// Loads libdw, so that csizer_symbols_open need not: it may be called with locks held for which a thread in the loader
/// waits.
void csizer_symbols_load(void);

/// Adds an image. One whose file is gone, or has another build id than what is in memory, is left out without an error.
void csizer_symbols_add(csizer_symbols *symbols, const csizer_loaded_image *image);

/// Shows the calls under way at the call that returns to `return_address`, innermost first; none when no image added
/// covers it. Reads an image's debug information on the first address in it. CSIZER_NO_MEMORY: calls may be missing.
csizer_status csizer_symbols_look_up(csizer_symbols *symbols, uintptr_t return_address,
                                     void (*visit)(const csizer_call *call, void *context), void *context);

/// The readable form of a Swift or C++ symbol, at full length; false when it is none or longer than `room`. Any thread;
/// takes the host's malloc.
bool csizer_demangle(const char *symbol, char *text, size_t room);

/// Closes a session and gives its memory back. NULL is fine.
void csizer_symbols_close(csizer_symbols *symbols);

#endif
