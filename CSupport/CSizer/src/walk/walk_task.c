// SPDX-License-Identifier: Apache-2.0
#include "platform/checked_read.h"
#include "walk/task.h"
#include "walk/walk_internal.h"

// Tasks of the concurrency runtime. What a task's words are is not written down; its slabs can be told by their mark.
// stdlib/public/Concurrency/TaskPrivate.h and stdlib/public/runtime/StackAllocator.h in swiftlang/swift.

enum { DEEPEST_LET = 64 };  // async lets in async lets

static bool lies_in(const char *task, size_t usable, uintptr_t address) {
  return address >= (uintptr_t)task && address - (uintptr_t)task <= usable - sizeof(task_slab);
}

// Where the allocator can't say whose an address is, only a task's own field is believed, if the block is as large as
// the slab says of itself.
static bool is_block_of_slab(uintptr_t address) {
  enum { MOST_ROUNDING = 32 };
  task_slab slab;
  if (!csizer_checked_copy((const void *)address, &slab, sizeof slab) || !task_is_slab(&slab)) return false;
  return csizer_task_libc_bytes(address) - (slab.capacity + (size_t)TASK_SLAB_HEADER) < MOST_ROUNDING;
}

static bool is_slab_at(csizer_walk *walk, uintptr_t address, bool is_field) {
  const walk_place place = csizer_walk_place(walk, address);
  if (place == WALK_STARTS_BLOCK) return task_is_slab((const task_slab *)address);
  return place == WALK_MAY_BE_OWNED && is_field && is_block_of_slab(address);
}

// The first slab: in the task's own block where there was room, or a block.
static const task_slab *first_slab(csizer_walk *walk, const char *task, size_t usable) {
  enum { FIRST = 12, END = 24 };  // words of a task between which its allocator is
  const uintptr_t *words = (const uintptr_t *)(const void *)task;
  for (size_t i = FIRST; i < END && (i + 1) * sizeof *words <= usable; i++) {
    uintptr_t address = words[i];
    if (address & 7) continue;
    const bool is_field = i * sizeof *words == offsetof(swift_task, first_slab);
    bool is_inside = lies_in(task, usable, address) && task_is_slab((const task_slab *)address);
    if (is_inside || is_slab_at(walk, address, is_field)) return (const task_slab *)address;
  }
  return NULL;
}

/// Slabs that wait to be looked into. Those for which there is no room here are left out: what a task holds is an
/// estimate anyway.
typedef struct slab_list {
  const task_slab *slabs[64];
  size_t count;
  const char *task;
  size_t chains;  // of children that were followed
} slab_list;

static void list_slab(csizer_walk *walk, slab_list *list, uintptr_t address, bool is_field) {
  if (list->count == sizeof list->slabs / sizeof *list->slabs) return;
  if (is_slab_at(walk, address, is_field)) list->slabs[list->count++] = (const task_slab *)address;
}

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

// Whose child a task in a frame is: this task's, or that of an `async let` in its frames.
static bool is_of_this(csizer_walk *walk, const slab_list *list, uintptr_t parent) {
  for (int i = 0; i < DEEPEST_LET && parent; i++, parent = parent_of(walk, parent)) {
    if (parent == (uintptr_t)list->task) return true;
    if (csizer_walk_place(walk, parent) != WALK_INSIDE_BLOCK) return false;
  }
  return false;
}

// A group in a frame has its first and its last child there; the others hang on the first. In torn memory they may do
// so in a ring: then one of them comes again, at the latest where the steps since the last one kept are twice as many.
static void meet_children(csizer_walk *walk, slab_list *list, uintptr_t first, const void *at) {
  enum { MOST_CHAINS = 4 };
  const uintptr_t parent = parent_of(walk, first);
  uintptr_t kept = first, child = first;
  if (!is_of_this(walk, list, parent)) return;
  for (size_t steps = 1, limit = 1; list->chains < MOST_CHAINS; steps++) {
    child = csizer_task_next_child(walk, child, parent);
    if (!child || child == kept) break;
    csizer_walk_doubt_task(walk, child, at);
    if (steps < limit) continue;
    kept = child;
    limit *= 2;
    steps = 0;
  }
  list->chains += kept != first;
}

static void meet_task(csizer_walk *walk, slab_list *list, const uintptr_t *at) {
  if (*at == (uintptr_t)list->task || !csizer_task_is_block(walk, *at)) return;
  csizer_walk_doubt_task(walk, *at, at);
  meet_children(walk, list, *at, at);
}

// Live objects as everywhere. An `async let` lies in the frames of the task that waits for it, with a slab of its own
// in there: what follows that one are blocks.
static void scan_frames(csizer_walk *walk, slab_list *list, const task_slab *slab, size_t room) {
  size_t used = slab->used < room - TASK_SLAB_HEADER ? slab->used : room - TASK_SLAB_HEADER;
  const char *frames = (const char *)slab + TASK_SLAB_HEADER;
  csizer_walk_conservative(walk, frames, used);
  for (size_t at = 0; at + sizeof(uintptr_t) <= used; at += sizeof(uintptr_t)) {
    const task_slab *inner = (const task_slab *)(const void *)(frames + at);
    meet_task(walk, list, (const uintptr_t *)(const void *)inner);
    if (at + sizeof *inner <= used && task_is_slab(inner)) list_slab(walk, list, (uintptr_t)inner->next, false);
  }
}

static void slabs(csizer_walk *walk, slab_list *list, const task_slab *first, uint32_t kind, size_t usable) {
  if (lies_in(list->task, usable, (uintptr_t)first)) {
    size_t room = usable - (size_t)((const char *)first - list->task);
    if (room >= TASK_SLAB_HEADER) scan_frames(walk, list, first, room);
    list_slab(walk, list, (uintptr_t)first->next, true);
  } else {
    list_slab(walk, list, (uintptr_t)first, true);
  }
  while (list->count) {
    const task_slab *slab = list->slabs[--list->count];
    size_t room = csizer_walk_raw_block(walk, (uintptr_t)slab, kind, true);
    if (room < TASK_SLAB_HEADER) continue;  // seen already
    scan_frames(walk, list, slab, room);
    list_slab(walk, list, (uintptr_t)slab->next, true);
  }
}

// Its own words, its first context and its result, as far as the first slab, if that is in the block: what stands there
// behind the last frame is old.
void csizer_walk_task(csizer_walk *walk, const char *task, const csizer_object_layout *layout, size_t usable) {
  walk->totals.unresolved++;
  csizer_walk_add_requested(walk, layout, usable, 0, usable);
  const task_slab *first = usable < sizeof(task_slab) ? NULL : first_slab(walk, task, usable);
  const bool is_inside = first && lies_in(task, usable, (uintptr_t)first);
  const char *end = is_inside ? (const char *)first : task + usable;
  if (end > task + sizeof(swift_object))
    csizer_walk_conservative(walk, task + sizeof(swift_object), (size_t)(end - task) - sizeof(swift_object));
  slab_list list = {.task = task};
  if (first) slabs(walk, &list, first, layout->raw_kind, usable);
}

// ---- Pointers to tasks ----

// An `async let` is no block of its own: it lies in the frames of the task that waits for it, and is that task's. The
// library allocates tasks by itself: where the census knows an object, the task is gone.
void csizer_walk_task_pointer(csizer_walk *walk, uintptr_t address, const void *at) {
  for (int i = 0; i < DEEPEST_LET && address && csizer_walk_place(walk, address) == WALK_INSIDE_BLOCK; i++)
    address = parent_of(walk, address);
  const walk_place place = address ? csizer_walk_place(walk, address) : WALK_NOT_OWNED;
  const bool is_block =
      place == WALK_STARTS_BLOCK || (place == WALK_MAY_BE_OWNED && csizer_task_is_block(walk, address));
  if (is_block && !csizer_heapmap_contains(walk->map, (const void *)address) && is_task(walk, address))
    walk_reference(walk, address, at);
  else walk->totals.unresolved++;
}
