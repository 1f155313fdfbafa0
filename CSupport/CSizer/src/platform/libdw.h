// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIBDW_H
#define CSIZER_LIBDW_H
// Libdw's headers are wanted for building only; what was built without them says that it can't look up symbols.
#if __has_include(<elfutils/libdwfl.h>)
#define CSIZER_HAS_LIBDW 1
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#define CSIZER_LIBDW_CALLS(CALL)     \
  CALL(dwfl_begin)                   \
  CALL(dwfl_end)                     \
  CALL(dwfl_report_begin_add)        \
  CALL(dwfl_report_elf)              \
  CALL(dwfl_report_end)              \
  CALL(dwfl_addrmodule)              \
  CALL(dwfl_module_info)             \
  CALL(dwfl_module_build_id)         \
  CALL(dwfl_module_getelf)           \
  CALL(dwfl_module_getsymtab)        \
  CALL(dwfl_module_getsym_info)      \
  CALL(dwfl_module_nextcu)           \
  CALL(dwfl_standard_find_debuginfo) \
  CALL(dwarf_attr_integrate)         \
  CALL(dwarf_child)                  \
  CALL(dwarf_diecu)                  \
  CALL(dwarf_diename)                \
  CALL(dwarf_filesrc)                \
  CALL(dwarf_formstring)             \
  CALL(dwarf_formudata)              \
  CALL(dwarf_attr)                   \
  CALL(dwarf_getsrc_die)             \
  CALL(dwarf_getsrcfiles)            \
  CALL(dwarf_haspc)                  \
  CALL(dwarf_linecol)                \
  CALL(dwarf_lineno)                 \
  CALL(dwarf_linesrc)                \
  CALL(dwarf_ranges)                 \
  CALL(dwarf_siblingof)              \
  CALL(dwarf_tag)

/// Libdw's functions, by their own names and types.
typedef struct csizer_libdw {
#define MEMBER(name) __typeof__(&name) name;
  CSIZER_LIBDW_CALLS(MEMBER)
#undef MEMBER
} csizer_libdw;

/// Loads libdw on first use. NULL when it isn't installed or lacks a function, or can't be loaded now: the next call
/// tries again. Any thread.
const csizer_libdw *csizer_libdw_get(void);

#endif
#endif
