// SPDX-License-Identifier: Apache-2.0
// The tasks of an image.
#include "graph/image_tasks.h"

#include "graph/task_story.h"
#include "walk/task.h"

/// What records are made from.
typedef struct tasks {
  image_stream *stream;
  const csizer_graph *graph;
  csizer_image_places *places;
  uint32_t first_label;
  uint64_t *slab_bytes;  // by object
  uint32_t room;         // for frames of deep tasks
  task_reader reader;
} tasks;

static void put_function(tasks *tasks, uintptr_t code) {
  const uint32_t place = code ? csizer_image_place_of_code(tasks->places, code) : PLACES_MOST;
  image_put(tasks->stream, place == PLACES_MOST ? 0 : tasks->first_label + (uint64_t)place + 1);
}

static void put_object(tasks *tasks, size_t object) {
  image_put(tasks->stream, object == CSIZER_NO_OBJECT ? 0 : object + 1);
}

// A million deep tasks would make a file that nobody can read.
static uint32_t frames_of(tasks *tasks, const task_story *story) {
  enum { FEW = 64 };
  if (story->frame_count <= FEW) return story->frame_count;
  const uint32_t more = story->frame_count - FEW < tasks->room ? story->frame_count - FEW : tasks->room;
  tasks->room -= more;
  return FEW + more;
}

static void put(tasks *tasks, size_t object, size_t parent, const task_story *story) {
  put_object(tasks, object);
  image_put(tasks->stream, story->state);
  image_put(tasks->stream, object == CSIZER_NO_OBJECT ? 0 : tasks->slab_bytes[object]);
  put_object(tasks, parent);
  put_function(tasks, story->frame_count ? story->frames[0] : 0);
  put_function(tasks, story->creator);
  const uint32_t frames = frames_of(tasks, story);
  image_put(tasks->stream, frames);
  for (uint32_t i = 0; i < frames; i++) put_function(tasks, story->frames[i]);
}

// ---- Async lets ----

// One that has not ended. It lives as long as its parent waits for it, and is not counted.
static bool is_async_let(const swift_task *task) {
  return task->object.metadata == task_metadata() && task->job_flags & SWIFT_TASK_IS_ASYNC_LET &&
         task->job_flags & SWIFT_TASK_IS_CHILD && !(task->job_flags & SWIFT_JOB_KIND_MASK) &&
         (task->object.references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK &&
         !(task->status & SWIFT_TASK_IS_COMPLETE);
}

static void put_async_lets_of_slab(tasks *tasks, uintptr_t slab, const task_slab *head, size_t object) {
  enum { STEP = 16 };
  const uintptr_t start = slab + TASK_SLAB_HEADER, end = start + head->used;
  for (uintptr_t at = start; at + sizeof(swift_task) <= end; at += STEP) {
    swift_task task;
    task_story story;
    if (!csizer_task_read(&tasks->reader, at, &task, sizeof task.object)) return;
    if (task.object.metadata != task_metadata()) continue;
    if (!csizer_task_read(&tasks->reader, at, &task, sizeof task) || !is_async_let(&task)) continue;
    csizer_task_story_read(tasks->graph, &tasks->reader, at, &story);
    if (story.parent) put(tasks, CSIZER_NO_OBJECT, object, &story);
  }
}

// A ring of slabs, as torn memory may have, is left when one comes again.
static void put_async_lets(tasks *tasks, uintptr_t task, size_t object) {
  swift_task words;
  if (!task_layout_is_known() || !csizer_task_read(&tasks->reader, task, &words, sizeof words)) return;
  uintptr_t kept = 0, at = (uintptr_t)words.first_slab;
  task_slab slab;
  for (size_t steps = 1, limit = 2; at && at != kept; steps++) {
    if ((at & 7) || !csizer_task_read(&tasks->reader, at, &slab, sizeof slab) || !task_is_slab(&slab)) return;
    put_async_lets_of_slab(tasks, at, &slab, object);
    if (steps == limit) {
      kept = at;
      limit *= 2;
      steps = 0;
    }
    at = (uintptr_t)slab.next;
  }
}

// ---- All ----

static const csizer_object_layout *layout_of(const csizer_graph *graph, size_t object) {
  const csizer_object_layout *layout = graph->layouts->kinds[graph->rows[object].kind].layout;
  return layout && layout->shape == SHAPE_TASK ? layout : NULL;
}

static void add_slabs(tasks *tasks) {
  const csizer_graph *graph = tasks->graph;
  for (size_t i = 0; i < graph->raw_count; i++) {
    const csizer_graph_raw *raw = &graph->raws[i];
    const csizer_object_layout *layout = layout_of(graph, raw->owner);
    if (layout && raw->kind == layout->raw_kind) tasks->slab_bytes[raw->owner] += raw->usable;
  }
}

static void put_all(tasks *tasks) {
  const csizer_graph *graph = tasks->graph;
  for (uint32_t i = 0; graph->extras.places && i < graph->extras.count; i++) {
    const uintptr_t address = graph->extras.places[i].address;
    const size_t object = csizer_graph_find(graph, address);
    task_story story;
    if (object == CSIZER_NO_OBJECT || !layout_of(graph, object)) continue;
    csizer_task_story_read(graph, &tasks->reader, address, &story);
    put(tasks, object, story.parent ? csizer_graph_find(graph, story.parent) : CSIZER_NO_OBJECT, &story);
    put_async_lets(tasks, address, object);
  }
}

bool csizer_image_put_tasks(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label) {
  csizer_image_stream_section(stream, IMAGE_TASK);
  if (!graph->extras.count || !task_metadata()) return true;
  enum { MOST_FRAMES = 1 << 22 };
  const size_t bytes = (graph->count + (size_t)1) * sizeof(uint64_t);
  tasks *tasks = csizer_pages_map(sizeof *tasks);
  uint64_t *slab_bytes = csizer_pages_map(bytes);
  const bool has_memory = tasks && slab_bytes;
  if (has_memory) {
    *tasks = (struct tasks){stream, graph, places, first_label, slab_bytes, MOST_FRAMES, {0}};
    add_slabs(tasks);
    put_all(tasks);
  }
  csizer_pages_unmap(slab_bytes, bytes);
  csizer_pages_unmap(tasks, sizeof *tasks);
  return has_memory;
}
