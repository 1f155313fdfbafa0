// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_TASK_H
#define CSIZER_WALK_TASK_H
#include "runtime/target.h"
#include "walk/walk_internal.h"

// What can be told of a task from its own words, whoever asks. Nothing of it is believed further than it can be seen.

/// Frames lie in slabs. Without a mark there is no concurrency in this process, or another runtime.
typedef struct task_slab {
  const void *mark;
  const struct task_slab *next;
  uint32_t capacity, used;  // without the header
} task_slab;
/// The frames in a slab begin at the next 16 bytes.
enum { TASK_SLAB_HEADER = 32 };

static inline bool task_is_slab(const task_slab *slab) {
  const void *const *mark = csizer_target.task_slab_mark;
  return mark && *mark && slab->mark == *mark && slab->used <= slab->capacity;
}

/// The metadata that all tasks have; NULL without concurrency.
static inline const void *task_metadata(void) {
  return csizer_target.task_metadata ? *csizer_target.task_metadata : NULL;
}

/// Whether this runtime's tasks have the words that swift_abi.h says.
static inline bool task_layout_is_known(void) {
  if (!csizer_holds(CSIZER_ASSUMES_TASKS) || !csizer_target.task_layout || !csizer_target.task_bytes) return false;
  return *csizer_target.task_layout == 1 && *csizer_target.task_bytes >= sizeof(swift_task);
}

/// Usable bytes of a block of libc's malloc, if one starts there as far as can be seen; else 0.
size_t csizer_task_libc_bytes(uintptr_t address);

/// Whether an address is that of a living task in a block of its own, as far as its words and the allocator say.
bool csizer_task_is_block(csizer_walk *walk, uintptr_t address);

/// Whether a task's words are those of one that lives and is no `async let`.
bool csizer_task_is_alone(const swift_task *task);

/// Whether a task has not ended. One whose words are not known is taken to live.
static inline bool task_lives(const swift_object *task) {
  return !task_layout_is_known() || !(((const swift_task *)task)->status & SWIFT_TASK_IS_COMPLETE);
}

/// The child of `parent` that comes behind another one of its group; 0: none.
uintptr_t csizer_task_next_child(csizer_walk *walk, uintptr_t child, uintptr_t parent);

#endif
