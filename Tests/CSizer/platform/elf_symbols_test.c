// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "platform/elf.h"
#include "support/check.h"
#include "support/made_elf.h"

// Symbols by their names, in files made by hand: what a linker leaves in a symbol table, and what breaks a careless
// reader.

enum { BIAS = 0x10000, CODE = MADE_ELF_START, CODE_BYTES = MADE_ELF_BYTES };

static Elf64_Sym *add(made_elf *file, const char *name, unsigned char bind, unsigned char type, uint64_t value) {
  return made_elf_add(file, MADE_ELF_TABLE, name, (unsigned char)ELF64_ST_INFO(bind, type), value);
}

static csizer_wanted_symbol find(const made_elf *file, const char *name) {
  csizer_elf elf = {.bytes = (const char *)file, .size = sizeof *file, .bias = BIAS};
  csizer_wanted_symbol wanted = {.name = name};
  CHECK(csizer_elf_find_symbols(&elf, &wanted, 1));
  return wanted;
}

TEST(local_and_global_symbols_are_found_with_the_bias) {
  made_elf file;
  made_elf_begin(&file);
  add(&file, "hidden", STB_LOCAL, STT_FUNC, CODE + 16);
  add(&file, "open", STB_GLOBAL, STT_FUNC, CODE + 32);
  add(&file, "datum", STB_WEAK, STT_OBJECT, CODE + 48);
  add(&file, "$sSiN", STB_LOCAL, STT_NOTYPE, CODE);
  CHECK_EQUAL(find(&file, "hidden").address, BIAS + CODE + 16);
  CHECK_EQUAL(find(&file, "open").address, BIAS + CODE + 32);
  CHECK_EQUAL(find(&file, "datum").address, BIAS + CODE + 48);
  CHECK_EQUAL(find(&file, "$sSiN").address, BIAS + CODE);
  CHECK_EQUAL(find(&file, "ope").address, 0);
  CHECK_EQUAL(find(&file, "opened").address, 0);
  CHECK_EQUAL(find(&file, "").address, 0);
}

TEST(what_is_no_address_is_not_found) {
  made_elf file;
  made_elf_begin(&file);
  add(&file, "foreign", STB_GLOBAL, STT_FUNC, CODE)->st_shndx = SHN_UNDEF;  // a stub's place, for somebody else's
  add(&file, "number", STB_GLOBAL, STT_OBJECT, CODE)->st_shndx = SHN_ABS;
  add(&file, "chosen", STB_GLOBAL, STT_GNU_IFUNC, CODE);
  add(&file, "own", STB_GLOBAL, STT_TLS, CODE);
  add(&file, "outside", STB_GLOBAL, STT_FUNC, CODE + CODE_BYTES);
  add(&file, "before", STB_GLOBAL, STT_FUNC, CODE - 1);
  CHECK_EQUAL(find(&file, "foreign").address, 0);
  CHECK_EQUAL(find(&file, "number").address, 0);
  CHECK_EQUAL(find(&file, "chosen").address, 0);
  CHECK_EQUAL(find(&file, "own").address, 0);
  CHECK_EQUAL(find(&file, "outside").address, 0);
  CHECK_EQUAL(find(&file, "before").address, 0);
}

// A static function of some file may be called as the runtime's; which of two is meant nothing says.
TEST(a_global_symbol_goes_before_local_ones_and_two_local_ones_are_none) {
  made_elf file;
  made_elf_begin(&file);
  add(&file, "free", STB_LOCAL, STT_FUNC, CODE + 16);
  CHECK_EQUAL(find(&file, "free").address, BIAS + CODE + 16);
  add(&file, "free", STB_LOCAL, STT_FUNC, CODE + 16);  // the same, listed twice
  CHECK_EQUAL(find(&file, "free").address, BIAS + CODE + 16);
  add(&file, "free", STB_LOCAL, STT_FUNC, CODE + 32);
  CHECK_EQUAL(find(&file, "free").address, 0);
  CHECK(find(&file, "free").is_ambiguous);
  add(&file, "free", STB_LOCAL, STT_FUNC, CODE + 16);
  CHECK_EQUAL(find(&file, "free").address, 0);
  add(&file, "free", STB_GLOBAL, STT_FUNC, CODE + 64);
  CHECK_EQUAL(find(&file, "free").address, BIAS + CODE + 64);
  CHECK(!find(&file, "free").is_ambiguous);
  add(&file, "free", STB_LOCAL, STT_FUNC, CODE + 80);
  CHECK_EQUAL(find(&file, "free").address, BIAS + CODE + 64);
}

TEST(a_stripped_file_says_so) {
  made_elf file;
  made_elf_begin(&file);
  csizer_elf elf = {.bytes = (const char *)&file, .size = sizeof file, .bias = BIAS};
  csizer_wanted_symbol wanted = {.name = "open"};
  file.sections[MADE_ELF_TABLE].sh_type = SHT_DYNSYM;
  add(&file, "open", STB_GLOBAL, STT_FUNC, CODE);
  CHECK(!csizer_elf_find_symbols(&elf, &wanted, 1));
  CHECK_EQUAL(wanted.address, 0);
}

// The last byte of each file is the last one that may be read: the copy ends where its block does.
TEST(files_cut_anywhere_and_wrong_offsets_are_survived) {
  made_elf file;
  made_elf_begin(&file);
  add(&file, "open", STB_GLOBAL, STT_FUNC, CODE);
  for (size_t size = 0; size < sizeof file; size++) {
    char *cut = malloc(size ? size : 1);
    csizer_elf elf = {.bytes = memcpy(cut, &file, size), .size = size, .bias = BIAS};
    csizer_wanted_symbol wanted = {.name = "open"};
    csizer_elf_find_symbols(&elf, &wanted, 1);
    CHECK(wanted.address == 0 || wanted.address == BIAS + CODE);
    free(cut);
  }
  Elf64_Shdr *table = &file.sections[MADE_ELF_TABLE];
  uint64_t *const numbers[] = {&table->sh_offset, &table->sh_size, &file.sections[MADE_ELF_TEXTS].sh_offset,
                               &file.header.e_shoff, &file.header.e_phoff};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    for (unsigned bit = 8; bit < 64; bit++) {
      uint64_t right = *numbers[i];
      *numbers[i] ^= (uint64_t)1 << bit;
      csizer_elf elf = {.bytes = (const char *)&file, .size = sizeof file, .bias = BIAS};
      csizer_wanted_symbol wanted = {.name = "open"};
      csizer_elf_find_symbols(&elf, &wanted, 1);
      CHECK(wanted.address == 0 || wanted.address == BIAS + CODE);
      *numbers[i] = right;
    }
  CHECK_EQUAL(find(&file, "open").address, BIAS + CODE);
}
