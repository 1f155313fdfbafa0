// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_THREADS_H
#define CSIZER_IMAGE_THREADS_H
#include <stdbool.h>
#include <stdint.h>

/// A thread, as the kernel tells of it.
typedef struct image_thread {
  uint64_t id, processor_time, sleeps;
  /// The part of its stack that is in use, and what stands above. Only of threads that sleep is it known.
  uintptr_t stack_start, stack_end;
  bool is_asleep;
  char name[16];  // terminated
} image_thread;

/// The process's threads as they are now, as many as there is room for. Nothing is allocated but pages.
uint32_t csizer_image_threads_read(image_thread *threads, uint32_t room);

#endif
