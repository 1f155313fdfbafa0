// SPDX-License-Identifier: Apache-2.0
// Architectures whose jumps nobody has written down here.
#if !defined(__x86_64__)
#include "platform/code_jump.h"

const char *csizer_code_refuse(const void *target) {
  (void)target;
  return "entry points can be replaced on x86-64 only";
}

// Not reached: nothing is patched where every target is refused.

size_t csizer_code_jump(unsigned char *at, const void *to) {
  (void)at, (void)to;
  return 0;
}

size_t csizer_code_prologue(const unsigned char *target, size_t bytes) {
  (void)target, (void)bytes;
  return 0;
}
#endif
