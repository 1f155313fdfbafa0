// SPDX-License-Identifier: Apache-2.0
#include "csizer_survey.h"

#include <dlfcn.h>
#include <string.h>

#include "layouts/layout_internal.h"
#include "platform/fault_guard.h"
#include "runtime/swift_call.h"
#include "support/check.h"

// Every type that the toolchain's libraries declare, compiled through the runtime that comes with them: nothing faults,
// and nearly all is understood. This program links none of them, so that it can be built like all others here; it loads
// them.

typedef struct metadata_response {
  const swift_metadata *type;
  size_t state;
} metadata_response;

static struct {
  SWIFT_CALL const swift_metadata *(*in_context)(const char *, size_t, const swift_descriptor *, const void *const *);
  SWIFT_CALL const swift_metadata *(*in_environment)(const char *, size_t, const void *, const void *const *);
  SWIFT_CALL csizer_name (*name)(const swift_metadata *, bool);
  SWIFT_CALL metadata_response (*tuple)(size_t, size_t, const swift_metadata *const *, const char *, const void *);
  const void *(*conformance)(const swift_metadata *, const void *);
  char *(*demangle)(const char *, size_t, char *, size_t *, uint32_t);
} swift;

static const swift_metadata *type_in_context(const char *name, size_t length, const swift_descriptor *context,
                                             const void *const *arguments) {
  void *guard = csizer_guard_pause();
  const swift_metadata *type = swift.in_context(name, length, context, arguments);
  csizer_guard_resume(guard);
  return type;
}

static const swift_metadata *type_in_environment(const char *name, size_t length, const void *environment,
                                                 const void *const *arguments) {
  void *guard = csizer_guard_pause();
  const swift_metadata *type = swift.in_environment(name, length, environment, arguments);
  csizer_guard_resume(guard);
  return type;
}

static csizer_name name_of(const swift_metadata *type) { return swift.name(type, true); }

static bool demangle(const char *symbol, char *text, size_t room) {
  size_t size = room;
  return swift.demangle(symbol, strlen(symbol), text, &size, 0) && strlen(text) + 1 < room;
}

static const void *conformance(const swift_metadata *type, const void *protocol) {
  void *guard = csizer_guard_pause();
  const void *witnesses = swift.conformance(type, protocol);
  csizer_guard_resume(guard);
  return witnesses;
}

static const swift_metadata *tuple_of(const swift_metadata *const *elements, size_t count) {
  return swift.tuple(0, count, elements, NULL, NULL).type;
}

static const csizer_runtime runtime = {type_in_context, type_in_environment, name_of, demangle, conformance, tuple_of};

static void *symbol(void *library, const char *name) {
  void *address = dlsym(library, name);
  if (!address) check_fail(__FILE__, __LINE__, "symbol", name);
  return address;
}

static void load(const char *path) {
  if (!dlopen(path, RTLD_NOW | RTLD_GLOBAL)) check_fail(__FILE__, __LINE__, "dlopen", dlerror());
}

static void load_runtime(void) {
  load(CSIZER_SWIFT_LIBRARIES "/libswiftCore.so");
  void *core = dlopen(CSIZER_SWIFT_LIBRARIES "/libswiftCore.so", RTLD_NOW);
  swift.in_context = symbol(core, "swift_getTypeByMangledNameInContext");
  swift.in_environment = symbol(core, "swift_getTypeByMangledNameInEnvironment");
  swift.name = symbol(core, "swift_getTypeName");
  swift.tuple = symbol(core, "swift_getTupleTypeMetadata");
  swift.conformance = symbol(core, "swift_conformsToProtocol");
  swift.demangle = symbol(core, "swift_demangle");
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
  complaints complaints = {0};
  CHECK_EQUAL(csizer_layouts_create(NULL, &layouts), CSIZER_OK);
  layouts->runtime = &runtime;
  CHECK_EQUAL(csizer_survey_types(layouts, complain, &complaints, &survey), CSIZER_OK);
  csizer_layouts_destroy(layouts);
  printf("compiled %zu, not understood %zu, untried %zu\n", survey.compiled, survey.unresolved, survey.untried);
  CHECK_EQUAL(csizer_guard_faults(), 0);
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
