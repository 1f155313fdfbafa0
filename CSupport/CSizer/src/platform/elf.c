// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/fault_guard.h"
#include "platform/refusals.h"

// The files of loaded images: their sections, and their symbols by address and by name.
//
// Every offset that the file gives is checked: a file can be cut, or be replaced while the process runs.

static const void *part(const csizer_elf *elf, uint64_t offset, uint64_t size) {
  if (offset > elf->size || size > elf->size - offset) return NULL;
  return elf->bytes + offset;
}

static const ElfW(Ehdr) *header_of(const csizer_elf *elf) {
  const ElfW(Ehdr) *header = part(elf, 0, sizeof *header);
  return header && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 ? header : NULL;
}

static const ElfW(Shdr) *sections_of(const csizer_elf *elf) {
  const ElfW(Ehdr) *header = header_of(elf);
  if (!header || header->e_shentsize != sizeof(ElfW(Shdr))) return NULL;
  return part(elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(ElfW(Shdr)));
}

// ---- Opening ----

// What is no plain file must not be waited for: a pipe would want its other end.
static bool map_file(const char *path, csizer_elf *elf) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    csizer_refusal_note_error(errno);
    return false;
  }
  struct stat status;
  bool ok = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  if (ok) {
    elf->size = (size_t)status.st_size;
    void *bytes = mmap(NULL, elf->size, PROT_READ, MAP_PRIVATE, file, 0);
    ok = bytes != MAP_FAILED;
    if (!ok) csizer_refusal_note_error(errno);
    elf->bytes = ok ? bytes : NULL;
  }
  close(file);
  return ok;
}

static bool is_file_of(const csizer_elf *elf, const struct dl_phdr_info *info) {
  const ElfW(Ehdr) *header = header_of(elf);
  if (!header || header->e_phnum != info->dlpi_phnum || header->e_phentsize != sizeof(ElfW(Phdr))) return false;
  const void *programs = part(elf, header->e_phoff, info->dlpi_phnum * sizeof(ElfW(Phdr)));
  return programs && memcmp(programs, info->dlpi_phdr, info->dlpi_phnum * sizeof(ElfW(Phdr))) == 0;
}

static bool holds(const struct dl_phdr_info *info, uintptr_t address) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && address >= start && address - start < segment->p_memsz) return true;
  }
  return false;
}

// Maps the file of an image, if it is still the one that was loaded.
static bool map_image(const char *path, const struct dl_phdr_info *info, csizer_elf *elf) {
  if (!map_file(path, elf)) return false;
  elf->bias = info->dlpi_addr;
  if (is_file_of(elf, info)) return true;
  csizer_elf_close(elf);
  return false;
}

// The executable has no name among what is loaded, and its file may have been moved: the kernel knows it all the same.
// Where /proc is not mounted, the path by which it was started leads to it as a rule.
static bool map_program(const struct dl_phdr_info *info, csizer_elf *elf) {
  if (map_image("/proc/self/exe", info, elf)) return true;
  const char *path = (const char *)getauxval(AT_EXECFN);
  return path && access("/proc/self", F_OK) != 0 && map_image(path, info, elf);
}

typedef struct opening {
  uintptr_t address;
  csizer_elf *elf;
} opening;

static int open_image(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  opening *wanted = context;
  if (!holds(info, wanted->address)) return 0;
  const bool has_name = info->dlpi_name && *info->dlpi_name;
  const bool is_mapped =
      has_name ? map_image(info->dlpi_name, info, wanted->elf) : map_program(info, wanted->elf);
  return is_mapped ? 1 : -1;
}

// The loader holds its lock: no guard may jump out of it (fault_guard.h).
static int each_of_loader(int (*visit)(struct dl_phdr_info *, size_t, void *), void *context) {
  void *guard = csizer_guard_pause();
  int answer = dl_iterate_phdr(visit, context);
  csizer_guard_resume(guard);
  return answer;
}

bool csizer_elf_open(uintptr_t address, csizer_elf *ret_elf) {
  *ret_elf = (csizer_elf){0};
  opening wanted = {address, ret_elf};
  return each_of_loader(open_image, &wanted) == 1;
}

bool csizer_elf_open_file(const char *path, csizer_elf *ret_elf) {
  *ret_elf = (csizer_elf){0};
  return map_file(path, ret_elf);
}

void csizer_elf_close(csizer_elf *elf) {
  if (elf->bytes) munmap((void *)(uintptr_t)elf->bytes, elf->size);
  *elf = (csizer_elf){0};
}

// ---- Reading ----

// A string of a string table, or NULL when it isn't terminated inside it.
static const char *text_at(const csizer_elf *elf, const ElfW(Shdr) *table, uint64_t offset) {
  const char *texts = part(elf, table->sh_offset, table->sh_size);
  if (!texts || offset >= table->sh_size) return NULL;
  return memchr(texts + offset, 0, table->sh_size - offset) ? texts + offset : NULL;
}

const char *csizer_elf_symbol_at(const csizer_elf *elf, uintptr_t address, const char *prefix) {
  const ElfW(Shdr) *sections = sections_of(elf);
  if (!sections) return NULL;
  uint16_t section_count = header_of(elf)->e_shnum;
  for (uint16_t i = 0; i < section_count; i++) {
    const ElfW(Shdr) *table = &sections[i];
    if (table->sh_type != SHT_SYMTAB || table->sh_link >= section_count) continue;
    const ElfW(Sym) *symbols = part(elf, table->sh_offset, table->sh_size);
    for (size_t at = 0; symbols && at < table->sh_size / sizeof *symbols; at++) {
      if (elf->bias + symbols[at].st_value != address || symbols[at].st_shndx == SHN_UNDEF) continue;
      const char *name = text_at(elf, &sections[table->sh_link], symbols[at].st_name);
      if (name && strncmp(name, prefix, strlen(prefix)) == 0) return name;
    }
  }
  return NULL;
}

// ---- Symbols by their names ----

static bool is_loaded(const csizer_elf *elf, uint64_t value) {
  const ElfW(Ehdr) *header = header_of(elf);
  const ElfW(Phdr) *segments = part(elf, header->e_phoff, header->e_phnum * sizeof *segments);
  for (uint16_t i = 0; segments && i < header->e_phnum; i++)
    if (segments[i].p_type == PT_LOAD && value - segments[i].p_vaddr < segments[i].p_memsz) return true;
  return false;
}

// What an indirect function (STT_GNU_IFUNC) is only its resolver says; thread-local data have no one address.
static bool is_defined(const csizer_elf *elf, const ElfW(Sym) *symbol) {
  unsigned type = ELF64_ST_TYPE(symbol->st_info);
  bool is_of_kind = type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE;
  return is_of_kind && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE &&
         is_loaded(elf, symbol->st_value);
}

static void note_symbol(const csizer_elf *elf, const ElfW(Sym) *symbol, csizer_wanted_symbol *wanted) {
  uintptr_t address = elf->bias + symbol->st_value;
  bool is_global = ELF64_ST_BIND(symbol->st_info) != STB_LOCAL;
  if (!is_defined(elf, symbol) || (wanted->is_global && !is_global)) return;
  bool is_better = is_global && !wanted->is_global;
  bool is_second = !is_better && (wanted->is_ambiguous || (wanted->address && wanted->address != address));
  wanted->is_ambiguous = is_second;
  wanted->is_global = is_global;
  wanted->address = is_second ? 0 : address;
}

static void note_symbols(const csizer_elf *elf, const ElfW(Shdr) *table, const ElfW(Shdr) *texts,
                         csizer_wanted_symbol *wanted, size_t count) {
  const ElfW(Sym) *symbols = part(elf, table->sh_offset, table->sh_size);
  for (size_t at = 0; symbols && at < table->sh_size / sizeof *symbols; at++) {
    const char *name = text_at(elf, texts, symbols[at].st_name);
    for (size_t i = 0; name && *name && i < count; i++)
      if (*name == *wanted[i].name && strcmp(name, wanted[i].name) == 0) note_symbol(elf, &symbols[at], &wanted[i]);
  }
}

bool csizer_elf_find_symbols(const csizer_elf *elf, csizer_wanted_symbol *wanted, size_t count) {
  const ElfW(Shdr) *sections = sections_of(elf);
  uint16_t section_count = sections ? header_of(elf)->e_shnum : 0;
  bool has_table = false;
  for (uint16_t i = 0; i < section_count; i++) {
    if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= section_count) continue;
    has_table = true;
    note_symbols(elf, &sections[i], &sections[sections[i].sh_link], wanted, count);
  }
  return has_table;
}

// AArch64's assemblers mark with such symbols where code and data begin, at the same addresses as what has a name there
// (ELF for the Arm 64-bit Architecture, Mapping symbols). No name that a compiler makes is of this form.
static bool is_mark(const csizer_elf *elf, const ElfW(Sym) *symbol, const char *name) {
  return header_of(elf)->e_machine == EM_AARCH64 && ELF64_ST_TYPE(symbol->st_info) == STT_NOTYPE && name[0] == '$' &&
         (name[1] == 'd' || name[1] == 'x') && (!name[2] || name[2] == '.');
}

void csizer_elf_each_symbol(const csizer_elf *elf,
                            void (*visit)(const char *name, uint64_t start, uint64_t size, void *context),
                            void *context) {
  const ElfW(Shdr) *sections = sections_of(elf);
  const uint16_t section_count = sections ? header_of(elf)->e_shnum : 0;
  for (uint16_t i = 0; i < section_count; i++) {
    const ElfW(Shdr) *table = &sections[i];
    const bool is_table = table->sh_type == SHT_SYMTAB || table->sh_type == SHT_DYNSYM;
    if (!is_table || table->sh_link >= section_count || table->sh_offset % _Alignof(ElfW(Sym))) continue;
    const ElfW(Sym) *symbols = part(elf, table->sh_offset, table->sh_size);
    for (size_t at = 0; symbols && at < table->sh_size / sizeof *symbols; at++) {
      if (!is_defined(elf, &symbols[at])) continue;
      const char *name = text_at(elf, &sections[table->sh_link], symbols[at].st_name);
      if (!name || !*name || is_mark(elf, &symbols[at], name)) continue;
      visit(name, symbols[at].st_value, symbols[at].st_size, context);
    }
  }
}

// A note is name, then description, each padded to words (elf(5), Notes).
static bool is_build_id(const ElfW(Nhdr) *note, size_t room, const uint8_t *build_id, size_t length) {
  const size_t before = sizeof *note + sizeof "GNU";
  if (room < before || note->n_type != NT_GNU_BUILD_ID || note->n_namesz != sizeof "GNU") return false;
  const char *bytes = (const char *)note;
  return memcmp(bytes + sizeof *note, "GNU", sizeof "GNU") == 0 && note->n_descsz == length &&
         room - before >= length && memcmp(bytes + before, build_id, length) == 0;
}

bool csizer_elf_has_build_id(const csizer_elf *elf, const uint8_t *build_id, size_t length) {
  const ElfW(Shdr) *sections = sections_of(elf);
  const uint16_t section_count = sections ? header_of(elf)->e_shnum : 0;
  for (uint16_t i = 0; i < section_count; i++) {
    if (sections[i].sh_type != SHT_NOTE || sections[i].sh_offset % sizeof(uint32_t)) continue;
    const char *notes = part(elf, sections[i].sh_offset, sections[i].sh_size);
    for (size_t at = 0; notes && sections[i].sh_size - at >= sizeof(ElfW(Nhdr));) {
      const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)(notes + at);
      if (is_build_id(note, sections[i].sh_size - at, build_id, length)) return true;
      const uint64_t bytes = sizeof *note + (((uint64_t)note->n_namesz + 3) & ~(uint64_t)3) +
                             (((uint64_t)note->n_descsz + 3) & ~(uint64_t)3);
      if (bytes > sections[i].sh_size - at) break;
      at += bytes;
    }
  }
  return false;
}

bool csizer_elf_section(const csizer_elf *elf, const char *name, uintptr_t *ret_start, size_t *ret_size) {
  const ElfW(Shdr) *sections = sections_of(elf);
  if (!sections) return false;
  const ElfW(Ehdr) *header = header_of(elf);
  if (header->e_shstrndx >= header->e_shnum) return false;
  for (uint16_t i = 0; i < header->e_shnum; i++) {
    const char *found = text_at(elf, &sections[header->e_shstrndx], sections[i].sh_name);
    if (!found || strcmp(found, name) != 0) continue;
    *ret_start = elf->bias + sections[i].sh_addr;
    *ret_size = sections[i].sh_size;
    return true;
  }
  return false;
}

// ---- Enumerating ----

static struct {
  uintptr_t start, end;
} left_out;

static int note_left_out(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  if (!holds(info, (uintptr_t)context)) return 0;
  left_out.start = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type != PT_LOAD) continue;
    if (start < left_out.start) left_out.start = start;
    if (start + segment->p_memsz > left_out.end) left_out.end = start + segment->p_memsz;
  }
  return 1;
}

void csizer_elf_leave_out(const void *address) {
  left_out.start = left_out.end = 0;
  each_of_loader(note_left_out, (void *)(uintptr_t)address);
}

bool csizer_elf_is_left_out(uintptr_t address) { return address >= left_out.start && address < left_out.end; }

typedef struct enumeration {
  bool (*visit)(uintptr_t address, void *context);
  void *context;
} enumeration;

static int visit_image(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  const enumeration *each = context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    return !csizer_elf_is_left_out(start) && !each->visit(start, each->context);
  }
  return 0;
}

bool csizer_elf_each_image(bool (*visit)(uintptr_t address, void *context), void *context) {
  enumeration each = {visit, context};
  return each_of_loader(visit_image, &each) == 0;
}
