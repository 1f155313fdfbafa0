// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "runtime/target.h"
#include "support/check.h"
#include "support/target_report.h"

// The finder inside programs that know nothing of Sizer: each address against nm's, what is called by it, and a census
// that it is kept by.

static bool is_of_concurrency(const char *symbol) {
  return strncmp(symbol, "_swift_concurrency", 18) == 0 || strncmp(symbol, "swift_task_", 11) == 0;
}

// In the program when it is linked statically. The C++ runtime is always a library; see `uses`.
static const char *file_of(const char *symbol, const char *program) {
  if (program) return program;
  return is_of_concurrency(symbol) ? "/libswift_Concurrency.so" : "/libswiftCore.so";
}

// How many of the table's rows are there. A row that nm does not list must be empty.
static size_t check_addresses(const target_report *report, const char *program) {
  size_t found = 0;
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++) {
    const char *symbol = csizer_target_rows[row].symbol;
    if (strcmp(symbol, "__cxa_demangle") == 0) continue;
    uintptr_t expected = target_expected(report, file_of(symbol, program), symbol);
    if (target_address(report, symbol) != expected) check_fail(__FILE__, __LINE__, "not where nm has it", symbol);
    found += expected != 0;
  }
  return found;
}

static void check_use(const target_report *report) {
  char leaves[16];
  snprintf(leaves, sizeof leaves, "%d", TARGET_LEAVES);
  CHECK_TEXT(target_said(report, "status"), "0");
  CHECK_TEXT(target_said(report, "reason"), "");
  CHECK_TEXT(target_said(report, "int"), "Swift.Int");
  CHECK_TEXT(target_said(report, "array"), "Swift.Array<Swift.Int>");
  CHECK_TEXT(target_said(report, "tuple"), "(Swift.Int, Swift.Int)");
  CHECK_TEXT(target_said(report, "cxx"), "one::two()");
  CHECK_TEXT(target_said(report, "hooks"), "are there");
  CHECK_TEXT(target_said(report, "leaves"), leaves);
}

// A program that has all of the standard library.
static void check_whole(const char *name, csizer_target_source source, const char *program) {
  target_report report = target_run(name, source, NULL);
  check_use(&report);
  CHECK_EQUAL(check_addresses(&report, program), CSIZER_TARGET_ROWS - 1);
  CHECK_TEXT(target_said(&report, "swift"), "type metadata for Swift.Int");
  CHECK_EQUAL(atoi(target_said(&report, "located")), source);
  CHECK(atoi(target_said(&report, "task")) > 64);
  CHECK_TEXT(target_said(&report, "tasks"), "");
  target_report_end(&report);
}

static void check_refusal(const char *name, csizer_target_source source, csizer_status status, const char *reason) {
  target_report report = target_run(name, source, NULL);
  CHECK_EQUAL(atoi(target_said(&report, "status")), status);
  CHECK_TEXT(target_said(&report, "reason"), reason);
  CHECK_EQUAL(atoi(target_said(&report, "source")), CSIZER_TARGET_LINKED);  // as it was
  target_report_end(&report);
}

TEST(a_library_is_asked_by_its_handle) { check_whole("dynamic", CSIZER_TARGET_LIBRARY, NULL); }

TEST(a_library_needs_nothing_of_a_stripped_program) {
  check_whole("dynamic_without_symbols", CSIZER_TARGET_LIBRARY, NULL);
}

TEST(a_static_runtime_is_in_the_programs_symbol_table) { check_whole("static", CSIZER_TARGET_PROGRAM, "/static"); }

TEST(debug_information_is_not_needed) {
  check_whole("static_without_debug_info", CSIZER_TARGET_PROGRAM, "/static_without_debug_info");
}

TEST(a_program_at_fixed_addresses_has_no_bias) {
  check_whole("static_fixed", CSIZER_TARGET_PROGRAM, "/static_fixed");
}

TEST(hidden_symbols_are_found_and_dropped_ones_are_none) {
  target_report report = target_run("static_hidden", CSIZER_TARGET_PROGRAM, NULL);
  check_use(&report);
  size_t found = check_addresses(&report, "/static_hidden");
  CHECK(found > 10 && found < CSIZER_TARGET_ROWS - 1);
  target_report_end(&report);
}

TEST(tasks_that_the_linker_made_unknown_are_told) {
  target_report report = target_run("static_hidden", CSIZER_TARGET_PROGRAM, NULL);
  const bool are_made = target_expected(&report, "/static_hidden", CSIZER_TARGET_MAKES_TASKS) != 0;
  CHECK(are_made);
  CHECK_EQUAL(target_expected(&report, "/static_hidden", "_swift_concurrency_debug_asyncTaskMetadata"), 0);
  CHECK(strstr(target_said(&report, "tasks"), "--disable-dead-strip") != NULL);
  target_report_end(&report);
}

TEST(a_stripped_static_program_is_refused_with_what_to_do) {
  check_refusal("static_without_symbols", CSIZER_TARGET_PROGRAM, CSIZER_UNSUPPORTED,
                "the program links Swift's standard library statically and its symbol table was stripped: it is needed "
                "to find the Swift runtime. Strip debug information only (strip -g), or link the standard library "
                "dynamically");
}

TEST(a_program_of_another_language_has_none) {
  target_report report = target_run("/bin/true", CSIZER_TARGET_LIBRARY, NULL);
  CHECK_EQUAL(atoi(target_said(&report, "located")), -1);
  target_report_end(&report);
}

TEST(a_runtime_is_not_found_where_it_is_not) {
  check_refusal("static", CSIZER_TARGET_LIBRARY, CSIZER_UNSUPPORTED, "no libswiftCore.so is loaded in this process");
  check_refusal("dynamic", CSIZER_TARGET_PROGRAM, CSIZER_UNSUPPORTED,
                "the program has no Swift runtime of its own: its libswiftCore.so has");
  check_refusal("dynamic_without_symbols", CSIZER_TARGET_PROGRAM, CSIZER_UNSUPPORTED,
                "the program has no Swift runtime of its own: its libswiftCore.so has");
  check_refusal("/bin/true", CSIZER_TARGET_LIBRARY, CSIZER_UNSUPPORTED,
                "no libswiftCore.so is loaded in this process");
  check_refusal("/bin/true", CSIZER_TARGET_PROGRAM, CSIZER_UNSUPPORTED, "the program has no Swift runtime");
}
