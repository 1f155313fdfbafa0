// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIMITS_ROOT_H
#define CSIZER_LIMITS_ROOT_H

/// What stands before the paths of all files that tell of limits: "", or a folder of the tests'
/// (csizer_headroom_set_root). headroom.c
const char *csizer_limits_root(void);

#endif
