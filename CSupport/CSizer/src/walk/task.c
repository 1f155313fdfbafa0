// SPDX-License-Identifier: Apache-2.0
// Which addresses are tasks. The concurrency library allocates them by malloc (swift_task_create in
// stdlib/public/Concurrency/Task.cpp), so the census has not seen them.
#include "walk/task.h"

#include "csizer_allocator.h"
#include "platform/checked_read.h"

// A block that was freed keeps its words where the allocator does not write into it; but a task is only ever freed by
// its last release, which says in its counts that its life has ended. An `async let` is no block, and immortal.
bool csizer_task_is_alone(const swift_task *task) {
  const uint64_t references = task->object.references;
  if (task->object.metadata != task_metadata() || !csizer_holds(CSIZER_ASSUMES_COUNTS)) return false;
  if ((references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK) return false;
  if (!(references & SWIFT_SLOW_REFERENCES) && (references & SWIFT_DEINITING)) return false;
  return !task_layout_is_known() || !(task->job_flags & (SWIFT_JOB_KIND_MASK | SWIFT_TASK_IS_ASYNC_LET));
}

// Sanitizers bring an allocator of their own, which answers (sanitizer/allocator_interface.h).
extern __attribute__((weak)) int __sanitizer_get_ownership(const volatile void *block);

// malloc/malloc.c in glibc: before a block stands its chunk's size with three flags, and the next chunk's flags say
// whether it is in use. Asked by malloc_usable_size, what is no block may fault.
size_t csizer_task_libc_bytes(uintptr_t address) {
  enum { HEAD = 16, FLAGS = 7, IS_MAPPED = 2, IS_BEFORE_USED = 1, LEAST = 32 };
  uint64_t head[2], next[2];
  if (__sanitizer_get_ownership)
    return __sanitizer_get_ownership((const void *)address) ? csizer_allocator_usable_size((const void *)address) : 0;
  if ((address & 15) || !csizer_checked_copy((const void *)(address - HEAD), head, sizeof head)) return 0;
  const uint64_t bytes = head[1] & ~(uint64_t)FLAGS;
  if (bytes < LEAST || (bytes & 15) || bytes >= WALK_CEILING) return 0;
  if (head[1] & IS_MAPPED) return bytes - HEAD;
  const bool has_next = csizer_checked_copy((const void *)(address - HEAD + bytes), next, sizeof next);
  return has_next && (next[1] & IS_BEFORE_USED) && next[1] < WALK_CEILING ? bytes - HEAD / 2 : 0;
}

bool csizer_task_is_block(csizer_walk *walk, uintptr_t address) {
  if (!task_metadata() || !walk_may_be_object(address)) return false;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (!leaf || !walk_may_ask(walk, leaf, address) || heapmap_is_live(leaf, address)) return false;
  const walk_place place = csizer_walk_place(walk, address);
  swift_task task;
  // What the allocator owns can be read. Elsewhere the kernel says.
  if (place == WALK_STARTS_BLOCK) {
    const bool is_long_enough = pagememo_size(&walk->memo, leaf, address) >= sizeof task;
    return is_long_enough && csizer_task_is_alone((const swift_task *)address);
  }
  return place == WALK_MAY_BE_OWNED && csizer_checked_copy((const void *)address, &task, sizeof task) &&
         csizer_task_is_alone(&task) && csizer_task_libc_bytes(address) >= sizeof task;
}

uintptr_t csizer_task_next_child(csizer_walk *walk, uintptr_t child, uintptr_t parent) {
  swift_task task;
  swift_task_child links;
  if (!task_layout_is_known() || !csizer_checked_copy((const void *)child, &task, sizeof task)) return 0;
  const void *fragment = (const void *)(child + *csizer_target.task_bytes);
  if (!(task.job_flags & SWIFT_TASK_IS_CHILD) || !csizer_checked_copy(fragment, &links, sizeof links)) return 0;
  const bool is_sibling = (uintptr_t)links.parent == parent && csizer_task_is_block(walk, (uintptr_t)links.next);
  return is_sibling ? (uintptr_t)links.next : 0;
}
