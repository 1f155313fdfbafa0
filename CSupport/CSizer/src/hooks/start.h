// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HOOKS_START_H
#define CSIZER_HOOKS_START_H

/// Makes the heap map and decides which hooks there are to be, of the runtime and allocator whose tables are filled.
/// Once, while there is one thread.
void csizer_hooks_begin(void);

#endif
