// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CODE_JUMP_H
#define CSIZER_CODE_JUMP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What code_patch.c asks of an architecture: one file for each (code_patch_x86_64.c, code_patch_aarch64.c), and one for
// all others, which refuses.

enum {
  CODE_JUMP_MOST = 16,      // bytes of any architecture's jump to anywhere
  CODE_PROLOGUE_MOST = 48,  // bytes that are moved at most
};

/// Why no jump can be written over the start of `target`, as a static string; NULL when one can.
const char *csizer_code_refuse(const void *target);

/// Writes a jump to `to` that changes no register which a function expects to find: how many bytes.
size_t csizer_code_jump(unsigned char *at, const void *to);

/// The same from `from` to a place that is near: the jump that functions are overwritten with.
size_t csizer_code_jump_near(unsigned char *at, uintptr_t from, uintptr_t to);

/// Whether only what is near can be jumped to from the start of a function: then the near jump leads to a stepping
/// stone, which is a jump to anywhere.
bool csizer_code_has_steps(void);

/// Whether csizer_code_jump_near leads from one of two places to the other.
bool csizer_code_is_near(uintptr_t one, uintptr_t other);

/// How many bytes the instructions have that `target` starts with, up to the one with which they are `bytes` or more; 0
/// when one of them does not do the same elsewhere.
size_t csizer_code_prologue(const unsigned char *target, size_t bytes);

#endif
