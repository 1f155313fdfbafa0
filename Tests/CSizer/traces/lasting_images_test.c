// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/lasting_images.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "platform/pages.h"
#include "support/check.h"

static bool lasts(const lasting_images *images, const void *address) {
  return csizer_lasting_images_find(images, (uintptr_t)address) != NULL;
}

TEST(what_the_program_needs_lasts) {
  lasting_images *images = csizer_lasting_images_create();
  CHECK(images != NULL);
  CHECK(lasts(images, (const void *)(uintptr_t)lasts));
  CHECK(lasts(images, (const void *)(uintptr_t)qsort));
  const lasting_image *own = csizer_lasting_images_find(images, (uintptr_t)lasts);
  CHECK(own->table != NULL && own->count > 10);
  CHECK(!lasts(images, &images));
  CHECK(!lasts(images, NULL));
  CHECK(!lasts(images, (const void *)UINTPTR_MAX));
  csizer_lasting_images_destroy(images);
  csizer_lasting_images_destroy(NULL);
}

TEST(what_was_opened_does_not) {
  void *library = dlopen(CSIZER_RELAY_SMALL, RTLD_NOW);
  CHECK(library != NULL);
  lasting_images *images = csizer_lasting_images_create();
  CHECK(!lasts(images, dlsym(library, "relay")));
  csizer_lasting_images_destroy(images);
  CHECK_EQUAL(dlclose(library), 0);
}

TEST(images_are_ordered_and_apart) {
  lasting_images *images = csizer_lasting_images_create();
  CHECK(images->count >= 2);
  for (size_t i = 0; i < images->count; i++) {
    const lasting_image *image = &images->images[i];
    CHECK(image->start < image->end);
    CHECK(i == 0 || images->images[i - 1].end <= image->start);
    CHECK(csizer_lasting_images_find(images, image->start) == image);
    CHECK(csizer_lasting_images_find(images, image->end - 1) == image);
    CHECK(csizer_lasting_images_find(images, image->end) != image);
  }
  csizer_lasting_images_destroy(images);
}

TEST(refused_memory_leaves_nothing_behind) {
  const size_t held = csizer_pages_held();
  for (size_t at = 1; at <= 2; at++) {
    csizer_pages_fail_at = at;
    CHECK(csizer_lasting_images_create() == NULL);
    CHECK_EQUAL(csizer_pages_fail_at, 0);
  }
  CHECK_EQUAL(csizer_pages_held(), held);
  csizer_lasting_images_destroy(csizer_lasting_images_create());
  CHECK_EQUAL(csizer_pages_held(), held);
}
