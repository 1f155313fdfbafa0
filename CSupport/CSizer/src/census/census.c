// SPDX-License-Identifier: Apache-2.0
// The census of this process, as the floors below the hooks see it.
#include "census/census_internal.h"

csizer_census csizer_census_kept = {.state = CSIZER_HOOKS_OFF, .reason = "the census was not started"};
