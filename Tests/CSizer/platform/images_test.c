// SPDX-License-Identifier: Apache-2.0
#include "csizer_images.h"

#include <dlfcn.h>
#include <stdio.h>

#include "platform/pages.h"
#include "support/check.h"

static int in_data = 1;
static int in_bss[1000];

static bool contains(const csizer_images *images, const void *address) {
  return csizer_images_contain(images, (uintptr_t)address);
}

TEST(own_code_and_variables_are_inside) {
  csizer_images images = {0};
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  CHECK(csizer_images_contain(&images, (uintptr_t)&csizer_images_refresh));
  CHECK(contains(&images, &in_data) && contains(&images, &in_bss[500]) && contains(&images, "a literal"));
  CHECK(contains(&images, stdout));  // libc's
  csizer_images_deinit(&images);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(heap_and_stack_are_outside) {
  csizer_images images = {0};
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  int on_stack = 0;
  void *small = malloc(32), *large = malloc(10 << 20);
  CHECK(!contains(&images, &on_stack) && !contains(&images, small) && !contains(&images, large));
  CHECK(!csizer_images_contain(&images, 0) && !csizer_images_contain(&images, UINTPTR_MAX));
  free(small);
  free(large);
  csizer_images_deinit(&images);
}

static void check_ranges(const csizer_images *images) {
  CHECK(images->count > 2);
  for (size_t i = 0; i < images->count; i++) {
    CHECK(images->ranges[i].start < images->ranges[i].end);
    CHECK(i == 0 || images->ranges[i - 1].end <= images->ranges[i].start);
    CHECK(csizer_images_contain(images, images->ranges[i].start));
    CHECK(csizer_images_contain(images, images->ranges[i].end - 1));
    bool next_begins_there = i + 1 < images->count && images->ranges[i + 1].start == images->ranges[i].end;
    CHECK_EQUAL(csizer_images_contain(images, images->ranges[i].end), next_begins_there);
  }
}

TEST(ranges_ascend_and_end_where_they_say) {
  csizer_images images = {0};
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  check_ranges(&images);
  csizer_images_deinit(&images);
}

TEST(libraries_come_and_go) {
  csizer_images images = {0};
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  size_t before = images.count;
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  CHECK_EQUAL(images.count, before);
  void *library = dlopen("libutil.so.1", RTLD_NOW);  // libc's own, and linked by nothing
  CHECK(library != NULL);
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  CHECK(images.count > before);
  check_ranges(&images);
  dlclose(library);
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  CHECK_EQUAL(images.count, before);
  check_ranges(&images);
  csizer_images_deinit(&images);
}

TEST(refusal_of_memory_is_told) {
  csizer_images images = {0};
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_NO_MEMORY);
  CHECK(!contains(&images, &in_data));
  CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  CHECK(contains(&images, &in_data));
  csizer_images_deinit(&images);
  CHECK_EQUAL(csizer_pages_held(), 0);
}
