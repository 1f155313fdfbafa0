// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_NAMES_H
#define CSIZER_NAMES_H
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

// Names of functions and variables, from the symbol tables of the files that they are in: what addresses in a heap
// image or a closure's code are called. No debug information is read, and no library is needed for it.

/// A symbol that holds an address. The text lives as long as the visit.
typedef struct csizer_symbol {
  size_t index;      // of the address that was asked for
  const char *name;  // mangled
  uint64_t offset;   // of the address in it
} csizer_symbol;

/// Shows the symbol of each address that some symbol holds, each once, in the order of the addresses. These are counted
/// as the file counts them, and ascend. Nothing is shown when there is no plain file at `path`, or when its build id is
/// not this one, which must have some bytes: a file that is another build is not believed. Local symbols count, too; of
/// a stripped file only those that the loader needs are there. CSIZER_NO_MEMORY: nothing was shown.
///
/// Time: linear in the file's symbols. Takes pages of its own, not the host's heap. Any thread; not in a frozen image.
csizer_status csizer_names_look_up(const char *path, const uint8_t *build_id, size_t build_id_length,
                                   const uint64_t *addresses, size_t count,
                                   void (*visit)(const csizer_symbol *symbol, void *context), void *context);

#endif
