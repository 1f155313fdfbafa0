// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PROCESSORS_H
#define CSIZER_PROCESSORS_H
#include <stdint.h>

/// How many processors the calling thread's process may keep busy: those that the thread may run on, and no more than
/// the quotas of its control groups have whole ones; at least 1, and 1 where that can't be told. `root` stands before
/// each path: tests read trees of their own. Files are opened, read and closed. Any thread; errno may be changed.
uint32_t csizer_processors_allowed(const char *root);

#endif
