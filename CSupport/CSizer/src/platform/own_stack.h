// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_OWN_STACK_H
#define CSIZER_OWN_STACK_H
#include <stddef.h>

/// Bytes of memory behind the stack that is kept between calls. Any thread.
size_t csizer_stack_bytes(void);

#endif
