// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_images.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <stdio.h>

#include "platform/elf.h"
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

typedef struct seen_images {
  unsigned count;
  bool has_own, has_libc;
} seen_images;

// The addresses are those that images begin at.
static bool note_image(uintptr_t address, void *context) {
  seen_images *seen = context;
  Dl_info own, libc, info;
  CHECK(dladdr(&in_data, &own) && dladdr(stdout, &libc) && dladdr((void *)address, &info));
  seen->count++;
  seen->has_own |= info.dli_fbase == own.dli_fbase;
  seen->has_libc |= info.dli_fbase == libc.dli_fbase;
  return true;
}

static seen_images see(void) {
  seen_images seen = {0};
  csizer_elf_each_image(note_image, &seen);
  return seen;
}

TEST(an_image_that_is_left_out_is_not_met) {
  seen_images all = see();
  CHECK(all.has_own && all.has_libc && !csizer_elf_is_left_out((uintptr_t)stdout));
  csizer_elf_leave_out(stdout);
  seen_images others = see();
  CHECK(others.has_own && !others.has_libc);
  CHECK_EQUAL(others.count, all.count - 1);
  CHECK(csizer_elf_is_left_out((uintptr_t)stdout) && csizer_elf_is_left_out((uintptr_t)&gnu_get_libc_version));
  CHECK(!csizer_elf_is_left_out((uintptr_t)&in_data));
  csizer_elf_leave_out(NULL);
  CHECK_EQUAL(see().count, all.count);
}
