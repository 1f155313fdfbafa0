// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REFUSALS_H
#define CSIZER_REFUSALS_H
#include <stdint.h>

/// How often so far the system refused a file descriptor or memory to someone here who wanted to read a file. What was
/// found out meanwhile may lack something: who remembers such things asks before and after, and forgets them when the
/// two differ. Any thread.
uint64_t csizer_refusals(void);

#endif
