// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LASTING_IMAGES_H
#define CSIZER_LASTING_IMAGES_H
#include <stddef.h>
#include <stdint.h>

// Images that stay for the life of the process, and where they say how each of their functions is left. What was
// concluded from them need never be forgotten: dlclose(3) of any other image says nothing about these.

typedef struct lasting_image {
  uintptr_t start, end;         // all its segments lie between
  const uint8_t *table;         // the header of .eh_frame_hdr; NULL: none, or none that is searched in pairs of words
  uint32_t count;               // functions in the table
  const uint8_t *from, *until;  // the segment that holds .eh_frame_hdr and .eh_frame: nothing is read outside
} lasting_image;

typedef struct lasting_images {
  size_t bytes, count;
  lasting_image images[];
} lasting_images;

/// The program, this library, and whatever either needs by name, directly or not: the loader can't close it before.
/// NULL when the system refuses memory. Takes the loader's lock.
lasting_images *csizer_lasting_images_create(void);
void csizer_lasting_images_destroy(lasting_images *images);

/// The image around an address, or NULL. No lock; any thread, also in a signal handler.
const lasting_image *csizer_lasting_images_find(const lasting_images *images, uintptr_t address);

#endif
