// SPDX-License-Identifier: Apache-2.0
// Which words of libraries the loader has made read-only, said by their program headers and by the kernel. Linkers end
// what is to be read-only with the commonest pages; the kernel's may be larger.
#define _GNU_SOURCE
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "lifetimes/destroy_slot.h"
#include "support/check.h"

enum { MOST = 4096, MOST_IMAGES = 64 };

/// A line of /proc/self/maps.
typedef struct mapping {
  uintptr_t start, end;
  bool is_writable;
} mapping;
static mapping mappings[MOST];
static size_t mapping_count;

static void read_mappings(void) {
  FILE *file = fopen("/proc/self/maps", "r");
  char line[512], rights[5];
  CHECK(file != NULL);
  mapping_count = 0;
  while (fgets(line, sizeof line, file)) {
    mapping *mapping = &mappings[mapping_count++];
    CHECK(mapping_count < MOST);
    CHECK_EQUAL(sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &mapping->start, &mapping->end, rights), 3);
    mapping->is_writable = rights[1] == 'w';
  }
  fclose(file);
}

static bool is_writable(uintptr_t address) {
  for (size_t i = 0; i < mapping_count; i++)
    if (address >= mappings[i].start && address < mappings[i].end) return mappings[i].is_writable;
  CHECK(!"an address of an image is mapped");
  return false;
}

/// What the loader protects of an image, and the segment that it is of.
typedef struct part {
  uintptr_t image, start, end, segment_end;
} part;
static part parts[MOST_IMAGES];
static size_t part_count;

static int note_part(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  part part = {.image = info->dlpi_addr};
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
      part.end = (part.start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) + info->dlpi_phdr[i].p_memsz;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD) continue;
    const uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (part.start - start < segment->p_memsz) part.segment_end = start + segment->p_memsz;
  }
  if (part.segment_end && part_count < MOST_IMAGES) parts[part_count++] = part;
  return 0;
}

// The loader itself is found otherwise than what it loads, on AArch64 not at all: of it alone nothing need be claimed.
TEST(what_the_loader_has_protected_is_what_the_kernel_says) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  unsigned protected = 0;
  dl_iterate_phdr(note_part, NULL);
  read_mappings();
  for (size_t i = 0; i < part_count; i++) {
    if (csizer_slot_protection(parts[i].start) == SLOT_UNKNOWN) {
      CHECK_EQUAL(parts[i].image, getauxval(AT_BASE));
      continue;
    }
    const uintptr_t behind = (parts[i].end & ~(page - 1)) + page;
    const uintptr_t end = behind < parts[i].segment_end ? behind : parts[i].segment_end;
    for (uintptr_t at = parts[i].start; at + sizeof(void *) <= end; at += sizeof(void *)) {
      const bool is_protected = csizer_slot_protection(at) == SLOT_PROTECTED;
      CHECK_EQUAL(is_protected, !is_writable(at));
      protected += is_protected;
    }
  }
  CHECK(part_count > 1 && protected > 0);
}
