// SPDX-License-Identifier: Apache-2.0
// Names, build ids and addresses of the program and its libraries.
#define _GNU_SOURCE
#include <limits.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "csizer_images.h"

typedef struct visit {
  void (*visit)(const csizer_loaded_image *image, void *context);
  void *context;
  unsigned long long generation;
  const char *program;
} visit;

// ELF notes are aligned to 4 bytes, also where the segment says 8: build ids stand in segments of their own.
static void read_build_id(csizer_loaded_image *image, const uint8_t *notes, size_t bytes) {
  while (bytes >= sizeof(ElfW(Nhdr))) {
    const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)notes;
    size_t name = ((size_t)note->n_namesz + 3) & ~(size_t)3, text = ((size_t)note->n_descsz + 3) & ~(size_t)3;
    size_t whole = sizeof *note + name + text;
    if (whole > bytes) return;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(notes + sizeof *note, "GNU", 4)) {
      image->build_id = notes + sizeof *note + name;
      image->build_id_length = note->n_descsz;
      return;
    }
    notes += whole;
    bytes -= whole;
  }
}

static int show(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  visit *visit = context;
  visit->generation = info->dlpi_adds + info->dlpi_subs;
  bool is_program = !info->dlpi_name || !info->dlpi_name[0];
  csizer_loaded_image image = {
      .path = is_program ? visit->program : info->dlpi_name, .bias = info->dlpi_addr, .start = UINTPTR_MAX};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_NOTE && !image.build_id) read_build_id(&image, (const uint8_t *)start, segment->p_memsz);
    if (segment->p_type != PT_LOAD) continue;
    if (start < image.start) image.start = start;
    if (start + segment->p_memsz > image.end) image.end = start + segment->p_memsz;
  }
  if (image.start < image.end) visit->visit(&image, visit->context);
  return 0;
}

unsigned long long csizer_loaded_images(void (*visit_image)(const csizer_loaded_image *, void *), void *context) {
  char program[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  program[length > 0 ? length : 0] = 0;
  visit visit = {visit_image, context, 0, program};
  dl_iterate_phdr(show, &visit);
  return visit.generation;
}
