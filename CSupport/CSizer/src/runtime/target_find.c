// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "platform/elf.h"
#include "runtime/target.h"

// Finds the measured program's Swift runtime: among what is linked, in a library that is loaded, or in the program's
// own file.

// ---- In libraries ----

static void *loaded(const char *library) { return dlopen(library, RTLD_LAZY | RTLD_NOLOAD); }

// A handle's search goes on to the libraries that it needs: the C++ runtime is among those.
static void look_in(void *library, csizer_target_runtime *found) {
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++) {
    void *address = dlsym(library, csizer_target_rows[row].symbol);
    if (address) csizer_target_put(found, row, (uintptr_t)address);
  }
}

static csizer_status find_in_libraries(csizer_target_runtime *found, const char **ret_reason) {
  void *core = loaded("libswiftCore.so"), *concurrency = loaded("libswift_Concurrency.so");
  *ret_reason = "no libswiftCore.so is loaded in this process";
  if (!core) return CSIZER_UNSUPPORTED;
  if (concurrency) look_in(concurrency, found);
  look_in(core, found);
  return CSIZER_OK;
}

// ---- In the program ----

static bool note_first(uintptr_t address, void *context) {
  *(uintptr_t *)context = address;
  return false;
}

static bool has_swift(const csizer_elf *program) {
  uintptr_t start;
  size_t size;
  return csizer_elf_section(program, "swift5_type_metadata", &start, &size) ||
         csizer_elf_section(program, "swift5_reflstr", &start, &size);
}

static csizer_status read_symbols(const csizer_elf *program, csizer_target_runtime *found, const char **ret_reason) {
  csizer_wanted_symbol wanted[CSIZER_TARGET_ROWS + 1] = {0}, *const makes_tasks = &wanted[CSIZER_TARGET_ROWS];
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++) wanted[row].name = csizer_target_rows[row].symbol;
  makes_tasks->name = CSIZER_TARGET_MAKES_TASKS;
  *ret_reason = "the program has no Swift runtime";
  if (!has_swift(program)) return CSIZER_UNSUPPORTED;
  *ret_reason = "the program has no Swift runtime of its own: its libswiftCore.so has";
  if (loaded("libswiftCore.so")) return CSIZER_UNSUPPORTED;
  *ret_reason =
      "the program links Swift's standard library statically and its symbol table was stripped: it is needed to find "
      "the Swift runtime. Strip debug information only (strip -g), or link the standard library dynamically";
  if (!csizer_elf_find_symbols(program, wanted, CSIZER_TARGET_ROWS + 1)) return CSIZER_UNSUPPORTED;
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++) csizer_target_put(found, row, wanted[row].address);
  csizer_target_note_tasks(found, makes_tasks->address || makes_tasks->is_ambiguous);
  return CSIZER_OK;
}

static csizer_status find_in_program(csizer_target_runtime *found, const char **ret_reason) {
  uintptr_t first = 0;
  csizer_elf program;
  csizer_elf_each_image(note_first, &first);  // the loader lists the program first
  *ret_reason =
      "the program's file can't be read, or is not the one that was started: /proc/self/exe must lead to it";
  if (!csizer_elf_open(first, &program)) return CSIZER_UNREADABLE;
  csizer_status status = read_symbols(&program, found, ret_reason);
  csizer_elf_close(&program);
  if (!status) {
    csizer_target_look_for_cxx(found);
    csizer_target_lend_demangler(found);
  }
  return status;
}

bool csizer_target_locate(csizer_target_source *ret_source) {
  uintptr_t first = 0;
  csizer_elf program;
  *ret_source = CSIZER_TARGET_LIBRARY;
  if (loaded("libswiftCore.so")) return true;
  *ret_source = CSIZER_TARGET_PROGRAM;
  csizer_elf_each_image(note_first, &first);
  if (!csizer_elf_open(first, &program)) return false;
  bool is_there = has_swift(&program);
  csizer_elf_close(&program);
  return is_there;
}

// ---- By name of the place ----

static csizer_status find_linked(csizer_target_runtime *found, const char **ret_reason) {
  *found = csizer_target_linked();
  *ret_reason = "no Swift runtime is linked in this process";
  return found->slow_alloc ? CSIZER_OK : CSIZER_UNSUPPORTED;
}

static csizer_status look(csizer_target_source source, csizer_target_runtime *found, const char **ret_reason) {
  switch (source) {
    case CSIZER_TARGET_LINKED: return find_linked(found, ret_reason);
    case CSIZER_TARGET_LIBRARY: return find_in_libraries(found, ret_reason);
    case CSIZER_TARGET_PROGRAM: return find_in_program(found, ret_reason);
    case CSIZER_TARGET_GIVEN: break;
  }
  *ret_reason = "a stand-in is given, not found";
  return CSIZER_INVALID;
}

csizer_status csizer_target_find(csizer_target_source source, const char **ret_reason) {
  static char lacking[128];
  csizer_target_runtime found = {0};
  csizer_target_note_tasks(&found, false);
  *ret_reason = "this library was built by a compiler that does not know how Swift calls: build it with clang";
  if (!SWIFT_CALL_IS_KNOWN) return CSIZER_UNSUPPORTED;
  csizer_status status = look(source, &found, ret_reason);
  if (status) return status;
  const char *missing = csizer_target_missing(&found);
  if (missing) {
    snprintf(lacking, sizeof lacking, "no %s that can be told from others is in this Swift runtime", missing);
    *ret_reason = lacking;
    return CSIZER_UNSUPPORTED;
  }
  csizer_target_use(&found, source);
  *ret_reason = "";
  return CSIZER_OK;
}
