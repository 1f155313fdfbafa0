// SPDX-License-Identifier: Apache-2.0
#include "support/made_elf.h"

#include <string.h>

#include "support/check.h"

void made_elf_begin(made_elf *file) {
  memset(file, 0, sizeof *file);
  memcpy(file->header.e_ident, ELFMAG, SELFMAG);
  file->header.e_phoff = offsetof(made_elf, segment);
  file->header.e_phnum = 1;
  file->header.e_phentsize = sizeof(Elf64_Phdr);
  file->header.e_shoff = offsetof(made_elf, sections);
  file->header.e_shnum = MADE_ELF_SECTIONS;
  file->header.e_shentsize = sizeof(Elf64_Shdr);
  file->segment = (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = MADE_ELF_START, .p_memsz = MADE_ELF_BYTES};
  Elf64_Shdr *sections = file->sections;
  sections[MADE_ELF_TABLE] = (Elf64_Shdr){
      .sh_type = SHT_SYMTAB, .sh_offset = offsetof(made_elf, symbols), .sh_size = sizeof(Elf64_Sym),
      .sh_link = MADE_ELF_TEXTS};
  sections[MADE_ELF_DYNAMIC] = (Elf64_Shdr){
      .sh_type = SHT_DYNSYM, .sh_offset = offsetof(made_elf, dynamic_symbols), .sh_size = sizeof(Elf64_Sym),
      .sh_link = MADE_ELF_TEXTS};
  sections[MADE_ELF_TEXTS] = (Elf64_Shdr){
      .sh_type = SHT_STRTAB, .sh_offset = offsetof(made_elf, texts), .sh_size = sizeof file->texts};
  sections[MADE_ELF_NOTE] = (Elf64_Shdr){
      .sh_type = SHT_NOTE, .sh_offset = offsetof(made_elf, note), .sh_size = sizeof file->note};
  file->note.head = (Elf64_Nhdr){.n_namesz = 4, .n_descsz = MADE_ELF_BUILD_ID, .n_type = NT_GNU_BUILD_ID};
  memcpy(file->note.name, "GNU", 4);
  memset(file->note.id, 0xAB, sizeof file->note.id);
  file->text_bytes = 1;
}

Elf64_Sym *made_elf_add(made_elf *file, int table, const char *name, unsigned char info, uint64_t value) {
  Elf64_Sym *symbols = table == MADE_ELF_TABLE ? file->symbols : file->dynamic_symbols;
  const size_t number = file->sections[table].sh_size / sizeof *symbols, bytes = strlen(name) + 1;
  CHECK(number < MADE_ELF_SYMBOLS && file->text_bytes + bytes <= sizeof file->texts);
  symbols[number] =
      (Elf64_Sym){.st_name = (uint32_t)file->text_bytes, .st_value = value, .st_shndx = 1, .st_info = info};
  memcpy(file->texts + file->text_bytes, name, bytes);
  file->text_bytes += bytes;
  file->sections[table].sh_size += sizeof *symbols;
  return &symbols[number];
}
