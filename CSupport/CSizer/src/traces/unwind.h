// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_UNWIND_H
#define CSIZER_UNWIND_H

/// libunwind's unw_backtrace: fills `frames` with at most `room` return addresses and answers how many. NULL when there
/// is none in this process. Loads the library at the first call. Any thread.
typedef int (*csizer_backtrace)(void **frames, int room);
csizer_backtrace csizer_unwind_backtrace(void);

/// Why there is none, as a static string; empty when there is one.
const char *csizer_unwind_reason(void);

#endif
