// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FUTEX_H
#define CSIZER_FUTEX_H
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// Waiting for a word of this process's memory to change: futex(2), private. errno is not touched where the processor is
// known: a thread that libc does not know shares it with another.

static inline void csizer_futex(uint32_t *word, long operation, uint32_t value) {
#if defined(__x86_64__)
  register long no_timeout __asm__("r10") = 0;
  long number = SYS_futex;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(word), "S"(operation), "d"((unsigned long)value), "r"(no_timeout)
                   : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register uint32_t *first __asm__("x0") = word;
  register long second __asm__("x1") = operation;
  register unsigned long third __asm__("x2") = value;
  register long no_timeout __asm__("x3") = 0;
  register long number __asm__("x8") = SYS_futex;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(second), "r"(third), "r"(no_timeout), "r"(number) : "memory");
#else
  syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
#endif
}

/// Returns when somebody wakes who waits there, at once when the word is not `value`, and at times for no reason.
static inline void csizer_futex_wait(uint32_t *word, uint32_t value) {
  csizer_futex(word, FUTEX_WAIT_PRIVATE, value);
}

static inline void csizer_futex_wake(uint32_t *word) { csizer_futex(word, FUTEX_WAKE_PRIVATE, INT_MAX); }

#endif
