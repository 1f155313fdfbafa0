// SPDX-License-Identifier: Apache-2.0
// AArch64's jumps, and which of its instructions can be moved.
#if defined(__aarch64__)
#include <string.h>

#include "platform/code_jump.h"

// The runtime has functions of one instruction (swift_slowDealloc is `b free`): no more than one can be written over.
// That is a branch, which reaches 128 MiB; a page less, and the whole page is near.
enum { INSTRUCTION = 4, REACH = 127 << 20 };

const char *csizer_code_refuse(const void *target) {
  return (uintptr_t)target % INSTRUCTION ? "the runtime's functions are not aligned to 4 bytes" : NULL;
}

// ldr x17, .+8; br x17; the address. Whoever calls a function expects x16 and x17 to be changed on the way: they are
// the linker's (AAPCS64).
size_t csizer_code_jump(unsigned char *at, const void *to) {
  static const uint32_t jump[] = {0x58000051, 0xD61F0220};
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &to, sizeof to);
  return sizeof jump + sizeof to;
}

// b: changes no register, so that it may stand behind a function's first instruction too. It needs no landing pad (bti)
// where it leads, either.
size_t csizer_code_jump_near(unsigned char *at, uintptr_t from, uintptr_t to) {
  uint32_t branch = 0x14000000 | (((uint32_t)(to - from) / INSTRUCTION) & 0x03FFFFFF);
  memcpy(at, &branch, sizeof branch);
  return sizeof branch;
}

bool csizer_code_has_steps(void) { return true; }

bool csizer_code_is_near(uintptr_t one, uintptr_t other) { return (one > other ? one - other : other - one) < REACH; }

// All do the same wherever they stand but those that reckon from their own address, and those that must not be parted
// from what comes next.
static bool is_movable(uint32_t instruction) {
  if ((instruction & 0x7C000000) == 0x14000000) return false;  // b, bl
  if ((instruction & 0xFE000000) == 0x54000000) return false;  // b.cond, retaasppc
  if ((instruction & 0x7C000000) == 0x34000000) return false;  // cbz, cbnz, tbz, tbnz
  if ((instruction & 0x7E000000) == 0x74000000) return false;  // cb, cbb and cbh, with a condition (FEAT_CMPBR)
  if ((instruction & 0x1F000000) == 0x10000000) return false;  // adr, adrp
  if ((instruction & 0x3B000000) == 0x18000000) return false;  // ldr and prfm of a literal
  // ldxr, stxr and their kin: with a jump in between, what was to be stored may never be. casp, too, by its bits.
  if ((instruction & 0x3F800000) == 0x08000000) return false;
  if (instruction == 0xD50324FF) return false;  // pacm, which makes the next instruction sign by its address
  // paciasppc, pacibsppc, pacnbiasppc, pacnbibsppc sign by the address, autiasppc and autibsppc check that.
  if ((instruction & 0xFFFFFBFF) == 0xDAC1A3FE || (instruction & 0xFFFFFBFF) == 0xDAC183FE) return false;
  return (instruction & 0xFF800000) != 0xF3800000;
}

size_t csizer_code_prologue(const unsigned char *target, size_t bytes) {
  size_t length = 0;
  for (; length < bytes; length += INSTRUCTION) {
    uint32_t instruction;
    memcpy(&instruction, target + length, sizeof instruction);
    if (!is_movable(instruction)) return 0;
  }
  return length;
}
#endif
