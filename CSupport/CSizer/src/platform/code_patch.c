// SPDX-License-Identifier: Apache-2.0
#include "platform/code_patch.h"

#if defined(__x86_64__)
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LONGEST_PROLOGUE = 48 };

// jmp *[rip + 0], then the address: reaches everywhere and changes no register.
static void write_jump(unsigned char *at, const void *to) {
  static const unsigned char jump[] = {0xFF, 0x25, 0, 0, 0, 0};
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &to, sizeof to);
}

static bool write_code(unsigned char *target, const unsigned char *bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)target & ~(page - 1);
  size_t length = (uintptr_t)target + CSIZER_JUMP_BYTES - start;
  if (mprotect((void *)start, length, PROT_READ | PROT_WRITE | PROT_EXEC)) return false;
  memcpy(target, bytes, CSIZER_JUMP_BYTES);
  return mprotect((void *)start, length, PROT_READ | PROT_EXEC) == 0;
}

const char *csizer_code_redirect(void *target, void *replacement, csizer_patch *ret_patch) {
  unsigned char jump[CSIZER_JUMP_BYTES];
  *ret_patch = (csizer_patch){0};
  // Functions of 16-byte alignment have at least 16 bytes: the jump never reaches the next one.
  if ((uintptr_t)target & 15) return "the runtime's functions are not aligned to 16 bytes";
  memcpy(ret_patch->saved, target, sizeof ret_patch->saved);
  write_jump(jump, replacement);
  ret_patch->target = target;
  if (write_code(target, jump)) return NULL;
  // Refused before or after the bytes were written: only the former leaves nothing to undo.
  if (memcmp(target, jump, sizeof jump) != 0) ret_patch->target = NULL;
  return "the kernel refused to make the runtime's code writable (mprotect)";
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

static size_t movable_prologue(const unsigned char *target) {
  size_t length = 0;
  while (length < CSIZER_JUMP_BYTES) {
    size_t step = movable(target + length);
    if (!step) return 0;
    length += step;
  }
  return length;
}

const char *csizer_code_detour(void *target, void *replacement, csizer_patch *ret_patch, void **ret_original) {
  *ret_patch = (csizer_patch){0};
  size_t prologue = movable_prologue(target);
  if (!prologue || prologue > LONGEST_PROLOGUE) return "a function of the runtime starts in a way that can't be moved";
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return "the system refused memory for moved code";
  memcpy(code, target, prologue);
  write_jump(code + prologue, (const unsigned char *)target + prologue);
  const char *refusal = NULL;
  if (mprotect(code, size, PROT_READ | PROT_EXEC)) refusal = "the kernel refused executable memory (mprotect)";
  *ret_original = code;
  if (!refusal) refusal = csizer_code_redirect(target, replacement, ret_patch);
  // Callers may be on their way there when the jump was written after all.
  if (refusal && !ret_patch->target) munmap(code, size);
  return refusal;
}

void csizer_code_restore(const csizer_patch *patch) {
  if (patch->target) write_code(patch->target, patch->saved);
}

#else

static const char only_there[] = "entry points can be replaced on x86-64 only";

const char *csizer_code_redirect(void *target, void *replacement, csizer_patch *ret_patch) {
  (void)target, (void)replacement;
  *ret_patch = (csizer_patch){0};
  return only_there;
}

const char *csizer_code_detour(void *target, void *replacement, csizer_patch *ret_patch, void **ret_original) {
  *ret_original = 0;
  return csizer_code_redirect(target, replacement, ret_patch);
}

void csizer_code_restore(const csizer_patch *patch) { (void)patch; }

#endif
