// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LAYOUT_CHECK_H
#define CSIZER_LAYOUT_CHECK_H
#include "layouts/layout_table.h"

#ifdef CSIZER_CHECKS
/// What does not hold of a table and of all layouts in it, or NULL: what walks rely on when they read a value by its
/// layout. Not while something is being compiled.
const char *csizer_layout_check(const csizer_layouts *layouts);
#endif

#endif
