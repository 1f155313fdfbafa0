// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_NAME_PATTERN_H
#define CSIZER_NAME_PATTERN_H
#include <stdbool.h>

/// Whether a pattern means a name: `*` stands for any characters, dots too, or none; everything else for itself. At
/// worst linear in the product of their lengths; in the sum, with one `*`. Any thread; asks nobody.
bool csizer_name_matches(const char *pattern, const char *name);

#endif
