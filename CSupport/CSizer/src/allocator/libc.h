// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ALLOCATOR_LIBC_H
#define CSIZER_ALLOCATOR_LIBC_H
#include "csizer_accounts.h"

/// csizer_accounts_read where libc's allocator serves, or one that the user brings: of more than sizes only libc's own
/// statistics are common ground. CSIZER_UNSUPPORTED where malloc is another's than mallinfo2. In statistics_libc.c.
csizer_status csizer_libc_accounts(csizer_accounts *ret);

#endif
