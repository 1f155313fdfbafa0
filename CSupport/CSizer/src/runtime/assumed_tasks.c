// SPDX-License-Identifier: Apache-2.0
// Asks a task of our own, which never runs, where it keeps its words (Task.h, TaskPrivate.h, StackAllocator.h).
#include "platform/checked_read.h"
#include "runtime/assumptions.h"
#include "runtime/target.h"

// Nobody calls it: the task is made, looked at, and let go.
static void never_run(void) {}

static struct swift_async_function entry = {.context_bytes = 64};

// A priority that differs from what is not set; nothing is enqueued. MetadataValues.h, TaskCreateFlags
enum { UTILITY = 0x11, MOST_TASK_BYTES = 1024, SLAB_HEADER = 32 };

/// StackAllocator.h
typedef struct task_slab {
  const void *mark;
  const void *next;
  uint32_t capacity, used;
} task_slab;

static const char *slab(const swift_task *task, size_t behind) {
  const char *start = (const char *)task->first_slab;
  task_slab slab;
  if (!start) return NULL;  // it comes with the first frame
  if (start < (const char *)task + behind || start > (const char *)task + MOST_TASK_BYTES ||
      !csizer_checked_copy(start, &slab, sizeof slab))
    return "a task's first slab is elsewhere";
  if (slab.mark != *csizer_target.task_slab_mark) return "a slab's mark is elsewhere";
  const bool has_room = slab.used <= slab.capacity && slab.capacity + SLAB_HEADER <= MOST_TASK_BYTES;
  return has_room ? NULL : "a slab's sizes are elsewhere";
}

static const char *task_words(const swift_task *task, const swift_async_context *context) {
  const size_t own_bytes = *csizer_target.task_bytes;
  const uint32_t kinds =
      SWIFT_TASK_IS_CHILD | SWIFT_TASK_IS_FUTURE | SWIFT_TASK_IS_GROUP_CHILD | SWIFT_TASK_IS_ASYNC_LET;
  const uint32_t states =
      SWIFT_TASK_IS_CANCELLED | SWIFT_TASK_IS_RUNNING | SWIFT_TASK_IS_ENQUEUED | SWIFT_TASK_IS_COMPLETE;
  if (task->object.metadata != *csizer_target.task_metadata) return "a task's metadata is not the runtime's";
  if (task->object.metadata->kind != SWIFT_TASK) return "a task's metadata is of another kind";
  // It is neither a child nor a future.
  if (task->job_flags & (SWIFT_JOB_KIND_MASK | kinds)) return "a task's flags are elsewhere";
  if (!task->id || !task->resume) return "a task's number is elsewhere";
  if (task->context != context) return "a task's context is elsewhere";
  if ((const char *)context < (const char *)task + own_bytes + sizeof(swift_task_prefix))
    return "a task's own words are more";
  // Its priority, which is in no other word yet
  if (task->status & states || (task->status & 0xFF) != UTILITY) return "a task's status is elsewhere";
  return slab(task, own_bytes);
}

static const char *no_task(void) {
  const csizer_target_runtime *target = &csizer_target;
  if (!SWIFT_CALL_IS_KNOWN || !target->task_create || !target->release) return "the program makes no tasks";
  if (!target->task_metadata || !target->task_slab_mark || !target->task_bytes || !target->task_layout)
    return "the linker dropped what tells tasks";
  return NULL;
}

void csizer_assumptions_ask_task(void) {
  const char *reason = no_task();
  if (csizer_assumption_states[CSIZER_ASSUMES_TASKS] != CSIZER_UNCHECKED) return;
  if (reason) {
    csizer_assumption_note(CSIZER_ASSUMES_TASKS, CSIZER_UNCHECKED, reason);
  } else if (*csizer_target.task_layout != 1) {
    csizer_assumption_judge(CSIZER_ASSUMES_TASKS, "the runtime says that its tasks have another layout");
  } else if (*csizer_target.task_bytes < sizeof(swift_task)) {
    csizer_assumption_judge(CSIZER_ASSUMES_TASKS, "the runtime says that its tasks have fewer words");
  } else {
    entry.function = (swift_relative)((intptr_t)never_run - (intptr_t)&entry.function);
    const swift_new_task made = csizer_target.task_create(UTILITY, NULL, NULL, &entry, NULL);
    csizer_assumption_judge(CSIZER_ASSUMES_TASKS, task_words(made.task, made.context));
    csizer_target.release(made.task);
  }
}
