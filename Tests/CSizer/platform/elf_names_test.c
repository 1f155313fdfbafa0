// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csizer_names.h"
#include "support/check.h"
#include "support/made_elf.h"

// Names of addresses, from files made by hand.

enum { DATA = MADE_ELF_START, DATA_BYTES = MADE_ELF_BYTES, MOST = 16, BUILD_ID = MADE_ELF_BUILD_ID };

static void add(made_elf *file, int table, const char *name, uint64_t value, uint64_t size) {
  made_elf_add(file, table, name, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), value)->st_size = size;
}

typedef struct answers {
  char names[MOST][32];
  uint64_t offsets[MOST];
  size_t count, last;
} answers;

static void note(const csizer_symbol *symbol, void *context) {
  answers *answers = context;
  CHECK(symbol->index < MOST && (!answers->count++ || symbol->index > answers->last));
  answers->last = symbol->index;
  strncpy(answers->names[symbol->index], symbol->name, sizeof answers->names[0] - 1);
  answers->offsets[symbol->index] = symbol->offset;
}

static answers look_up(const made_elf *file, size_t bytes, uint8_t build, const uint64_t *addresses, size_t count) {
  answers answers = {.count = 0};
  char path[] = "/tmp/elf_names_test.XXXXXX";
  uint8_t id[BUILD_ID];
  memset(id, build, sizeof id);
  const int out = mkstemp(path);
  CHECK(out >= 0 && write(out, file, bytes) == (ssize_t)bytes);
  close(out);
  CHECK_EQUAL(csizer_names_look_up(path, id, sizeof id, addresses, count, note, &answers), CSIZER_OK);
  unlink(path);
  return answers;
}

TEST(addresses_have_the_names_of_the_smallest_symbols_that_hold_them) {
  static made_elf file;
  made_elf_begin(&file);
  add(&file, MADE_ELF_TABLE, "large", DATA + 64, 64);
  add(&file, MADE_ELF_TABLE, "inner", DATA + 80, 8);
  add(&file, MADE_ELF_DYNAMIC, "exported", DATA + 256, 16);
  add(&file, MADE_ELF_TABLE, "mark", DATA + 512, 0);
  add(&file, MADE_ELF_TABLE, "outside", DATA + DATA_BYTES, 8);
  const uint64_t addresses[] = {DATA + 63,  DATA + 64,  DATA + 79,  DATA + 80,  DATA + 87,        DATA + 88, DATA + 127,
                                DATA + 128, DATA + 260, DATA + 512, DATA + 513, DATA + DATA_BYTES};
  const char *const names[] = {"",      "large", "large",    "inner", "inner", "large",
                               "large", "",      "exported", "mark",  "",      ""};
  const uint64_t offsets[] = {0, 0, 15, 0, 7, 24, 63, 0, 4, 0, 0, 0};
  const size_t count = sizeof addresses / sizeof *addresses;
  const answers found = look_up(&file, sizeof file, 0xAB, addresses, count);
  CHECK_EQUAL(found.count, 8);
  for (size_t i = 0; i < count; i++) {
    CHECK_TEXT(found.names[i], names[i]);
    CHECK_EQUAL(found.offsets[i], offsets[i]);
  }
}

// What marks code and data of AArch64 stands where variables do, and before them in the table; its bytes are not told.
TEST(marks_of_an_assembler_are_no_names) {
  static made_elf file;
  made_elf_begin(&file);
  file.header.e_machine = EM_AARCH64;
  const char *const marks[] = {"$d", "$x", "$d.7", "$x.main"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    made_elf_add(&file, MADE_ELF_TABLE, marks[i], ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), DATA + 64);
  add(&file, MADE_ELF_TABLE, "store", DATA + 64, 8);
  made_elf_add(&file, MADE_ELF_TABLE, "$d", ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), DATA + 96);
  made_elf_add(&file, MADE_ELF_TABLE, "$dN", ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), DATA + 128);
  const uint64_t addresses[] = {DATA + 64, DATA + 96, DATA + 128};
  const answers found = look_up(&file, sizeof file, 0xAB, addresses, 3);
  CHECK_EQUAL(found.count, 2);
  CHECK_TEXT(found.names[0], "store");
  CHECK_TEXT(found.names[2], "$dN");
  // On other processors they are names like others.
  file.header.e_machine = EM_X86_64;
  CHECK_TEXT(look_up(&file, sizeof file, 0xAB, addresses, 3).names[1], "$d");
}

TEST(another_build_says_nothing) {
  static made_elf file;
  made_elf_begin(&file);
  add(&file, MADE_ELF_TABLE, "datum", DATA, 8);
  const uint64_t address = DATA;
  CHECK_EQUAL(look_up(&file, sizeof file, 0xAB, &address, 1).count, 1);
  CHECK_EQUAL(look_up(&file, sizeof file, 0xAC, &address, 1).count, 0);
  file.note.head.n_type = NT_GNU_ABI_TAG;
  CHECK_EQUAL(look_up(&file, sizeof file, 0xAB, &address, 1).count, 0);
}

// Whatever is cut off, or wherever an offset leads, nothing is read outside of the file.
TEST(damaged_files_say_less_and_never_fault) {
  static made_elf file;
  made_elf_begin(&file);
  add(&file, MADE_ELF_TABLE, "datum", DATA, 8);
  const uint64_t address = DATA;
  for (size_t bytes = 1; bytes < sizeof file; bytes += 7) look_up(&file, bytes, 0xAB, &address, 1);
  for (size_t i = 0; i + sizeof(uint32_t) < offsetof(made_elf, text_bytes); i += 3) {
    made_elf damaged = file;
    memset((char *)&damaged + i, 0xFF, sizeof(uint32_t));
    look_up(&damaged, sizeof damaged, 0xAB, &address, 1);
  }
}

TEST(what_is_no_plain_file_is_not_waited_for) {
  answers answers = {.count = 0};
  const uint8_t id[BUILD_ID] = {1};
  const uint64_t address = DATA;
  char folder[] = "/tmp/elf_names_test.XXXXXX", path[64];
  CHECK(mkdtemp(folder));
  strcat(strcpy(path, folder), "/pipe");
  CHECK(mkfifo(path, 0600) == 0);
  CHECK_EQUAL(csizer_names_look_up(path, id, sizeof id, &address, 1, note, &answers), CSIZER_OK);
  CHECK_EQUAL(csizer_names_look_up(folder, id, sizeof id, &address, 1, note, &answers), CSIZER_OK);
  CHECK_EQUAL(csizer_names_look_up("/no/such/file", id, sizeof id, &address, 1, note, &answers), CSIZER_OK);
  CHECK_EQUAL(answers.count, 0);
  unlink(path);
  rmdir(folder);
}
