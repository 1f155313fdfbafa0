// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FUNCTIONS_H
#define CSIZER_FUNCTIONS_H
#include "libdw.h"

#ifdef CSIZER_HAS_LIBDW
#include <stddef.h>

#include "csizer_status.h"

/// Compiled functions by address. Libdw's own index needs .debug_aranges, which clang and swiftc don't write, and without it walks
/// a whole unit for each address; this one walks each unit once.
typedef struct csizer_functions {
  struct csizer_function {
    Dwarf_Addr low, high;  // in this process
    Dwarf_Die die;
  } *rows;  // ascending, once sorted
  size_t count, capacity;
} csizer_functions;

/// Adds a module's functions. On CSIZER_NO_MEMORY some are missing; the table is good all the same.
csizer_status csizer_functions_add(csizer_functions *functions, const csizer_libdw *dw, Dwfl_Module *module);

/// The function at `address`, or NULL.
const struct csizer_function *csizer_functions_find(const csizer_functions *functions, Dwarf_Addr address);

/// Gives the memory back.
void csizer_functions_deinit(csizer_functions *functions);

#endif
#endif
