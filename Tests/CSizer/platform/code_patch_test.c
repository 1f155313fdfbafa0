// SPDX-License-Identifier: Apache-2.0
#include "platform/code_patch.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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
#define NOT_WHERE_FUNCTIONS_START 0
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".p2align 2\n"
    "plus_one:\n"
    "  sub sp, sp, #16\n add w0, w0, #1\n add sp, sp, #16\n ret\n"
    "plus_two:\n"  // of one instruction, as the runtime has them, and it counts from where it stands
    "  b 1f\n"
    "plus_three:\n"
    "  add w0, w0, #3\n ret\n"
    "1:\n"
    "  add w0, w0, #2\n ret\n");
#define NOT_WHERE_FUNCTIONS_START 2
#else
#define NOT_WHERE_FUNCTIONS_START 0
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
#if defined(__x86_64__) || defined(__aarch64__)
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
  CHECK_EQUAL(plus_three(10), 13);  // its neighbour
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
  CHECK(csizer_code_redirect((char *)code(plus_three) + NOT_WHERE_FUNCTIONS_START, code(minus_one), &patch) != NULL);
  csizer_code_restore(&patch);  // of a patch that was never made
  if (is_refused_here("as everything")) return;
  CHECK_EQUAL(plus_two(10), 12);
  CHECK_EQUAL(plus_three(10), 13);
}

// ---- Which instructions are moved ----

// `movable` are functions that start with what functions start with, and add four; `bound` is what counts from where it
// stands or must stay with what comes next.
#if defined(__x86_64__)
enum { MOVABLE_STEP = 64, BOUND_STEP = 16 };
__asm__(
    ".text\n"
    ".p2align 6\n"
    "movable:\n"
    "  endbr64\n push %rbp\n mov %rsp, %rbp\n push %r15\n push %r14\n push %rbx\n sub $8, %rsp\n"
    "  lea 4(%rdi), %eax\n"
    "  add $8, %rsp\n pop %rbx\n pop %r14\n pop %r15\n pop %rbp\n ret\n"
    ".p2align 6\n"
    "  push %rbp\n mov %rsp, %rbp\n sub $0x200, %rsp\n push %r12\n push %r13\n"
    "  lea 4(%rdi), %eax\n"
    "  pop %r13\n pop %r12\n add $0x200, %rsp\n pop %rbp\n ret\n"
    ".p2align 6\n"
    "movable_end:\n"
    "bound:\n"
    "  call bound\n .p2align 4\n"
    "  jmp bound\n .p2align 4\n"
    "  je bound\n .p2align 4\n"
    "  lea bound(%rip), %rax\n .p2align 4\n"
    "  mov bound(%rip), %rax\n .p2align 4\n"
    "  push %rbp\n mov %rsp, %rbp\n call bound\n .p2align 4\n"
    "bound_end:\n");
#elif defined(__aarch64__)
enum { MOVABLE_STEP = 16, BOUND_STEP = 4 };
__asm__(
    ".text\n"
    ".p2align 4\n"
    "movable:\n"
    "  hint #25\n add w0, w0, #4\n hint #29\n ret\n"  // paciasp, autiasp
    "  hint #34\n add w0, w0, #4\n ret\n nop\n"       // bti c
    "  stp x29, x30, [sp, #-16]!\n add w0, w0, #4\n ldp x29, x30, [sp], #16\n ret\n"
    "  str x19, [sp, #-16]!\n add w0, w0, #4\n ldr x19, [sp], #16\n ret\n"
    "  add w0, w0, #4\n ret\n nop\n nop\n"
    "  mov w17, #4\n add w0, w0, w17\n ret\n nop\n"  // the way back must leave it
    "  ldar w9, [sp]\n add w0, w0, #4\n ret\n nop\n"  // next to ldaxr
    "  ldp x9, x10, [sp]\n add w0, w0, #4\n ret\n nop\n"
    "movable_end:\n"
    "bound:\n"
    "  b bound\n bl bound\n b.eq bound\n cbz x0, bound\n cbnz w0, bound\n tbz x0, #1, bound\n tbnz x0, #40, bound\n"
    "  adr x0, bound\n adrp x0, bound\n ldr x0, bound\n ldr w0, bound\n ldrsw x0, bound\n ldr d0, bound\n"
    "  ldr q0, bound\n prfm pldl1keep, bound\n"
    "  .inst 0xdac1a3fe, 0xdac1a7fe, 0xdac183fe, 0xdac187fe\n"  // paciasppc and its kin
    "  .inst 0xf380003f, 0xf3a0005f, 0x5500007f\n"              // autiasppc, autibsppc, retaasppc
    "  .inst 0x74000120, 0xf5c18040, 0x74008021, 0xf55ea003, 0x7443ffe5\n"  // cbgt w, cbeq x, cbbgt, cbhs x, cbhhi
    "  .inst 0xd50324ff\n"                                                  // pacm
    "  ldxr w0, [x1]\n ldaxr x0, [x1]\n ldaxrb w0, [x1]\n ldxp x0, x2, [x1]\n"
    "  stxr w2, w0, [x1]\n stlxp w3, x0, x2, [x1]\n"
    "bound_end:\n");
#else
enum { MOVABLE_STEP = 1, BOUND_STEP = 1 };
__asm__(".text\n movable:\n movable_end:\n bound:\n bound_end:\n");
#endif

extern const char movable[] __asm__("movable"), movable_end[] __asm__("movable_end");
extern const char bound[] __asm__("bound"), bound_end[] __asm__("bound_end");

TEST(first_instructions_move_unless_they_count_from_where_they_are) {
  csizer_patch patch;
  void *moved;
  const char *refusal = csizer_code_detour(code(plus_one), code(twice), &patch, &moved);
  if (is_refused_here(refusal)) return;
  csizer_code_restore(&patch);
  for (const char *at = movable; at < movable_end; at += MOVABLE_STEP) {
    function target = (function)(uintptr_t)at;
    CHECK_EQUAL(target(10), 14);
    CHECK(!csizer_code_detour(code(target), code(twice), &patch, &moved));
    original = (function)(uintptr_t)moved;
    CHECK_EQUAL(target(10), 28);
    csizer_code_restore(&patch);
    CHECK_EQUAL(target(10), 14);
  }
  for (const char *at = bound; at < bound_end; at += BOUND_STEP)
    CHECK(csizer_code_detour((void *)(uintptr_t)at, code(twice), &patch, &moved) != NULL);
}

// ---- A kernel that makes no code ----

// From now on no memory of the calling process becomes executable, as with SELinux' execmem or PR_SET_MDWE.
static bool refuse_new_code(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(where_code_cannot_be_written_nothing_is_changed) {
  pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    csizer_patch patch;
    void *moved;
    bool is_right = refuse_new_code() && csizer_code_redirect(code(plus_two), code(minus_one), &patch) != NULL;
    csizer_code_restore(&patch);
    is_right = is_right && csizer_code_detour(code(plus_one), code(twice), &patch, &moved) != NULL;
    csizer_code_restore(&patch);
#if defined(__x86_64__) || defined(__aarch64__)
    is_right = is_right && plus_two(10) == 12 && plus_one(10) == 11;
#endif
    _exit(is_right ? 0 : 1);
  }
  int status;
  CHECK_EQUAL(waitpid(process, &status, 0), process);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
