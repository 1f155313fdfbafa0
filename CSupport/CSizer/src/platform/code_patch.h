// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CODE_PATCH_H
#define CSIZER_CODE_PATCH_H
#include <stddef.h>

#include "platform/code_jump.h"

/// Sending callers of a function elsewhere by writing a jump over its first bytes. Only while the process has one
/// thread: nobody may be inside the function's start.

typedef struct csizer_patch {
  unsigned char *target;  // NULL: nothing was written
  size_t bytes;           // that were replaced
  unsigned char saved[CODE_JUMP_MOST];
} csizer_patch;

/// From now on calls of `target` run `replacement`. NULL, or why it can't be done: then nothing was changed.
const char *csizer_code_redirect(void *target, void *replacement, csizer_patch *ret_patch);

/// The same, and `ret_original` is code that does what `target` did: its first instructions, moved, then a jump to the
/// rest. Only for functions that start with what can be moved as it is: on x86-64 a plain prologue (pushes, frame
/// pointer, stack adjustment), on AArch64 an instruction that does not reckon from its own address.
const char *csizer_code_detour(void *target, void *replacement, csizer_patch *ret_patch, void **ret_original);

/// Undoes a patch; one that was never made is fine.
void csizer_code_restore(const csizer_patch *patch);

#endif
