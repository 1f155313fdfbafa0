// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FUNCTIONS_H
#define CSIZER_FUNCTIONS_H
#include "platform/libdw.h"

#ifdef CSIZER_HAS_LIBDW
#include <stddef.h>

#include "csizer_status.h"

/// Functions by address. Libdw's own index of debug information needs .debug_aranges, which clang and swiftc don't
/// write, and without it walks a whole unit for each address; of symbols it has none. Here both are walked once.
typedef struct csizer_functions {
  struct csizer_function {
    Dwarf_Addr low, high;  // in this process
    const char *symbol;    // of a symbol table's function; lives as long as the module
    Dwarf_Die die;         // of a function in debug information
  } *rows;  // ascending
  size_t count, capacity;
} csizer_functions;

/// Adds the functions of a module's debug information. On CSIZER_NO_MEMORY some are missing; the table is good all the
/// same.
csizer_status csizer_functions_add_described(csizer_functions *functions, const csizer_libdw *dw, Dwfl_Module *module);

/// The same with the functions of its symbol tables. Symbols without a size are left out: where they end is a guess.
csizer_status csizer_functions_add_symbols(csizer_functions *functions, const csizer_libdw *dw, Dwfl_Module *module);

/// The function at `address`, or NULL.
const struct csizer_function *csizer_functions_find(const csizer_functions *functions, Dwarf_Addr address);

/// Gives the memory back.
void csizer_functions_deinit(csizer_functions *functions);

#endif
#endif
