// SPDX-License-Identifier: Apache-2.0
// x86-64's jump, and what its functions start with.
#if defined(__x86_64__)
#include <string.h>

#include "platform/code_jump.h"

// Functions of 16-byte alignment have at least 16 bytes: the jump never reaches the next one.
const char *csizer_code_refuse(const void *target) {
  return (uintptr_t)target & 15 ? "the runtime's functions are not aligned to 16 bytes" : NULL;
}

// jmp *[rip + 0], then the address: reaches everywhere and changes no register.
size_t csizer_code_jump(unsigned char *at, const void *to) {
  static const unsigned char jump[] = {0xFF, 0x25, 0, 0, 0, 0};
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &to, sizeof to);
  return sizeof jump + sizeof to;
}

// It reaches everywhere: nothing need be near, and no stepping stone is on the way.

size_t csizer_code_jump_near(unsigned char *at, uintptr_t from, uintptr_t to) {
  (void)from;
  return csizer_code_jump(at, (const void *)to);
}

bool csizer_code_has_steps(void) { return false; }

bool csizer_code_is_near(uintptr_t one, uintptr_t other) {
  (void)one, (void)other;
  return true;
}

// The length of an instruction that a prologue is made of and that does not care where it stands; 0 for any other.
static size_t movable(const unsigned char *at) {
  if (at[0] >= 0x50 && at[0] <= 0x57) return 1;                                    // push
  if (at[0] == 0x41 && at[1] >= 0x50 && at[1] <= 0x57) return 2;                   // push r8 … r15
  if (at[0] == 0x48 && at[1] == 0x89 && at[2] == 0xE5) return 3;                   // mov rbp, rsp
  if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xEC) return 4;                   // sub rsp, byte
  if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xEC) return 7;                   // sub rsp, long
  if (at[0] == 0xF3 && at[1] == 0x0F && at[2] == 0x1E && at[3] == 0xFA) return 4;  // endbr64
  return 0;
}

size_t csizer_code_prologue(const unsigned char *target, size_t bytes) {
  size_t length = 0;
  while (length < bytes) {
    size_t step = movable(target + length);
    if (!step) return 0;
    length += step;
  }
  return length;
}
#endif
