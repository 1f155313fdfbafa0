// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_THREADS_H
#define CSIZER_IMAGE_THREADS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A thread, as the kernel tells of it.
typedef struct image_thread {
  uint64_t id, processor_time, sleeps;
  /// The part of its stack that is in use, and its own variables, which stand above it. Where a running thread's stack
  /// begins nobody knows: all of it is here, with what old calls left below. 0: unknown.
  uintptr_t stack_start, stack_end;
  /// The main thread's own variables, which are not on its stack.
  uintptr_t own_start, own_end;
  /// Where the own variables of any thread are, to a few KiB; 0: unknown.
  uintptr_t variables_start, variables_end;
  bool is_asleep;
  /// Where its stack begins is known: it sleeps, or is the one that asks.
  bool has_exact_stack;
  char name[16];  // terminated
} image_thread;

/// The process's threads as they are now, as many as there is room for. `variables`: bytes that the own variables of
/// each take at most, in all images together. Nothing is allocated but pages.
uint32_t csizer_image_threads_read(image_thread *threads, uint32_t room, size_t variables);

#endif
