// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SURVEY_H
#define CSIZER_SURVEY_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_layout.h"

/// How much the layout compiler understands of a program: what came of all types that its images declare.
typedef struct csizer_survey {
  /// Structs, enums and classes that were compiled, and how many of them have a part of which nothing is known.
  size_t compiled, unresolved;
  /// Types that nobody was asked for: generic ones that ask for more of their arguments than Int or String can give, or
  /// for packs, and those whose metadata is not there.
  size_t untried;
} csizer_survey;

/// Compiles every type that a loaded image declares, generic ones with Int or String for their parameters, and lists of
/// its members. Calls `unresolved` with the dotted name of each that is not understood. Asks the runtime to make
/// metadata of all of them: for tests, not for a program at work. CSIZER_UNSUPPORTED, and nothing is counted, in an
/// engine that was built without CSIZER_CHECKS. One thread at a time per table.
csizer_status csizer_survey_types(csizer_layouts *layouts, void (*unresolved)(const char *name, void *context),
                                  void *context, csizer_survey *ret_survey);

#endif
