// SPDX-License-Identifier: Apache-2.0
// What a task does: its state, and the functions that its contexts go on in. A task may be half made, and its words be
// anything: all is read by way of the kernel.
#include "graph/task_story.h"

#include <string.h>

#include "platform/checked_read.h"
#include "walk/task.h"

bool csizer_task_read(task_reader *reader, uintptr_t address, void *to, size_t bytes) {
  enum { PAGE = sizeof reader->page };
  const uintptr_t start = address & ~(uintptr_t)(PAGE - 1);
  if (address + bytes < address || address + bytes > start + PAGE)
    return csizer_checked_copy((const void *)address, to, bytes);
  if (reader->start != start) {
    reader->start = 0;
    if (!csizer_checked_copy((const void *)start, reader->page, PAGE)) return false;
    reader->start = start;
  }
  memcpy(to, reader->page + (address - start), bytes);
  return true;
}

static bool is_code(const csizer_graph *graph, uintptr_t address) {
  return csizer_images_contain_code(&graph->layouts->images, address);
}

// Functions of the runtime's that go on when another task has ended, or before the first frame is there.
static bool is_adapter(uintptr_t code) {
  const void *const *const adapters[] = {csizer_target.task_wait_adapter, csizer_target.task_throw_adapter,
                                         csizer_target.task_start_adapter, csizer_target.task_future_adapter};
  for (size_t i = 0; i < sizeof adapters / sizeof *adapters; i++)
    if (adapters[i] && (uintptr_t)*adapters[i] == code) return true;
  return false;
}

static task_state state_of(const swift_task *task) {
  if (task->status & SWIFT_TASK_IS_COMPLETE) return TASK_COMPLETE;
  if (task->status & SWIFT_TASK_IS_RUNNING) return TASK_RUNNING;
  if (task->status & SWIFT_TASK_IS_ENQUEUED) return TASK_ENQUEUED;
  return task->status & SWIFT_TASK_IS_CANCELLED ? TASK_CANCELLED : TASK_SUSPENDED;
}

static void add_frame(const csizer_graph *graph, task_story *story, uintptr_t code) {
  const bool is_again = story->frame_count && story->frames[story->frame_count - 1] == code;
  if (story->frame_count == STORY_FRAMES || is_again || !is_code(graph, code) || is_adapter(code)) return;
  story->frames[story->frame_count++] = code;
}

// From the innermost context to the first, whose address is answered; 0 when the chain does not end there.
static uintptr_t follow_contexts(const csizer_graph *graph, task_reader *reader, const swift_task *task,
                                 task_story *story) {
  enum { DEEPEST = 1 << 16 };
  add_frame(graph, story, (uintptr_t)task->resume);
  uintptr_t at = (uintptr_t)task->context;
  for (int depth = 0; depth < DEEPEST; depth++) {
    swift_async_context context;
    if ((at & 15) || !csizer_task_read(reader, at, &context, sizeof context)) return 0;
    if (!is_code(graph, (uintptr_t)context.resume_parent)) return 0;
    // The first goes on in the runtime, which then ends the task.
    if (!context.parent) return at;
    add_frame(graph, story, (uintptr_t)context.resume_parent);
    at = (uintptr_t)context.parent;
  }
  return 0;
}

// Where a result of a type ends that begins at the next place for it from `offset` on; 0 when the type can't be read.
static size_t end_of_result(task_reader *reader, uintptr_t type, size_t offset) {
  enum { MOST = 1 << 30 };
  uintptr_t at;
  swift_witnesses witnesses;
  if (!type || (type & 7) || !csizer_task_read(reader, type - sizeof at, &at, sizeof at)) return 0;
  if (!csizer_task_read(reader, at, &witnesses, sizeof witnesses) || witnesses.size > MOST) return 0;
  return swift_round_up(offset, witnesses.flags & SWIFT_ALIGNMENT_MASK) + witnesses.size;
}

// The first context, by what stands before it. swift_task_create_common in Task.cpp
static uintptr_t first_context(task_reader *reader, const swift_task *task, uintptr_t address) {
  size_t offset = *csizer_target.task_bytes;
  if (task->job_flags & SWIFT_TASK_IS_CHILD) offset += sizeof(swift_task_child);
  if (task->job_flags & SWIFT_TASK_IS_GROUP_CHILD) offset += sizeof(uintptr_t);
  if (task->job_flags & SWIFT_TASK_IS_FUTURE) {
    swift_task_future future;
    if (!csizer_task_read(reader, address + offset, &future, sizeof future)) return 0;
    offset = end_of_result(reader, (uintptr_t)future.result, offset + sizeof future);
    if (!offset) return 0;
    offset += sizeof(uintptr_t);
  }
  offset = swift_round_up(offset + sizeof(swift_task_prefix), 15);
  swift_async_context context;
  const bool is_there = csizer_task_read(reader, address + offset, &context, sizeof context) && !context.parent;
  return is_there ? address + offset : 0;
}

// What a closure calls that only adapts another one to its caller: its context has that one's function and context.
static uintptr_t adapted(const csizer_graph *graph, task_reader *reader, uintptr_t *closure) {
  swift_async_function function;
  struct {
    swift_object object;
    uintptr_t function, context;
  } words;
  const bool is_object = csizer_graph_find(graph, *closure) != CSIZER_NO_OBJECT;
  if (!is_object || !csizer_task_read(reader, *closure, &words, sizeof words)) return 0;
  const csizer_images *images = &graph->layouts->images;
  if (!csizer_images_contain(images, words.function) || csizer_images_contain_code(images, words.function)) return 0;
  if (!csizer_task_read(reader, words.function, &function, sizeof function)) return 0;
  const uintptr_t code = words.function + (uintptr_t)(intptr_t)function.function;
  *closure = words.context;
  return is_code(graph, code) ? code : 0;
}

static void find_creator(const csizer_graph *graph, task_reader *reader, uintptr_t context, task_story *story) {
  enum { MOST_ADAPTERS = 4 };
  swift_task_prefix prefix;
  if (!context || !csizer_task_read(reader, context - sizeof prefix, &prefix, sizeof prefix)) return;
  if (!is_code(graph, (uintptr_t)prefix.entry)) return;
  story->creator = (uintptr_t)prefix.entry;
  if (story->state == TASK_COMPLETE) return;  // its closure is gone
  uintptr_t closure = (uintptr_t)prefix.closure;
  for (int i = 0; i < MOST_ADAPTERS; i++) {
    const uintptr_t code = adapted(graph, reader, &closure);
    if (!code) return;
    story->creator = code;
  }
}

void csizer_task_story_read(const csizer_graph *graph, task_reader *reader, uintptr_t address, task_story *ret) {
  *ret = (task_story){.state = TASK_UNKNOWN};
  swift_task task;
  swift_task_child child;
  if (!task_layout_is_known() || !csizer_task_read(reader, address, &task, sizeof task)) return;
  ret->state = state_of(&task);
  const bool is_child = task.job_flags & SWIFT_TASK_IS_CHILD;
  if (is_child && csizer_task_read(reader, address + *csizer_target.task_bytes, &child, sizeof child))
    ret->parent = (uintptr_t)child.parent;
  // What a running task's words say is where it went on last.
  const bool waits = ret->state != TASK_RUNNING && ret->state != TASK_COMPLETE;
  uintptr_t first = waits ? follow_contexts(graph, reader, &task, ret) : 0;
  if (!first) first = first_context(reader, &task, address);
  find_creator(graph, reader, first, ret);
  if (!ret->frame_count && ret->creator && ret->state != TASK_COMPLETE) ret->frames[ret->frame_count++] = ret->creator;
}
