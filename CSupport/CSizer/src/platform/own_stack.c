// SPDX-License-Identifier: Apache-2.0
// Runs a function on a stack of Sizer's own.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csizer_stack.h"
#include "platform/own_stack.h"
#include "platform/pages.h"

enum { STACK = 8 << 20 };  // pages are the kernel's until they are touched

// Calls `body` with the stack pointer at `top`. The caller's frame is found by the frame pointer, so that debuggers,
// unwinders and the stacks of births pass through; calls and returns are in pairs, as processors with a shadow stack
// demand.
#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".type csizer_call_at, @function\n"
    "csizer_call_at:\n"
    "  .cfi_startproc\n"
    "  endbr64\n"
    "  pushq %rbp\n"
    "  .cfi_def_cfa_offset 16\n"
    "  .cfi_offset %rbp, -16\n"
    "  movq %rsp, %rbp\n"
    "  .cfi_def_cfa_register %rbp\n"
    "  movq %rdx, %rsp\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  callq *%rax\n"
    "  movq %rbp, %rsp\n"
    "  popq %rbp\n"
    "  .cfi_def_cfa %rsp, 8\n"
    "  retq\n"
    "  .cfi_endproc\n"
    ".size csizer_call_at, .-csizer_call_at\n");
#define CAN_SWITCH 1
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".p2align 4\n"
    ".type csizer_call_at, %function\n"
    "csizer_call_at:\n"
    "  .cfi_startproc\n"
    "  hint #34\n"  // bti c; nothing is signed, for libunwind before 1.8 ends a stack at what is
    "  stp x29, x30, [sp, #-16]!\n"
    "  .cfi_def_cfa_offset 16\n"
    "  .cfi_offset x29, -16\n"
    "  .cfi_offset x30, -8\n"
    "  mov x29, sp\n"
    "  .cfi_def_cfa_register x29\n"
    "  mov sp, x2\n"
    "  mov x9, x0\n"
    "  mov x0, x1\n"
    "  blr x9\n"
    "  mov sp, x29\n"
    "  .cfi_def_cfa_register sp\n"
    "  ldp x29, x30, [sp], #16\n"
    "  .cfi_def_cfa_offset 0\n"
    "  .cfi_restore x29\n"
    "  .cfi_restore x30\n"
    "  ret\n"
    "  .cfi_endproc\n"
    ".size csizer_call_at, .-csizer_call_at\n");
#define CAN_SWITCH 1
#endif

static _Thread_local bool has_room;
static _Thread_local uintptr_t caller_stack;

uintptr_t csizer_stack_caller(void) { return caller_stack; }

void csizer_stack_suffices(void) { has_room = true; }

#ifdef CAN_SWITCH
extern __attribute__((visibility("hidden"))) void csizer_call_at(void (*body)(void *context), void *context, void *top);

// One stays for ever, so that a call costs no mapping; who finds it taken makes another for the length of the call.
static char *first;
static pid_t taken_by;  // the process whose thread is on it; 0: none

static size_t guard_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static char *make_stack(void) {
  char *stack = csizer_pages_reserve(STACK);
  if (!stack) return NULL;
  // Whoever overruns it is stopped there. A huge page would be 2 MiB in memory for the few that are touched.
  if (mprotect(stack, guard_bytes(), PROT_NONE) == 0) {
    madvise(stack, STACK, MADV_NOHUGEPAGE);
    return stack;
  }
  csizer_pages_unreserve(stack, STACK);
  return NULL;
}

// In a child of a fork the thread that was on it may be gone, or be the one that forked and still be on it: another one
// is made to stay. Relaxed where somebody else has it: only the number is looked at. `first` is read by who has
// acquired `taken_by`, behind which it was written.
static char *take(void) {
  pid_t process = getpid(), before = 0;
  bool is_mine = __atomic_compare_exchange_n(&taken_by, &before, process, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
  bool is_inherited = !is_mine && before != process;
  if (is_inherited)
    is_inherited =
        __atomic_compare_exchange_n(&taken_by, &before, process, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
  if (!is_mine && !is_inherited) return make_stack();
  char *stack = is_inherited ? NULL : __atomic_load_n(&first, __ATOMIC_RELAXED);
  if (stack) return stack;
  stack = make_stack();
  __atomic_store_n(&first, stack, __ATOMIC_RELEASE);
  if (!stack) __atomic_store_n(&taken_by, 0, __ATOMIC_RELEASE);
  return stack;
}

// Relaxed: who is on the first one has read or written it itself, and to all others it is another address than theirs.
static void give_back(char *stack) {
  if (stack == __atomic_load_n(&first, __ATOMIC_RELAXED)) __atomic_store_n(&taken_by, 0, __ATOMIC_RELEASE);
  else csizer_pages_unreserve(stack, STACK);
}

// AddressSanitizer must know where the stack is. Present in processes that were built with it, whatever this file was
// built with.
extern __attribute__((weak)) void __sanitizer_start_switch_fiber(void **frames, const void *bottom, size_t bytes);
extern __attribute__((weak)) void __sanitizer_finish_switch_fiber(void *frames, const void **bottom, size_t *bytes);

typedef struct switched_call {
  void (*body)(void *context);
  void *context;
  const void *caller_bottom;
  size_t caller_bytes;
} switched_call;

static void run(void *argument) {
  switched_call *call = argument;
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(NULL, &call->caller_bottom, &call->caller_bytes);
  call->body(call->context);
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(NULL, call->caller_bottom, call->caller_bytes);
}

static void call_on(char *stack, void (*body)(void *context), void *context) {
  switched_call call = {.body = body, .context = context};
  void *frames = NULL;
  if (__sanitizer_start_switch_fiber) __sanitizer_start_switch_fiber(&frames, stack, STACK);
  csizer_call_at(run, &call, stack + STACK);
  if (__sanitizer_finish_switch_fiber) __sanitizer_finish_switch_fiber(frames, NULL, NULL);
}

// Just below the frame of whoever calls this.
static __attribute__((noinline)) uintptr_t below_caller(void) { return (uintptr_t)__builtin_frame_address(0); }

csizer_status csizer_stack_call(void (*body)(void *context), void *context) {
  if (has_room) {
    body(context);
    return CSIZER_OK;
  }
  __builtin_unwind_init();  // what the program has in registers stands in this frame now
  int cancellable;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);  // or nobody would give the stack back
  char *stack = take();
  if (!stack) {
    pthread_setcancelstate(cancellable, NULL);
    return CSIZER_NO_MEMORY;
  }
  has_room = true;
  caller_stack = below_caller();
  call_on(stack, body, context);
  caller_stack = 0;
  has_room = false;
  give_back(stack);
  pthread_setcancelstate(cancellable, NULL);
  return CSIZER_OK;
}

size_t csizer_stack_bytes(void) {
  // From the top down, and no further than to a step that has no page: no frame of what runs here is as large.
  enum { STEP = 1 << 18, LEAST_PAGE = 1 << 12 };
  unsigned char present[STEP / LEAST_PAGE];
  char *stack = __atomic_load_n(&first, __ATOMIC_ACQUIRE);
  const size_t page = guard_bytes();
  size_t bytes = 0;
  for (size_t top = STACK, here = 1; stack && here && top; top -= STEP, bytes += here) {
    here = 0;
    if (mincore(stack + top - STEP, STEP, present)) break;
    for (size_t i = 0; i < STEP / page; i++) here += (present[i] & 1) ? page : 0;
  }
  return bytes;
}
#else
csizer_status csizer_stack_call(void (*body)(void *context), void *context) {
  if (!has_room) return CSIZER_UNSUPPORTED;
  body(context);
  return CSIZER_OK;
}

size_t csizer_stack_bytes(void) { return 0; }
#endif

void csizer_stack_prefer(void (*body)(void *context), void *context) {
  if (csizer_stack_call(body, context) != CSIZER_OK) body(context);
}
