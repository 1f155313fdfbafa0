// SPDX-License-Identifier: Apache-2.0
// Architectures whose jumps nobody has written down here.
#if !defined(__x86_64__) && !defined(__aarch64__)
#include "platform/code_jump.h"

const char *csizer_code_refuse(const void *target) {
  (void)target;
  return "entry points can be replaced on x86-64 and AArch64 only";
}

// Not reached: nothing is patched where every target is refused.

size_t csizer_code_jump(unsigned char *at, const void *to) {
  (void)at, (void)to;
  return 0;
}

size_t csizer_code_jump_near(unsigned char *at, uintptr_t from, uintptr_t to) {
  (void)at, (void)from, (void)to;
  return 0;
}

bool csizer_code_has_steps(void) { return false; }

bool csizer_code_is_near(uintptr_t one, uintptr_t other) {
  (void)one, (void)other;
  return false;
}

size_t csizer_code_prologue(const unsigned char *target, size_t bytes) {
  (void)target, (void)bytes;
  return 0;
}
#endif
