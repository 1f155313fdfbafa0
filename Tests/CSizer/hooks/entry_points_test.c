// SPDX-License-Identifier: Apache-2.0
#include "hooks/entry_points.h"

#include "csizer_census.h"
#include "hooks/start.h"
#include "runtime/target.h"
#include "support/check.h"
#include "support/made_swift.h"

// The self-test, of a stand-in for a runtime: one that frees where the hooks do not see it has none in the end, and
// what is said of the census says why. Its functions are changed as the runtime's are, so that each test is a process.

// What it makes by itself the hooks see as the plain objects; the self-test leaves out what a program has not got.
static void begin(made_fault fault) {
  made_swift_use(fault);
  csizer_target_runtime runtime = csizer_target;
  runtime.alloc_box = NULL;
  runtime.alloc_error = NULL;
  csizer_target_use(&runtime, CSIZER_TARGET_GIVEN);
  csizer_hooks_begin();
}

static void *make_object(void) {
  static const uintptr_t metadata = 0;
  return csizer_target.alloc_object(&metadata, 32, 7);
}

TEST(a_runtime_that_frees_where_it_is_seen_has_hooks) {
  if (!SWIFT_CALL_IS_KNOWN) return;
  begin(MADE_NO_FAULT);
  CHECK_TEXT(csizer_census_reason(), "");
  CHECK_EQUAL(csizer_census_state(), CSIZER_HOOKS_REPLACED);
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), 0);
  void *object = make_object();
  CHECK(csizer_heapmap_contains(csizer_census_map(), object));
  csizer_target.slow_dealloc(object, 32, 7);
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), 0);
}

// The hooks are taken back, and nothing that the self-test made is taken for a living object.
static void expect_none(made_fault fault, const char *reason) {
  if (!SWIFT_CALL_IS_KNOWN) return;
  begin(fault);
  CHECK_TEXT(csizer_census_reason(), reason);
  CHECK_EQUAL(csizer_census_state(), CSIZER_HOOKS_OFF);
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), 0);
  void *object = make_object();
  CHECK(!csizer_heapmap_contains(csizer_census_map(), object));
  csizer_target.slow_dealloc(object, 32, 7);
}

TEST(a_runtime_that_frees_by_itself_at_the_end_has_none) {
  expect_none(MADE_FREES_AT_END, "an object that the runtime's own release ends was not seen");
}

TEST(a_runtime_that_frees_by_itself_with_an_unowned_reference_has_none) {
  expect_none(MADE_FREES_LAST_UNOWNED, "an object that ends with an unowned reference was not seen");
}
