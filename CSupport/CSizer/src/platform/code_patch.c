// SPDX-License-Identifier: Apache-2.0
// Jumps over the first bytes of functions: how code is made writable, changed and restored on any architecture.
#include "platform/code_patch.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Of processors only this one need take its instructions anew: there is one thread, and those to come begin with a
// return from the kernel, which does that (Arm ARM, context synchronisation events). AArch64's pages that want landing
// pads (PROT_BTI) want none behind this, for neither mprotect asks for them: a jump over a function's pad is allowed.
static bool write_code(unsigned char *target, const unsigned char *code, size_t bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)target & ~(page - 1);
  size_t length = (uintptr_t)target + bytes - start;
  if (mprotect((void *)start, length, PROT_READ | PROT_WRITE | PROT_EXEC)) return false;
  memcpy(target, code, bytes);
  __builtin___clear_cache((char *)target, (char *)target + bytes);
  return mprotect((void *)start, length, PROT_READ | PROT_EXEC) == 0;
}

static const char *replace_start(unsigned char *target, uintptr_t to, csizer_patch *ret_patch) {
  unsigned char jump[CODE_JUMP_MOST];
  size_t bytes = csizer_code_jump_near(jump, (uintptr_t)target, to);
  memcpy(ret_patch->saved, target, bytes);
  ret_patch->target = target;
  ret_patch->bytes = bytes;
  if (write_code(target, jump, bytes)) return NULL;
  // Refused before or after the bytes were written: only the former leaves nothing to undo.
  if (memcmp(target, jump, bytes) != 0) ret_patch->target = NULL;
  return "the kernel refused to make the runtime's code writable (mprotect)";
}

// Code of ours that belongs to one function: the stepping stone, where one is needed, and the moved prologue.
typedef struct outpost {
  unsigned char *code;
  size_t size, used;
} outpost;

static unsigned char *map_at(uintptr_t wish, size_t size) {
  void *found = mmap((void *)wish, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return found == MAP_FAILED ? NULL : found;
}

// Tried further and further away from the target. The kernel takes the address for a wish: where something is already,
// what it gives lies elsewhere. Below first: above a program that is not a library its heap grows.
static const char *map_near(uintptr_t target, outpost *ret_outpost) {
  enum { STEP = 1 << 20 };
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  uintptr_t center = target & ~(uintptr_t)(STEP - 1);
  for (uintptr_t away = 0; away == 0 || csizer_code_is_near(center, center + away); away += STEP) {
    for (int is_above = 0; is_above < 2; is_above++) {
      uintptr_t wish = is_above ? center + away : center - away;
      unsigned char *code = map_at(away ? wish : 0, size);
      if (!code) return "the system refused memory for moved code";
      *ret_outpost = (outpost){.code = code, .size = size};
      if (csizer_code_is_near((uintptr_t)code, target)) return NULL;
      munmap(code, size);
    }
  }
  return "the system has no memory near the runtime's code";
}

// What the first `prologue` bytes of `target` do, and then what is behind them.
static void move_prologue(const unsigned char *target, size_t prologue, outpost *post) {
  unsigned char *at = post->code + post->used;
  memcpy(at, target, prologue);
  at += prologue;
  at += csizer_code_jump_near(at, (uintptr_t)at, (uintptr_t)target + prologue);
  post->used = (size_t)(at - post->code);
}

static const char *close_outpost(const outpost *post) {
  __builtin___clear_cache((char *)post->code, (char *)post->code + post->used);
  bool is_closed = mprotect(post->code, post->size, PROT_READ | PROT_EXEC) == 0;
  return is_closed ? NULL : "the kernel refused executable memory (mprotect)";
}

// With a `prologue` of some bytes, `ret_original` is where it was moved.
static const char *redirect(void *target, void *replacement, size_t prologue, csizer_patch *ret_patch,
                            void **ret_original) {
  if (!csizer_code_has_steps() && !prologue) return replace_start(target, (uintptr_t)replacement, ret_patch);
  outpost post;
  uintptr_t to = (uintptr_t)replacement;
  const char *refusal = map_near((uintptr_t)target, &post);
  if (refusal) return refusal;
  if (csizer_code_has_steps()) {
    to = (uintptr_t)post.code;
    post.used = csizer_code_jump(post.code, replacement);
  }
  if (prologue) {
    *ret_original = post.code + post.used;
    move_prologue(target, prologue, &post);
  }
  refusal = close_outpost(&post);
  if (!refusal) refusal = replace_start(target, to, ret_patch);
  // Callers may be on their way there when the jump was written after all.
  if (refusal && !ret_patch->target) munmap(post.code, post.size);
  return refusal;
}

const char *csizer_code_redirect(void *target, void *replacement, csizer_patch *ret_patch) {
  *ret_patch = (csizer_patch){0};
  const char *refusal = csizer_code_refuse(target);
  return refusal ? refusal : redirect(target, replacement, 0, ret_patch, NULL);
}

const char *csizer_code_detour(void *target, void *replacement, csizer_patch *ret_patch, void **ret_original) {
  unsigned char jump[CODE_JUMP_MOST];
  *ret_patch = (csizer_patch){0};
  const char *refusal = csizer_code_refuse(target);
  if (refusal) return refusal;
  size_t bytes = csizer_code_jump_near(jump, (uintptr_t)target, (uintptr_t)target);
  size_t prologue = csizer_code_prologue(target, bytes);
  if (!prologue || prologue > CODE_PROLOGUE_MOST)
    return "a function of the runtime starts in a way that can't be moved";
  return redirect(target, replacement, prologue, ret_patch, ret_original);
}

void csizer_code_restore(const csizer_patch *patch) {
  if (patch->target) write_code(patch->target, patch->saved, patch->bytes);
}
