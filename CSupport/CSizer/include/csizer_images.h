// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGES_H
#define CSIZER_IMAGES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// Where the process's executable and shared libraries are mapped. Objects there are static: they own their memory as
/// little as they can be freed, and the allocator must not be asked about them.
typedef struct csizer_images {
  struct csizer_range {
    uintptr_t start, end;
    bool is_code;  // the processor may run what is there
  } *ranges;  // ascending, disjoint
  size_t count, capacity;
  unsigned long long generation;  // dlpi_adds + dlpi_subs when they were read
} csizer_images;

/// Reads the ranges anew if libraries came or went since (dl_iterate_phdr(3): takes the loader's lock). Storage starts
/// zeroed; its memory comes from mmap. One thread at a time.
csizer_status csizer_images_refresh(csizer_images *images);

/// How many libraries were closed so far: what was known by an address in one may be something else by now. Takes the
/// loader's lock for 0.1 us.
unsigned long long csizer_removals(void);

/// Sees which libraries need Swift's runtime, if any came or went since; each refresh does. Takes the loader's lock.
/// Any thread.
void csizer_images_look_for_swift(void);

/// Whether a library that needs Swift's runtime was seen by one look and was gone at a later one: from then on the
/// runtime faults when it is asked for a type by its name (stdlib/public/runtime/MetadataLookup.cpp: it goes through
/// the types of all images that were ever loaded). Any thread.
bool csizer_images_have_lost_swift(void);

/// Gives the memory back.
void csizer_images_deinit(csizer_images *images);

/// The range in which `address` is as of the last refresh, or NULL; holds until the next one. Time: logarithmic.
const struct csizer_range *csizer_images_range(const csizer_images *images, uintptr_t address);

/// Whether `address` is inside an image as of the last refresh. Time: logarithmic.
bool csizer_images_contain(const csizer_images *images, uintptr_t address);

/// The same for code: whether a function can be there.
bool csizer_images_contain_code(const csizer_images *images, uintptr_t address);

/// An executable or shared library of this process. The pointers live as long as the visit.
typedef struct csizer_loaded_image {
  const char *path;          // the main program's is its real path; may be a name without a file (linux-vdso.so.1)
  uintptr_t bias;            // an address minus this is what the file says
  uintptr_t start, end;      // all its segments lie between
  const uint8_t *build_id;   // NULL when there is none
  size_t build_id_length;
} csizer_loaded_image;

/// Shows all images in the loader's order, under the loader's lock (dl_iterate_phdr(3)): `visit` must not load a
/// library. Answers a number that changes whenever an image comes or goes.
unsigned long long csizer_loaded_images(void (*visit)(const csizer_loaded_image *image, void *context), void *context);

#endif
