// SPDX-License-Identifier: Apache-2.0
#include "runtime/target.h"

#include <string.h>
#include <sys/resource.h>

#include "csizer_symbols.h"
#include "support/check.h"

// The table in a process that has no Swift runtime: stand-ins, and refusals. What is found in programs that have one:
// target_programs_test.c.

static csizer_status find(csizer_target_source source, const char **ret_reason) {
  *ret_reason = NULL;
  csizer_status status = csizer_target_find(source, ret_reason);
  CHECK(*ret_reason != NULL);
  return status;
}

typedef struct rows {
  size_t count, filled;
} rows;

static void count_row(const char *symbol, const void *address, void *context) {
  rows *rows = context;
  CHECK_TEXT(symbol, csizer_target_rows[rows->count].symbol);
  rows->count++;
  rows->filled += address && strcmp(symbol, "swift_allocObject") != 0 && strcmp(symbol, "__cxa_demangle") != 0;
}

static rows count_rows(void) {
  rows rows = {0};
  csizer_target_each(count_row, &rows);
  CHECK_EQUAL(rows.count, CSIZER_TARGET_ROWS);
  return rows;
}

TEST(without_a_runtime_nothing_is_there_and_nobody_is_asked) {
  const csizer_runtime *runtime = csizer_runtime_current();
  const char *reason;
  CHECK_EQUAL(count_rows().filled, 0);
  CHECK(!runtime->type_in_context && !runtime->name_of && !runtime->demangle);
  CHECK(!csizer_target_can_keep());
  size_t length = 1;
  csizer_target_source source;
  CHECK(!csizer_target_type_name("", &length));
  CHECK_EQUAL(length, 0);
  CHECK(!csizer_target_locate(&source));
  CHECK_EQUAL(find(CSIZER_TARGET_LINKED, &reason), CSIZER_UNSUPPORTED);
  CHECK(strstr(reason, SWIFT_CALL_IS_KNOWN ? "no Swift runtime is linked" : "compiler") != NULL);
  CHECK_EQUAL(find(CSIZER_TARGET_LIBRARY, &reason), CSIZER_UNSUPPORTED);
  CHECK_EQUAL(find(CSIZER_TARGET_PROGRAM, &reason), CSIZER_UNSUPPORTED);
  CHECK_EQUAL(csizer_target_source_in_use(), CSIZER_TARGET_LINKED);
}

TEST(a_program_that_cannot_be_read_is_not_guessed_at) {
  const char *reason;
  struct rlimit limit, none;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  csizer_status status = find(CSIZER_TARGET_PROGRAM, &reason);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQUAL(status, SWIFT_CALL_IS_KNOWN ? CSIZER_UNREADABLE : CSIZER_UNSUPPORTED);
  CHECK(strstr(reason, SWIFT_CALL_IS_KNOWN ? "/proc/self/exe" : "compiler") != NULL);
  CHECK_EQUAL(csizer_target_source_in_use(), CSIZER_TARGET_LINKED);
}

TEST(a_stand_in_is_given_and_not_looked_for) {
  const char *reason;
  csizer_status expected = SWIFT_CALL_IS_KNOWN ? CSIZER_INVALID : CSIZER_UNSUPPORTED;
  CHECK_EQUAL(find(CSIZER_TARGET_GIVEN, &reason), expected);
  CHECK_EQUAL(find((csizer_target_source)99, &reason), expected);
}

static SWIFT_CALL csizer_name name_of_type(const swift_metadata *type, bool is_qualified) {
  return is_qualified && type->kind == SWIFT_STRUCT ? (csizer_name){"Main.It", 7} : (csizer_name){"?", 1};
}

static SWIFT_CALL const swift_metadata *no_type(const char *name, size_t length, const swift_descriptor *context,
                                                const void *const *arguments) {
  (void)name, (void)length, (void)context, (void)arguments;
  return NULL;
}

static char *shout(const char *symbol, size_t length, char *buffer, size_t *buffer_size, uint32_t flags) {
  (void)flags;
  snprintf(buffer, *buffer_size, "%.*s!", (int)length, symbol);
  return buffer;
}

TEST(the_engine_asks_a_stand_in_and_survives_what_it_lacks) {
  static const swift_metadata type = {.kind = SWIFT_STRUCT};
  char text[32];
  csizer_target_use(&(csizer_target_runtime){.type_name = name_of_type, .type_in_context = no_type, .demangle = shout},
                    CSIZER_TARGET_GIVEN);
  const csizer_runtime *runtime = csizer_runtime_current();
  CHECK_EQUAL(csizer_target_source_in_use(), CSIZER_TARGET_GIVEN);
  if (SWIFT_CALL_IS_KNOWN) {
    CHECK_EQUAL(runtime->name_of(&type).length, 7);
    size_t length;
    CHECK(strncmp(csizer_target_type_name(&type, &length), "Main.It", 7) == 0);
    CHECK_EQUAL(length, 7);
    CHECK(csizer_demangle("$sSi", text, sizeof text));
    CHECK_TEXT(text, "$sSi!");
    CHECK(!csizer_demangle("$sSi", text, 5));  // no room for the text and its end
    // Not there: the linker dropped them.
    CHECK(!runtime->type_in_environment("Si", 2, NULL, NULL));
    CHECK(!runtime->conformance(&type, &type));
    CHECK(!runtime->tuple_of(NULL, 0));
  }
  CHECK(!csizer_demangle("_Z1fv", text, sizeof text));
  // A later look at what is linked does not take it away.
  csizer_target_begin(NULL);
  CHECK(csizer_target.type_name == name_of_type);
}

TEST(what_is_missing_is_named) {
  csizer_target_runtime runtime = {0};
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++) csizer_target_put(&runtime, row, 16 * (row + 1));
  CHECK(csizer_target_missing(&runtime) == NULL);
  runtime.type_name = NULL;
  CHECK_TEXT(csizer_target_missing(&runtime), "swift_getTypeName");
  runtime.slow_dealloc = NULL;
  CHECK_TEXT(csizer_target_missing(&runtime), "swift_slowDealloc");
  runtime.slow_dealloc = (__typeof__(runtime.slow_dealloc))16;
  runtime.type_name = (__typeof__(runtime.type_name))16;
  // Dropped by a linker, and no error.
  runtime.dealloc_error = NULL;
  runtime.demangle = NULL;
  runtime.type_in_environment = NULL;
  runtime.task_bytes = NULL;
  CHECK(csizer_target_missing(&runtime) == NULL);
}
