// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"

#include <string.h>

// Tests register before main, while there is one thread.
static check_test *first_test;
static const char *running = "";

void check_register(check_test *test) {
  test->next = first_test;
  first_test = test;
}

void check_fail(const char *file, int line, const char *what, const char *details) {
  fprintf(stderr, "%s:%d: %s: failed: %s%s%s\n", file, line, running, what, details ? ": " : "",
          details ? details : "");
  exit(1);
}

void check_text(const char *file, int line, const char *what, const char *actual, const char *expected) {
  if (actual == expected || (actual && expected && strcmp(actual, expected) == 0)) return;
  char details[512];
  snprintf(details, sizeof details, "\"%s\", expected \"%s\"", actual ? actual : "NULL", expected ? expected : "NULL");
  check_fail(file, line, what, details);
}

int main(int argc, char **argv) {
  const char *wanted = argc > 1 ? argv[1] : NULL;
  int count = 0;
  for (check_test *test = first_test; test; test = test->next) {
    if (wanted && strcmp(wanted, test->name) != 0) continue;
    running = test->name;
    test->run();
    count++;
  }
  if (!count) fprintf(stderr, "%s: no test called %s\n", argv[0], wanted ? wanted : "anything");
  return count ? 0 : 1;
}
