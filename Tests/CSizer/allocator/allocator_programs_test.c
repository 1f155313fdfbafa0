// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/target_report.h"

// Who serves malloc in programs that know nothing of Sizer.

static void check_served_by(const target_report *report, const char *file) {
  static const char *const calls[] = {"malloc", "free", "malloc_usable_size"};
  CHECK_TEXT(target_said(report, "allocator status"), "0");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    uintptr_t expected = target_expected(report, file, calls[i]);
    if (!expected || target_address(report, calls[i]) != expected)
      check_fail(__FILE__, __LINE__, "not where nm has it", calls[i]);
  }
}

TEST(libc_serves_a_program_that_brings_no_allocator) {
  target_report report = target_run("dynamic", CSIZER_TARGET_LIBRARY, NULL);
  check_served_by(&report, "/libc.so.6");
  CHECK_EQUAL(target_address(&report, "mallctl"), 0);
  CHECK_TEXT(target_said(&report, "allocator"), "status 0");
  CHECK(strstr(report.text, "\nallocator libc, serves\n") != NULL);
  target_report_end(&report);
  report = target_run("static", CSIZER_TARGET_PROGRAM, NULL);
  check_served_by(&report, "/libc.so.6");
  target_report_end(&report);
}

TEST(jemalloc_is_found_where_it_is_preloaded) {
  target_report report = target_run("dynamic", CSIZER_TARGET_LIBRARY, CSIZER_JEMALLOC_LIBRARY);
  check_served_by(&report, "/libjemalloc.so.2");
  CHECK_EQUAL(target_address(&report, "mallctl"), target_expected(&report, "/libjemalloc.so.2", "mallctl"));
  CHECK_EQUAL(target_address(&report, "nallocx"), target_expected(&report, "/libjemalloc.so.2", "nallocx"));
  CHECK(strstr(report.text, "\nallocator jemalloc 5.") != NULL);
  CHECK(strstr(report.text, ", serves\n") != NULL);
  CHECK_TEXT(target_said(&report, "usable"), "1024");
  target_report_end(&report);
}

// The runtime in the same program frees by it: libc's free would be given blocks that are none of its.
TEST(a_hidden_allocator_serves_the_static_runtime) {
  target_report report = target_run("static_own_malloc", CSIZER_TARGET_PROGRAM, NULL);
  check_served_by(&report, "/static_own_malloc");
  CHECK_TEXT(target_said(&report, "usable"), "1000");
  CHECK_TEXT(target_said(&report, "hooks"), "are there");
  CHECK_EQUAL(atoi(target_said(&report, "leaves")), TARGET_LEAVES);
  target_report_end(&report);
}

TEST(an_allocator_that_tells_no_sizes_is_refused) {
  target_report report = target_run("static_own_malloc_without_sizes", CSIZER_TARGET_PROGRAM, NULL);
  CHECK_EQUAL(atoi(target_said(&report, "allocator status")), CSIZER_UNSUPPORTED);
  CHECK_TEXT(target_said(&report, "allocator reason"),
             "malloc, free or malloc_usable_size of the program's own allocator can't be found, or not told from "
             "others: without the last one nobody knows a block's size");
  target_report_end(&report);
}
