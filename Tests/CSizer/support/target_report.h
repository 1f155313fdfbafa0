// SPDX-License-Identifier: Apache-2.0
#ifndef TARGET_REPORT_H
#define TARGET_REPORT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_target.h"

// What the probe (targets/probe.c) says from inside one of the programs that cmake/Targets.cmake makes, and where the
// same things are by the second source: nm(1) and the kernel's list of mappings.

typedef struct target_report {
  char *text;
  const char *program;  // its path
} target_report;

/// How many leaves each program keeps.
enum { TARGET_LEAVES = 137 };

/// Runs a program to its end with the probe, and with another library preloaded behind it if `library` is not NULL.
/// `name` is a path if it begins with a slash. The program must end as it does without a probe.
target_report target_run(const char *name, csizer_target_source source, const char *library);

void target_report_end(target_report *report);

/// What stands behind `key ` in the line that begins so; checks that there is one. Valid until the next call.
const char *target_said(const target_report *report, const char *key);

/// The address of a row's symbol.
uintptr_t target_address(const target_report *report, const char *symbol);

/// Where `symbol` is in that process as nm and the mappings have it: of the file whose path ends with `file`. 0: nm
/// does not list it as defined.
uintptr_t target_expected(const target_report *report, const char *file, const char *symbol);

#endif
