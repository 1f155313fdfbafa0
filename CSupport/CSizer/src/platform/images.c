// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_images.h"

#include <link.h>
#include <pthread.h>
#include <string.h>

#include "platform/fault_guard.h"
#include "platform/pages.h"

// Which addresses belong to the program and its libraries, and whether a library of Swift's was ever closed.

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

// ---- Libraries of Swift's that were closed ----

// The runtime keeps lists of the types of all images that it has seen, closed ones included, and reads through them for
// each type that it is asked for by name: behind such a dlclose it must not be asked any more. For the whole process
// and for ever, as the runtime's lists are; guarded by the lock, which nobody waits for. `has_lost` is read without it,
// relaxed: it is never taken back and says nothing of other memory.
enum { MOST_SWIFT_IMAGES = 512 };
static struct {
  pthread_mutex_t lock;
  unsigned long long generation;
  uintptr_t starts[MOST_SWIFT_IMAGES];
  size_t count;
  bool has_lost;
} swift_images = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef struct swift_starts {
  uintptr_t starts[MOST_SWIFT_IMAGES];
  size_t count;
} swift_starts;

static const ElfW(Dyn) *dynamic_of(const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) return (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  return NULL;
}

// What a library of Swift's needs stands in its table of needs. The loader has made the table of texts an address.
static bool needs_swift(const struct dl_phdr_info *info) {
  const ElfW(Dyn) *dynamic = dynamic_of(info);
  const char *texts = NULL;
  for (const ElfW(Dyn) *entry = dynamic; entry && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_STRTAB && entry->d_un.d_ptr >= info->dlpi_addr) texts = (const char *)entry->d_un.d_ptr;
  for (const ElfW(Dyn) *entry = dynamic; texts && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_NEEDED && strcmp(texts + entry->d_un.d_val, "libswiftCore.so") == 0) return true;
  return false;
}

static int add_swift_start(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  swift_starts *found = context;
  if (found->count < MOST_SWIFT_IMAGES && needs_swift(info)) found->starts[found->count++] = info->dlpi_addr;
  return 0;
}

static bool is_among(const swift_starts *starts, uintptr_t start) {
  for (size_t i = 0; i < starts->count; i++)
    if (starts->starts[i] == start) return true;
  return false;
}

void csizer_images_look_for_swift(void) {
  unsigned long long generation = 0;
  dl_iterate_phdr(read_generation, &generation);
  if (pthread_mutex_trylock(&swift_images.lock)) return;
  if (generation == swift_images.generation) {
    pthread_mutex_unlock(&swift_images.lock);
    return;
  }
  swift_images.generation = generation;
  swift_starts now = {.count = 0};
  dl_iterate_phdr(add_swift_start, &now);
  for (size_t i = 0; i < swift_images.count; i++)
    if (!is_among(&now, swift_images.starts[i])) __atomic_store_n(&swift_images.has_lost, true, __ATOMIC_RELAXED);
  memcpy(swift_images.starts, now.starts, now.count * sizeof *now.starts);
  swift_images.count = now.count;
  pthread_mutex_unlock(&swift_images.lock);
}

bool csizer_images_have_lost_swift(void) { return __atomic_load_n(&swift_images.has_lost, __ATOMIC_RELAXED); }

// ---- The list ----

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
  csizer_images_look_for_swift();
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

bool csizer_images_contain(const csizer_images *images, uintptr_t address) {
  return csizer_images_range(images, address) != NULL;
}

bool csizer_images_contain_code(const csizer_images *images, uintptr_t address) {
  const struct csizer_range *range = csizer_images_range(images, address);
  return range && range->is_code;
}
