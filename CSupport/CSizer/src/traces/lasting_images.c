// SPDX-License-Identifier: Apache-2.0
// Which images stay, found out by who needs whom.
#define _GNU_SOURCE
#include "traces/lasting_images.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>

#include "platform/pages.h"

// An image as the loader shows it. The pointers hold while the loader's lock is held.
typedef struct candidate {
  lasting_image image;
  uintptr_t bias;
  const char *path, *soname;
  const ElfW(Dyn) *dynamic;
  size_t dynamic_count;
  const char *strings, *strings_end;
  bool is_lasting, is_followed;
} candidate;

typedef struct candidates {
  candidate *list;
  size_t count, capacity;
} candidates;

// ---- What an image says of itself ----

static bool is_inside(const candidate *of, uintptr_t start, size_t bytes) {
  return start >= of->image.start && start < of->image.end && bytes <= of->image.end - start;
}

// The loader makes addresses of what stands there in most images, not in those that it can't write to.
static uintptr_t address_of(const candidate *of, uintptr_t said) {
  return is_inside(of, said, 1) ? said : said + of->bias;
}

static const char *string_at(const candidate *of, size_t offset) {
  size_t room = of->strings ? (size_t)(of->strings_end - of->strings) : 0;
  if (offset >= room || !memchr(of->strings + offset, 0, room - offset)) return NULL;
  return of->strings + offset;
}

static void read_dynamic(candidate *of, uintptr_t start, size_t bytes) {
  if (start % sizeof(uintptr_t) || !is_inside(of, start, bytes)) return;
  of->dynamic = (const ElfW(Dyn) *)start;
  of->dynamic_count = bytes / sizeof *of->dynamic;
  uintptr_t strings = 0, size = 0, soname = UINTPTR_MAX;
  for (size_t i = 0; i < of->dynamic_count && of->dynamic[i].d_tag != DT_NULL; i++) {
    if (of->dynamic[i].d_tag == DT_STRTAB) strings = address_of(of, of->dynamic[i].d_un.d_ptr);
    if (of->dynamic[i].d_tag == DT_STRSZ) size = of->dynamic[i].d_un.d_val;
    if (of->dynamic[i].d_tag == DT_SONAME) soname = of->dynamic[i].d_un.d_val;
  }
  if (!is_inside(of, strings, size)) return;
  of->strings = (const char *)strings;
  of->strings_end = of->strings + size;
  of->soname = string_at(of, soname);
}

// .eh_frame_hdr (Linux Standard Base, Core, 10.6.2): a version, three encodings, where .eh_frame is, a count, and pairs
// of a function and its entry, both as four bytes from the header. Linkers write no other.
static void read_table(candidate *of, const uint8_t *header) {
  enum { VERSION = 1, SIGNED_4_FROM_HERE = 0x1B, UNSIGNED_4 = 3, SIGNED_4_FROM_HEADER = 0x3B, HEADER = 12, PAIR = 8 };
  lasting_image *image = &of->image;
  if (image->until - header < HEADER || header[0] != VERSION || header[1] != SIGNED_4_FROM_HERE ||
      header[2] != UNSIGNED_4 || header[3] != SIGNED_4_FROM_HEADER)
    return;
  uint32_t count;
  memcpy(&count, header + 8, sizeof count);
  if (count > (size_t)(image->until - header - HEADER) / PAIR) return;
  image->table = header;
  image->count = count;
}

static void read_segments(candidate *of, const struct dl_phdr_info *info) {
  lasting_image *image = &of->image;
  uintptr_t header = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_GNU_EH_FRAME) header = start;
    if (segment->p_type != PT_LOAD) continue;
    if (start < image->start) image->start = start;
    if (start + segment->p_memsz > image->end) image->end = start + segment->p_memsz;
  }
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_DYNAMIC) read_dynamic(of, start, segment->p_memsz);
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R) || header - start >= segment->p_filesz) continue;
    image->from = (const uint8_t *)start;
    image->until = image->from + segment->p_filesz;
    if (header) read_table(of, (const uint8_t *)header);
  }
}

static int add(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  candidates *all = context;
  if (all->count == all->capacity) return 1;
  candidate *next = &all->list[all->count++];
  next->image.start = UINTPTR_MAX;
  next->bias = info->dlpi_addr;
  next->path = info->dlpi_name ? info->dlpi_name : "";
  read_segments(next, info);
  return 0;
}

// ---- Who needs whom ----

// What a file without a name of its own is called depends on who looked for it where: that is certain only among those
// that the program itself began with, which are the first of all.
static bool is_called(const candidate *image, const char *name, bool or_file_name) {
  if (image->soname) return !strcmp(image->soname, name);
  if (!or_file_name) return false;
  const char *last = strrchr(image->path, '/');
  return !strcmp(last ? last + 1 : image->path, name);
}

// The loader takes the first of that name, in its own order.
static void keep_needed(candidates *all, candidate *by, bool or_file_name) {
  by->is_followed = true;
  for (size_t i = 0; i < by->dynamic_count && by->dynamic[i].d_tag != DT_NULL; i++) {
    const char *name = by->dynamic[i].d_tag == DT_NEEDED ? string_at(by, by->dynamic[i].d_un.d_val) : NULL;
    if (!name) continue;
    for (size_t j = 0; j < all->count; j++) {
      if (!is_called(&all->list[j], name, or_file_name)) continue;
      all->list[j].is_lasting = true;
      break;
    }
  }
}

static void keep_all_needed(candidates *all, bool or_file_name) {
  bool has_more = true;
  while (has_more) {
    has_more = false;
    for (size_t i = 0; i < all->count; i++) {
      if (!all->list[i].is_lasting || all->list[i].is_followed) continue;
      keep_needed(all, &all->list[i], or_file_name);
      has_more = true;
    }
  }
}

static void find_lasting(candidates *all) {
  if (!all->count) return;
  all->list[0].is_lasting = true;  // the program
  keep_all_needed(all, true);
  uintptr_t here = (uintptr_t)csizer_lasting_images_create;
  for (size_t i = 0; i < all->count; i++)
    if (is_inside(&all->list[i], here, 1)) all->list[i].is_lasting = true;
  keep_all_needed(all, false);
}

// ---- The list ----

static int count_one(struct dl_phdr_info *info, size_t size, void *context) {
  (void)info, (void)size;
  ++*(size_t *)context;
  return 0;
}

static lasting_images *list_of(const candidates *all) {
  size_t bytes = sizeof(lasting_images) + all->count * sizeof(lasting_image);
  lasting_images *made = csizer_pages_map(bytes);
  if (!made) return NULL;
  made->bytes = bytes;
  for (size_t i = 0; i < all->count; i++) {
    if (!all->list[i].is_lasting) continue;
    size_t place = made->count++;
    for (; place && made->images[place - 1].start > all->list[i].image.start; place--)
      made->images[place] = made->images[place - 1];
    made->images[place] = all->list[i].image;
  }
  return made;
}

// Called for the first image alone. All is done in here, because here the loader's lock is held, which nests: no image
// can go while its names are read.
static int make_list(struct dl_phdr_info *info, size_t size, void *context) {
  (void)info, (void)size;
  candidates all = {0};
  dl_iterate_phdr(count_one, &all.capacity);
  size_t bytes = all.capacity * sizeof *all.list;
  all.list = csizer_pages_map(bytes);
  if (!all.list) return 1;
  dl_iterate_phdr(add, &all);
  find_lasting(&all);
  *(lasting_images **)context = list_of(&all);
  csizer_pages_unmap(all.list, bytes);
  return 1;
}

lasting_images *csizer_lasting_images_create(void) {
  lasting_images *made = NULL;
  dl_iterate_phdr(make_list, &made);
  return made;
}

void csizer_lasting_images_destroy(lasting_images *images) {
  if (images) csizer_pages_unmap(images, images->bytes);
}

const lasting_image *csizer_lasting_images_find(const lasting_images *images, uintptr_t address) {
  size_t low = 0, high = images->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (images->images[middle].start <= address) low = middle + 1;
    else high = middle;
  }
  return low && address < images->images[low - 1].end ? &images->images[low - 1] : NULL;
}
