// SPDX-License-Identifier: Apache-2.0
// Names with `*` in them.
#include "lifetimes/name_pattern.h"

#include <stddef.h>

// Only the last `*` is ever tried again: what the ones before it took can stay as short as it was, for whatever the
// last one passes over they could have passed over, too.
bool csizer_name_matches(const char *pattern, const char *name) {
  const char *behind_star = NULL, *tried = NULL;
  while (*name) {
    if (*pattern == '*') {
      behind_star = ++pattern;
      tried = name;
    } else if (*pattern == *name) {
      pattern++;
      name++;
    } else if (behind_star) {
      pattern = behind_star;
      name = ++tried;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return !*pattern;
}
