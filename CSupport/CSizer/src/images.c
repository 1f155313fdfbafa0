// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_images.h"

#include <link.h>
#include <string.h>

#include "fault_guard.h"
#include "pages.h"

static unsigned long long generation_of(const struct dl_phdr_info *info) {
  return info->dlpi_adds + info->dlpi_subs;
}

static int read_generation(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  *(unsigned long long *)context = generation_of(info);
  return 1;  // the first image tells
}

static bool grow(csizer_images *images) {
  size_t capacity = images->capacity ? images->capacity * 2 : 256;
  struct csizer_range *ranges = csizer_pages_map(capacity * sizeof *ranges);
  if (!ranges) return false;
  if (images->ranges) {
    memcpy(ranges, images->ranges, images->count * sizeof *ranges);
    csizer_pages_unmap(images->ranges, images->capacity * sizeof *ranges);
  }
  images->ranges = ranges;
  images->capacity = capacity;
  return true;
}

// Insertion keeps the order: some hundred segments, read once.
static int add_segments(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  csizer_images *images = context;
  images->generation = generation_of(info);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD) continue;
    if (images->count == images->capacity && !grow(images)) return CSIZER_NO_MEMORY;
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    size_t at = images->count;
    for (; at > 0 && images->ranges[at - 1].start > start; at--) images->ranges[at] = images->ranges[at - 1];
    images->ranges[at] = (struct csizer_range){start, start + segment->p_memsz, (segment->p_flags & PF_X) != 0};
    images->count++;
  }
  return 0;
}

static csizer_status refresh(csizer_images *images) {
  unsigned long long generation = 0;
  dl_iterate_phdr(read_generation, &generation);
  if (images->count && generation == images->generation) return CSIZER_OK;
  images->count = 0;
  int status = dl_iterate_phdr(add_segments, images);
  if (status) images->count = 0;
  return (csizer_status)status;
}

// The loader holds its lock: no guard may jump out of it (fault_guard.h).
csizer_status csizer_images_refresh(csizer_images *images) {
  void *guard = csizer_guard_pause();
  csizer_status status = refresh(images);
  csizer_guard_resume(guard);
  return status;
}

void csizer_images_deinit(csizer_images *images) {
  csizer_pages_unmap(images->ranges, images->capacity * sizeof *images->ranges);
  *images = (csizer_images){0};
}

const struct csizer_range *csizer_images_range(const csizer_images *images, uintptr_t address) {
  size_t low = 0, high = images->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (images->ranges[middle].end <= address) low = middle + 1;
    else high = middle;
  }
  return low < images->count && images->ranges[low].start <= address ? &images->ranges[low] : NULL;
}

bool csizer_images_contain(const csizer_images *images, uintptr_t address) { return csizer_images_range(images, address) != NULL; }

bool csizer_images_contain_code(const csizer_images *images, uintptr_t address) {
  const struct csizer_range *range = csizer_images_range(images, address);
  return range && range->is_code;
}
