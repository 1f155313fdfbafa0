// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TASK_STORY_H
#define CSIZER_TASK_STORY_H
#include "graph/graph_internal.h"

/// The numbers are those of the heap image (Documents/heap-image.md).
typedef enum task_state {
  TASK_UNKNOWN = 0,
  TASK_RUNNING = 1,
  TASK_SUSPENDED = 2,
  TASK_ENQUEUED = 3,
  TASK_COMPLETE = 4,
  TASK_CANCELLED = 5,
} task_state;

enum { STORY_FRAMES = 1024 };

/// What a task does, and what it was made for.
typedef struct task_story {
  task_state state;
  uintptr_t parent;  // the task that it is a child of; 0: none
  uintptr_t creator;  // the function that it was made to run; 0: unknown
  /// Where it goes on, the innermost function first; of very deep ones the innermost.
  uintptr_t frames[STORY_FRAMES];
  uint32_t frame_count;
} task_story;

/// Memory that was read last, so that the kernel is asked once for what stands side by side. Starts zeroed.
typedef struct task_reader {
  uintptr_t start;
  char page[1 << HEAPMAP_PAGE_SHIFT];
} task_reader;

/// Copies what may be anywhere; false when it can't be read.
bool csizer_task_read(task_reader *reader, uintptr_t address, void *to, size_t bytes);

/// What a task's words say. Whatever they are, nothing is read that is not there, and functions are places in code.
void csizer_task_story_read(const csizer_graph *graph, task_reader *reader, uintptr_t address, task_story *ret);

#endif
