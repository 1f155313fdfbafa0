// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/metadata_check.h"

// Which images compiled types come from. A library that is closed takes its types along, and another's may come to lie
// in their place: the table is then of no use. Programs close libraries all the time that have no type in the table
// (locales, name services, drivers): these must not cost them what was compiled, nor each frozen image its knowledge of
// types.

static uint64_t hash_of(const void *bytes, size_t count) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3ull;
  return hash;
}

// False when it can't be read any more.
static bool read_sample(const void *sample, uint64_t *ret_hash) {
  uint8_t bytes[28];  // of a struct's descriptor, the shortest; they never change
  if (!csizer_checked_copy(sample, bytes, sizeof bytes)) return false;
  *ret_hash = hash_of(bytes, sizeof bytes);
  return true;
}

static csizer_used_image *used_image(csizer_layouts *layouts, const struct csizer_range *range) {
  for (csizer_used_image *used = layouts->used_images; used; used = used->next)
    if (used->start == range->start) return used;
  csizer_used_image *used = csizer_layouts_allocate(layouts, sizeof *used);
  if (!used) return NULL;
  *used = (csizer_used_image){.next = layouts->used_images, .start = range->start, .end = range->end};
  return layouts->used_images = used;
}

static void note(csizer_layouts *layouts, const void *address, bool is_descriptor) {
  const struct csizer_range *range = csizer_images_range(&layouts->images, (uintptr_t)address);
  csizer_used_image *used = range ? used_image(layouts, range) : NULL;
  if (used && is_descriptor && !used->sample && read_sample(address, &used->hash)) used->sample = address;
}

void csizer_layouts_note_images(csizer_layouts *layouts, const swift_metadata *type) {
  note(layouts, type, false);
  if (!csizer_is_word_at(layouts, type) || !csizer_is_readable(layouts, type, sizeof(swift_class))) return;
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  if (descriptor) note(layouts, descriptor, true);
}

bool csizer_layouts_are_of_loaded_images(csizer_layouts *layouts) {
  if (csizer_images_refresh(&layouts->images)) return false;
  for (const csizer_used_image *used = layouts->used_images; used; used = used->next) {
    const struct csizer_range *range = csizer_images_range(&layouts->images, used->start);
    uint64_t hash;
    if (!range || range->start != used->start || range->end != used->end) return false;
    if (used->sample && (!read_sample(used->sample, &hash) || hash != used->hash)) return false;
  }
  return true;
}
