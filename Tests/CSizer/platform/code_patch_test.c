// SPDX-License-Identifier: Apache-2.0
#include "platform/code_patch.h"

#include <stdint.h>

#include "support/check.h"

// Jumps over functions' first bytes, tried on functions of the test's own. Written in assembly, because what a function
// starts with is what matters.

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".p2align 4\n"
    "plus_one:\n"  // fifteen bytes that can be moved
    "  push %rbp\n mov %rsp, %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n sub $16, %rsp\n"
    "  lea 1(%rdi), %eax\n"
    "  add $16, %rsp\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n"
    ".p2align 4\n"
    "plus_two:\n"  // starts with what a prologue is not made of
    "  lea 2(%rdi), %eax\n ret\n"
    ".p2align 4\n"
    "  nop\n"
    "plus_three:\n"  // not where functions of the runtime start
    "  lea 3(%rdi), %eax\n ret\n"
    ".p2align 4\n");
#else
// Elsewhere all is refused, whatever the functions look like.
__asm__(".text\n plus_one:\n plus_two:\n plus_three:\n");
#endif

extern int plus_one(int number) __asm__("plus_one");
extern int plus_two(int number) __asm__("plus_two");
extern int plus_three(int number) __asm__("plus_three");

static int minus_one(int number) { return number - 1; }

typedef int (*function)(int);
static function original;
static int twice(int number) { return 2 * original(number); }

static void *code(function function) { return (void *)(uintptr_t)function; }

static bool is_refused_here(const char *refusal) {
#if defined(__x86_64__)
  (void)refusal;
  return false;
#else
  CHECK(refusal != NULL);
  return true;
#endif
}

TEST(callers_are_sent_elsewhere_and_back) {
  csizer_patch patch;
  const char *refusal = csizer_code_redirect(code(plus_two), code(minus_one), &patch);
  if (is_refused_here(refusal)) return;
  CHECK(!refusal);
  CHECK_EQUAL(plus_two(10), 9);
  csizer_code_restore(&patch);
  CHECK_EQUAL(plus_two(10), 12);
}

TEST(a_detour_keeps_the_original) {
  csizer_patch patch;
  void *moved;
  const char *refusal = csizer_code_detour(code(plus_one), code(twice), &patch, &moved);
  if (is_refused_here(refusal)) return;
  CHECK(!refusal);
  original = (function)(uintptr_t)moved;
  CHECK_EQUAL(original(10), 11);
  CHECK_EQUAL(plus_one(10), 22);
  csizer_code_restore(&patch);
  CHECK_EQUAL(plus_one(10), 11);
}

TEST(what_cannot_be_moved_is_left_alone) {
  csizer_patch patch;
  void *moved;
  CHECK(csizer_code_detour(code(plus_two), code(minus_one), &patch, &moved) != NULL);
  CHECK(csizer_code_redirect(code(plus_three), code(minus_one), &patch) != NULL);
  csizer_code_restore(&patch);  // of a patch that was never made
  if (is_refused_here("as everything")) return;
  CHECK_EQUAL(plus_two(10), 12);
  CHECK_EQUAL(plus_three(10), 13);
}
