// SPDX-License-Identifier: Apache-2.0
// How much a thread has of its own beside its stack, by the program's headers and the kernel's pages.
#define _GNU_SOURCE
#include "platform/thread_own.h"

#include <link.h>
#include <unistd.h>

static int add_variables(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type == PT_TLS) *(size_t *)context += segment->p_memsz + segment->p_align;
  }
  return 0;
}

size_t csizer_thread_variables(void) {
  size_t bytes = 0;
  dl_iterate_phdr(add_variables, &bytes);
  return bytes;
}

uintptr_t csizer_thread_own_start(const csizer_mapping *mapping, uintptr_t control, size_t variables) {
  enum { LEAST = 16 * 1024 };  // with what the loader keeps free for libraries to come
  const size_t below = !THREAD_VARIABLES_ARE_ABOVE && variables > LEAST / 2 ? variables + LEAST / 2 : LEAST;
  return control - mapping->start > below ? (control - below) & ~(uintptr_t)7 : mapping->start;
}

// The control block ends within a page of the list.
uintptr_t csizer_thread_own_end(const csizer_mapping *mapping, uintptr_t control, size_t variables) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t end = (control & ~(page - 1)) + 2 * page;
  if (THREAD_VARIABLES_ARE_ABOVE) end += (variables + 7) & ~(size_t)7;
  return end < mapping->end ? end : mapping->end;
}
