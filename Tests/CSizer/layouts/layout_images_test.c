// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>

#include "layouts/compiling.h"
#include "support/check.h"

// The libraries that are opened here are the C library's own: what matters is that the loader says where they are and
// that they go.

typedef struct library {
  void *handle;
  char *start;
} library;

static library open_library(void) {
  library library = {dlopen("libBrokenLocale.so.1", RTLD_NOW), NULL};
  CHECK(library.handle != NULL);
  Dl_info info;
  CHECK(dladdr(dlsym(library.handle, "__ctype_get_mb_cur_max"), &info) != 0);
  library.start = info.dli_fbase;
  return library;
}

static void close_library(library library) {
  unsigned long long before = csizer_removals();
  CHECK_EQUAL(dlclose(library.handle), 0);
  CHECK_EQUAL(csizer_removals(), before + 1);
}

// A struct's metadata in this program, whose descriptor is said to be at `descriptor`.
static const swift_metadata *described_at(const void *descriptor) {
  static uintptr_t words[17];
  words[1] = SWIFT_STRUCT;
  words[2] = (uintptr_t)descriptor;
  return (const swift_metadata *)&words[1];
}

static csizer_layouts *table_that_noted(const swift_metadata *type) {
  csizer_layouts *layouts;
  CHECK_EQUAL(csizer_layouts_create(NULL, &layouts), CSIZER_OK);
  CHECK_EQUAL(csizer_images_refresh(&layouts->images), CSIZER_OK);
  csizer_layouts_note_images(layouts, type);
  return layouts;
}

TEST(a_closed_library_that_described_a_type_ends_the_table) {
  library library = open_library();
  csizer_layouts *layouts = table_that_noted(described_at(library.start + 64));
  CHECK(csizer_layouts_are_of_loaded_images(layouts));
  close_library(library);
  CHECK(!csizer_layouts_are_of_loaded_images(layouts));
  csizer_layouts_destroy(layouts);
}

TEST(a_closed_library_without_types_ends_nothing) {
  static const uint32_t descriptor[8] = {SWIFT_CONTEXT_STRUCT};
  library library = open_library();
  csizer_layouts *layouts = table_that_noted(described_at(descriptor));
  close_library(library);
  CHECK(csizer_layouts_are_of_loaded_images(layouts));
  csizer_layouts_destroy(layouts);
}

TEST(another_image_at_the_same_place_is_noticed) {
  static uint32_t descriptor[8] = {SWIFT_CONTEXT_STRUCT};
  csizer_layouts *layouts = table_that_noted(described_at(descriptor));
  CHECK(csizer_layouts_are_of_loaded_images(layouts));
  descriptor[1] = 1;
  CHECK(!csizer_layouts_are_of_loaded_images(layouts));
  descriptor[1] = 0;
  csizer_layouts_destroy(layouts);
}
