// SPDX-License-Identifier: Apache-2.0
// Jumps over the first bytes of functions: how code is made writable, changed and restored on any architecture.
#include "platform/code_patch.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool write_code(unsigned char *target, const unsigned char *code, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)target & ~(page - 1);
  size_t length = (uintptr_t)target + bytes - start;
  if (mprotect((void *)start, length, PROT_READ | PROT_WRITE | PROT_EXEC)) return false;
  memcpy(target, code, bytes);
  __builtin___clear_cache((char *)target, (char *)target + bytes);
  return mprotect((void *)start, length, PROT_READ | PROT_EXEC) == 0;
}

const char *csizer_code_redirect(void *target, void *replacement, csizer_patch *ret_patch) {
  unsigned char jump[CODE_JUMP_MOST];
  *ret_patch = (csizer_patch){0};
  const char *refusal = csizer_code_refuse(target);
  if (refusal) return refusal;
  size_t bytes = csizer_code_jump(jump, replacement);
  memcpy(ret_patch->saved, target, bytes);
  ret_patch->target = target;
  ret_patch->bytes = bytes;
  if (write_code(target, jump, bytes)) return NULL;
  // Refused before or after the bytes were written: only the former leaves nothing to undo.
  if (memcmp(target, jump, bytes) != 0) ret_patch->target = NULL;
  return "the kernel refused to make the runtime's code writable (mprotect)";
}

// Code that does what the first `prologue` bytes of `target` do, and goes on behind them. NULL, or why there is none.
static const char *move_prologue(const unsigned char *target, size_t prologue, unsigned char *code, size_t size) {
  memcpy(code, target, prologue);
  size_t bytes = prologue + csizer_code_jump(code + prologue, target + prologue);
  __builtin___clear_cache((char *)code, (char *)code + bytes);
  return mprotect(code, size, PROT_READ | PROT_EXEC) ? "the kernel refused executable memory (mprotect)" : NULL;
}

const char *csizer_code_detour(void *target, void *replacement, csizer_patch *ret_patch, void **ret_original) {
  unsigned char jump[CODE_JUMP_MOST];
  *ret_patch = (csizer_patch){0};
  const char *refusal = csizer_code_refuse(target);
  if (refusal) return refusal;
  size_t prologue = csizer_code_prologue(target, csizer_code_jump(jump, replacement));
  if (!prologue || prologue > CODE_PROLOGUE_MOST)
    return "a function of the runtime starts in a way that can't be moved";
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  unsigned char *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return "the system refused memory for moved code";
  refusal = move_prologue(target, prologue, code, size);
  *ret_original = code;
  if (!refusal) refusal = csizer_code_redirect(target, replacement, ret_patch);
  // Callers may be on their way there when the jump was written after all.
  if (refusal && !ret_patch->target) munmap(code, size);
  return refusal;
}

void csizer_code_restore(const csizer_patch *patch) {
  if (patch->target) write_code(patch->target, patch->saved, patch->bytes);
}
