// SPDX-License-Identifier: Apache-2.0
#include "csizer_survey.h"

#include <dlfcn.h>
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_target.h"
#include "layouts/compiling.h"
#include "platform/fault_guard.h"
#include "layouts/layout_check.h"
#include "support/check.h"

// Every type that the toolchain's libraries declare, compiled through the runtime that comes with them: nothing faults,
// and nearly all is understood. This program links none of them, so that it can be built like all others here; it loads
// them.

static void load(const char *path) {
  if (!dlopen(path, RTLD_NOW | RTLD_GLOBAL)) check_fail(__FILE__, __LINE__, "dlopen", dlerror());
}

static void load_runtime(void) {
  const char *reason;
  load(CSIZER_SWIFT_LIBRARIES "/libswiftCore.so");
  if (csizer_target_find(CSIZER_TARGET_LIBRARY, &reason)) check_fail(__FILE__, __LINE__, "csizer_target_find", reason);
}

// Of the compiler's own libraries classes are expected whose superclass is from a resilient module; of others nothing.
typedef struct complaints {
  size_t own, others;
} complaints;

static void complain(const char *name, void *context) {
  static const char compilers_own[] = "CompilerSwift";
  complaints *complaints = context;
  if (strncmp(name, compilers_own, sizeof compilers_own - 1) == 0) complaints->own++;
  else complaints->others++;
  printf("not understood: %s\n", name);
}

// Compiles all that is loaded, at least so many types, and says how much that was.
static void survey(size_t least) {
  enum { MOST_OF_THE_COMPILERS = 25 };
  csizer_layouts *layouts;
  csizer_survey survey;
  csizer_allocator_serves_process();  // jemalloc may be tried with a fault at the first question
  const unsigned faults = csizer_guard_faults();
  complaints complaints = {0};
  CHECK_EQUAL(csizer_layouts_create(NULL, &layouts), CSIZER_OK);
  CHECK_EQUAL(csizer_survey_types(layouts, complain, &complaints, &survey), CSIZER_OK);
  CHECK_SOUND(csizer_layout_check(layouts));
  csizer_layouts_destroy(layouts);
  printf("compiled %zu, not understood %zu, untried %zu\n", survey.compiled, survey.unresolved, survey.untried);
  CHECK_EQUAL(csizer_guard_faults(), faults);
  CHECK(survey.compiled >= least);
  CHECK_EQUAL(complaints.others, 0);
  CHECK(complaints.own <= MOST_OF_THE_COMPILERS);
}

TEST(the_standard_library) {
  static const char *const libraries[] = {"libswift_Concurrency.so",      "libswiftSynchronization.so",
                                          "libswift_StringProcessing.so", "libswiftObservation.so",
                                          "libswiftDistributed.so",       "libswiftDispatch.so"};
  load_runtime();
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", CSIZER_SWIFT_LIBRARIES, libraries[i]);
    load(path);
  }
  survey(800);
}

TEST(foundation) {
  load_runtime();
  load(CSIZER_SWIFT_LIBRARIES "/libFoundation.so");
  load(CSIZER_SWIFT_LIBRARIES "/libFoundationNetworking.so");
  load(CSIZER_SWIFT_LIBRARIES "/libFoundationXML.so");
  survey(1900);
}

TEST(testing_and_the_compilers_own_libraries) {
  load_runtime();
  load(CSIZER_SWIFT_LIBRARIES "/libTesting.so");
  load(CSIZER_SWIFT_LIBRARIES "/../host/libSwiftRefactor.so");
  load(CSIZER_SWIFT_LIBRARIES "/../host/libSwiftLibraryPluginProvider.so");
  survey(2800);
}
