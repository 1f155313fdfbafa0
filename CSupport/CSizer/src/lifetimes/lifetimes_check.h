// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIFETIMES_CHECK_H
#define CSIZER_LIFETIMES_CHECK_H
#ifdef CSIZER_CHECKS

/// What must be true of all trackers, their records, the index of the living, and the classes: NULL, or what of it is
/// not. Holds meanwhile. Linear in the number of records. Any thread that holds no single shard.
const char *csizer_lifetimes_check(void);

#endif
#endif
