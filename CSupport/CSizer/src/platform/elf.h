// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ELF_H
#define CSIZER_ELF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What stands in an image's file and not in memory: local symbols and the names of sections. Read while layouts are
// compiled, seldom; never during a walk over known types.

/// An image's file, mapped for reading.
typedef struct csizer_elf {
  const char *bytes;
  size_t size;
  uintptr_t bias;  // from the file's addresses to those in memory
} csizer_elf;

/// Maps the file of the image that holds `address`. False when there is none, when it can't be read, or when it is not
/// the file that was loaded (its program headers differ). Close with csizer_elf_close.
bool csizer_elf_open(uintptr_t address, csizer_elf *ret_elf);

void csizer_elf_close(csizer_elf *elf);

/// Maps a plain file; its addresses are the file's own. False when there is none or it can't be read.
bool csizer_elf_open_file(const char *path, csizer_elf *ret_elf);

/// Whether the linker named the file's build so.
bool csizer_elf_has_build_id(const csizer_elf *elf, const uint8_t *build_id, size_t length);

/// Shows the functions and variables that the file defines, by all its tables of symbols: name, address, bytes (0: not
/// known). The names live until the file is closed.
void csizer_elf_each_symbol(const csizer_elf *elf,
                            void (*visit)(const char *name, uint64_t start, uint64_t size, void *context),
                            void *context);

/// The name of a symbol with this value, or NULL: local symbols too, if the file was not stripped. Lives until the file
/// is closed. `prefix` is how the name must begin. Time: linear in the symbols.
const char *csizer_elf_symbol_at(const csizer_elf *elf, uintptr_t address, const char *prefix);

/// A symbol that is looked for by its name.
typedef struct csizer_wanted_symbol {
  const char *name;
  uintptr_t address;  // in memory; 0: the file defines none, or several between which nothing decides
  bool is_global, is_ambiguous;
} csizer_wanted_symbol;

/// Finds functions and data by their names in the file's full symbol table: hidden and local ones, too, of which the
/// loader knows nothing. One that is bound globally goes before local ones of the same name (static functions of some
/// file). False when the file has no such table: it was stripped. Time: linear in the symbols.
bool csizer_elf_find_symbols(const csizer_elf *elf, csizer_wanted_symbol *wanted, size_t count);

/// A section's place in memory; false when there is none of this name.
bool csizer_elf_section(const csizer_elf *elf, const char *name, uintptr_t *ret_start, size_t *ret_size);

/// Addresses, one inside each image that is loaded and not left out; false ends the enumeration. Answers what `visit`
/// answered last.
bool csizer_elf_each_image(bool (*visit)(uintptr_t address, void *context), void *context);

/// From now on the image that holds `address` is none of the program's: it is not enumerated, and its variables hold
/// nothing. For a library that is preloaded and brings types and objects of its own. One at most; while there is one
/// thread. NULL: none.
void csizer_elf_leave_out(const void *address);

/// Whether `address` is in the image that is left out. Any thread.
bool csizer_elf_is_left_out(uintptr_t address);

#endif
