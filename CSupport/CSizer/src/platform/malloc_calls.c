// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/malloc_calls.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef CSIZER_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

#include "platform/elf.h"

// Who serves malloc: what the linker bound, or whom the measured program has. The only file that names the allocator's
// functions.

csizer_malloc_calls csizer_malloc = {
    .malloc = malloc,
    .free = free,
    .malloc_usable_size = malloc_usable_size,
#ifdef CSIZER_JEMALLOC
    .mallctl = mallctl,
    .mallctlnametomib = mallctlnametomib,
    .mallctlbymib = mallctlbymib,
    .nallocx = nallocx,
#endif
#define BIND(result, name, parameters) .name = name,
    CSIZER_MALLOC_BOOKS(BIND)
#undef BIND
};

#ifdef CSIZER_JEMALLOC
_Static_assert(CSIZER_ALL_ARENAS == MALLCTL_ARENAS_ALL, "as jemalloc numbers them");
#endif

static const char *const names[] = {
#define NAME(result, name, parameters) #name,
    CSIZER_MALLOC_CALLS(NAME)
#undef NAME
};
enum { CALLS = sizeof names / sizeof *names };

// Members of one size, in the order of the names, malloc and free first.
_Static_assert(sizeof(csizer_malloc_calls) == CALLS * sizeof(uintptr_t), "the table holds functions only");

static void put(csizer_malloc_calls *calls, size_t row, uintptr_t address) {
  memcpy((char *)calls + row * sizeof address, &address, sizeof address);
}

// Whether the books are malloc's; at first nobody has looked. Relaxed: all who look find the same in a table that was
// written while there was one thread.
static enum { NOT_LOOKED, OWN_BOOKS, NO_BOOKS } books;

void csizer_malloc_calls_use(const csizer_malloc_calls *calls) {
  csizer_malloc = *calls;
  books = NOT_LOOKED;
  if (calls->mallctl && calls->mallctlnametomib && calls->mallctlbymib && calls->nallocx) return;
  csizer_malloc.mallctl = NULL;
  csizer_malloc.mallctlnametomib = NULL;
  csizer_malloc.mallctlbymib = NULL;
  csizer_malloc.nallocx = NULL;
}

static bool are_of_one_library(uintptr_t one, uintptr_t other) {
  Dl_info first, second;
  return dladdr((const void *)one, &first) && dladdr((const void *)other, &second) &&
         first.dli_fbase == second.dli_fbase;
}

bool csizer_malloc_keeps_books(void) {
  if (__atomic_load_n(&books, __ATOMIC_RELAXED) == NOT_LOOKED) {
    uintptr_t statistics = 0;
#define NOTE(result, name, parameters) statistics = (uintptr_t)csizer_malloc.name;
    CSIZER_MALLOC_BOOKS(NOTE)
#undef NOTE
    const bool are_own = statistics && are_of_one_library((uintptr_t)csizer_malloc.malloc, statistics);
    __atomic_store_n(&books, are_own ? OWN_BOOKS : NO_BOOKS, __ATOMIC_RELAXED);
  }
  return __atomic_load_n(&books, __ATOMIC_RELAXED) == OWN_BOOKS;
}

// ---- Finding ----

static bool note_first(uintptr_t address, void *context) {
  *(uintptr_t *)context = address;
  return false;
}

static bool is_named(const csizer_wanted_symbol *wanted) { return wanted->address || wanted->is_ambiguous; }

// What the program defines itself. False when its file can't be read. A program without malloc and free of its own is
// served by others, whatever it calls by one of these names; one that has them twice must not be taken for that.
static bool look_in_program(csizer_malloc_calls *found, bool *ret_has_own) {
  uintptr_t first = 0;
  csizer_elf program;
  csizer_wanted_symbol wanted[CALLS] = {0};
  for (size_t row = 0; row < CALLS; row++) wanted[row].name = names[row];
  csizer_elf_each_image(note_first, &first);  // the loader lists the program first
  if (!csizer_elf_open(first, &program)) return false;
  csizer_elf_find_symbols(&program, wanted, CALLS);
  csizer_elf_close(&program);
  *ret_has_own = is_named(&wanted[0]) && is_named(&wanted[1]);
  for (size_t row = 0; row < CALLS; row++) put(found, row, wanted[row].address);
  return true;
}

// The first in the loader's order serves everybody; what this library linked does not count.
static void look_in_order(csizer_malloc_calls *found) {
  for (size_t row = 0; row < CALLS; row++) put(found, row, (uintptr_t)dlsym(RTLD_DEFAULT, names[row]));
}

csizer_status csizer_malloc_calls_find(bool is_in_program, const char **ret_reason) {
  csizer_malloc_calls found = {0};
  bool has_own = false;
  *ret_reason = "the program's file can't be read, or is not the one that was started: /proc/self/exe must lead to it";
  if (is_in_program && !look_in_program(&found, &has_own)) return CSIZER_UNREADABLE;
  if (!has_own) look_in_order(&found);
  *ret_reason =
      "malloc, free or malloc_usable_size of the program's own allocator can't be found, or not told from others: "
      "without the last one nobody knows a block's size";
  if (!found.malloc || !found.free || !found.malloc_usable_size) return CSIZER_UNSUPPORTED;
  csizer_malloc_calls_use(&found);
  *ret_reason = "";
  return CSIZER_OK;
}
