// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_ELF_H
#define MADE_ELF_H
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

// ELF files made by hand: one loaded segment, two tables of symbols with one table of texts, and a build id. The bytes
// of a file are the struct's.

enum {
  MADE_ELF_START = 0x1000,  // where the segment's addresses begin
  MADE_ELF_BYTES = 0x1000,
  MADE_ELF_SYMBOLS = 16,  // a table's room, the first of which is nobody's
  MADE_ELF_BUILD_ID = 20,
  /// Numbers of sections.
  MADE_ELF_TABLE = 1,  // of all symbols
  MADE_ELF_DYNAMIC = 2,
  MADE_ELF_TEXTS = 3,
  MADE_ELF_NOTE = 4,
  MADE_ELF_SECTIONS = 5,
};

typedef struct made_elf {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  Elf64_Shdr sections[MADE_ELF_SECTIONS];
  Elf64_Sym symbols[MADE_ELF_SYMBOLS], dynamic_symbols[MADE_ELF_SYMBOLS];
  char texts[256];
  struct {
    Elf64_Nhdr head;
    char name[4];
    uint8_t id[MADE_ELF_BUILD_ID];  // each byte 0xAB
  } note;
  size_t text_bytes;
} made_elf;

/// A file without symbols.
void made_elf_begin(made_elf *file);

/// Adds a symbol to MADE_ELF_TABLE or MADE_ELF_DYNAMIC: `info` of ELF64_ST_INFO, of no size.
Elf64_Sym *made_elf_add(made_elf *file, int table, const char *name, unsigned char info, uint64_t value);

#endif
