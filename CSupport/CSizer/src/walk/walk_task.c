// SPDX-License-Identifier: Apache-2.0
#include "platform/checked_read.h"
#include "runtime/target.h"
#include "walk/walk_internal.h"

// Tasks of the concurrency runtime. What a task's words are is not written down; its slabs can be told by their mark.
// stdlib/public/Concurrency/TaskPrivate.h and stdlib/public/runtime/StackAllocator.h in swiftlang/swift.

typedef struct task_slab {
  const void *mark;
  const struct task_slab *next;
  uint32_t capacity, used;  // without the header
} task_slab;
/// The frames in a slab begin at the next 16 bytes.
enum { SLAB_HEADER = 32 };

// Without a mark there is no concurrency in this process, or another runtime.
static bool is_slab(const task_slab *slab) {
  const void *const *mark = csizer_target.task_slab_mark;
  return mark && *mark && slab->mark == *mark && slab->used <= slab->capacity;
}

static bool lies_in(const char *task, size_t usable, uintptr_t address) {
  return address >= (uintptr_t)task && address - (uintptr_t)task <= usable - sizeof(task_slab);
}

// The first slab: in the task's own block where there was room, which is walked with it, or a block.
static const task_slab *first_slab(csizer_walk *walk, const char *task, size_t usable) {
  enum { FIRST = 12, END = 24 };  // words of a task between which its allocator is; 15 in Swift 6.3
  const uintptr_t *words = (const uintptr_t *)(const void *)task;
  for (size_t i = FIRST; i < END && (i + 1) * sizeof *words <= usable; i++) {
    uintptr_t address = words[i];
    if (address & 7) continue;
    bool is_readable = lies_in(task, usable, address) || csizer_walk_place(walk, address) == WALK_STARTS_BLOCK;
    if (is_readable && is_slab((const task_slab *)address)) return (const task_slab *)address;
  }
  return NULL;
}

/// Slabs that wait to be looked into. Those for which there is no room here are left out: what a task holds is an
/// estimate anyway.
typedef struct slab_list {
  const task_slab *slabs[64];
  size_t count;
} slab_list;

static void list_slab(csizer_walk *walk, slab_list *list, uintptr_t address) {
  const task_slab *slab = (const task_slab *)address;
  if (list->count == sizeof list->slabs / sizeof *list->slabs) return;
  if (csizer_walk_place(walk, address) == WALK_STARTS_BLOCK && is_slab(slab)) list->slabs[list->count++] = slab;
}

// Live objects as everywhere. An `async let` lies in the frames of the task that waits for it, with a slab of its own
// in there: what follows that one are blocks.
static void scan_frames(csizer_walk *walk, slab_list *list, const task_slab *slab, size_t room) {
  size_t used = slab->used < room - SLAB_HEADER ? slab->used : room - SLAB_HEADER;
  const char *frames = (const char *)slab + SLAB_HEADER;
  csizer_walk_conservative(walk, frames, used);
  for (size_t at = 0; at + sizeof *slab <= used; at += sizeof(uintptr_t)) {
    const task_slab *inner = (const task_slab *)(const void *)(frames + at);
    if (is_slab(inner)) list_slab(walk, list, (uintptr_t)inner->next);
  }
}

void csizer_walk_task_slabs(csizer_walk *walk, const char *task, const csizer_object_layout *layout, size_t usable) {
  if (usable < sizeof(task_slab)) return;
  slab_list list = {.count = 0};
  const task_slab *first = first_slab(walk, task, usable);
  if (!first) return;
  if (lies_in(task, usable, (uintptr_t)first)) {
    size_t room = usable - (size_t)((const char *)first - task);
    if (room >= SLAB_HEADER) scan_frames(walk, &list, first, room);
    list_slab(walk, &list, (uintptr_t)first->next);
  } else {
    list_slab(walk, &list, (uintptr_t)first);
  }
  while (list.count) {
    const task_slab *slab = list.slabs[--list.count];
    size_t room = csizer_walk_raw_block(walk, (uintptr_t)slab, layout->raw_kind, true);
    if (room < SLAB_HEADER) continue;  // seen already
    scan_frames(walk, &list, slab, room);
    list_slab(walk, &list, (uintptr_t)slab->next);
  }
}

// ---- Pointers to tasks ----

// What a continuation or a job says is believed no further than it can be seen to be true: the task may have ended long
// ago, and its block be somebody else's.
static bool is_task(const csizer_walk *walk, uintptr_t address) {
  swift_object header;
  swift_metadata metadata;
  return csizer_checked_copy((const void *)address, &header, sizeof header) &&
         csizer_images_contain(&walk->layouts->images, (uintptr_t)header.metadata) &&
         csizer_checked_copy(header.metadata, &metadata, sizeof metadata) && metadata.kind == SWIFT_TASK;
}

// A child of a task keeps its parent right behind the task's own fields. TaskPrivate.h and Task.h,
// AsyncTask::ChildFragment
static uintptr_t parent_of(csizer_walk *walk, uintptr_t child) {
  if (!csizer_target.task_bytes || !is_task(walk, child)) return 0;
  uintptr_t parent;
  const char *fragment = (const char *)child + *csizer_target.task_bytes;
  if (!csizer_checked_copy(fragment, &parent, sizeof parent) || parent & 15) return 0;
  return parent;
}

// An `async let` is no block of its own: it lies in the frames of the task that waits for it, and is that task's. The
// library allocates tasks by itself: where the census knows an object, the task is gone.
void csizer_walk_task_pointer(csizer_walk *walk, uintptr_t address, const void *at) {
  enum { DEEPEST = 64 };  // async lets in async lets
  for (int i = 0; i < DEEPEST && address && csizer_walk_place(walk, address) == WALK_INSIDE_BLOCK; i++)
    address = parent_of(walk, address);
  bool is_block = address && csizer_walk_place(walk, address) == WALK_STARTS_BLOCK;
  if (is_block && !csizer_heapmap_contains(walk->map, (const void *)address) && is_task(walk, address))
    walk_reference(walk, address, at);
  else walk->totals.unresolved++;
}
