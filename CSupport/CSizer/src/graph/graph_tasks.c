// SPDX-License-Identifier: Apache-2.0
// Tasks that nothing known refers to: those that sleep, or wait for a C library or a queue of libdispatch's. The
// runtime has no list of them, and the census has not seen them. The search rests on this (swift_task_create in
// stdlib/public/Concurrency/Task.cpp): a task is a block of malloc's whose first word is the tasks' metadata, and which
// says in its counts when it is freed (walk/task.c).
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "graph/graph_internal.h"
#include "platform/checked_read.h"
#include "walk/task.h"

enum { STEP = 16, MOST_TASKS = 1 << 19 };

csizer_status csizer_graph_note_memory(csizer_graph *graph) {
  // Without /proc only tasks are found that something refers to.
  const csizer_status status = csizer_mappings_read(&graph->memory);
  return status == CSIZER_NO_MEMORY ? status : CSIZER_OK;
}

// A task that has a function to go on in, as all have.
static bool is_task(csizer_graph *graph, uintptr_t address) {
  if (!csizer_task_is_block(graph->walk, address)) return false;
  swift_task task;
  return !task_layout_is_known() ||
         (csizer_checked_copy((const void *)address, &task, sizeof task) &&
          csizer_images_contain_code(&graph->layouts->images, (uintptr_t)task.resume));
}

static void look_through(csizer_graph *graph, const uintptr_t *words, uintptr_t start, size_t bytes) {
  const uintptr_t metadata = (uintptr_t)task_metadata();
  for (size_t at = 0; at < bytes; at += STEP)
    if (__builtin_expect(words[at / sizeof *words] == metadata, 0) && is_task(graph, start + at))
      csizer_graph_other(graph, start + at);
}

// jemalloc says of a page whether blocks begin there, and how large these are. Answers where it goes on: of a large
// block only the first page can have a task.
static uintptr_t look_at_owned(csizer_graph *graph, uintptr_t page) {
  const uintptr_t behind = page + graph_page(graph);
  if (csizer_allocator_ownership((const void *)page) != CSIZER_OWNED) return behind;
  const size_t usable = csizer_allocator_usable_size((const void *)page);
  if (usable < sizeof(swift_task)) return behind;
  const bool is_large = usable > graph->walk->allocator.largest_in_slab;
  const bool is_last = is_large && csizer_graph_first_page(graph, page, usable) != page;
  if (!is_last) look_through(graph, (const uintptr_t *)page, page, graph_page(graph));
  return is_large && !is_last ? page + usable : behind;
}

// Other allocators can't be asked: the kernel copies what is there, if it is.
static void look_at_page(csizer_graph *graph, uintptr_t page) {
  enum { PAGE = 1 << HEAPMAP_PAGE_SHIFT };  // as long as nobody can be asked
  uintptr_t words[PAGE / sizeof(uintptr_t)];
  unsigned char is_resident[1] = {0};
  const uintptr_t kernels = page & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
  if (mincore((void *)kernels, PAGE, is_resident) || !(is_resident[0] & 1)) return;
  if (csizer_checked_copy((const void *)page, words, sizeof words)) look_through(graph, words, page, sizeof words);
}

void csizer_graph_find_tasks(csizer_graph *graph) {
  const bool can_ask = csizer_allocator_has_uniform_pages();
  if (!task_metadata()) return;
  for (; graph->next_memory < graph->memory.count; graph->next_memory++) {
    const csizer_mapping *memory = &graph->memory.mappings[graph->next_memory];
    if (memory->has_file || !memory->is_writable || !heapmap_has_room_for(memory->end)) continue;
    if (graph->next_page < memory->start) graph->next_page = csizer_graph_page_from(graph, memory->start);
    while (graph->next_page < memory->end && graph->extras.count < MOST_TASKS && !graph->status) {
      const uintptr_t page = csizer_graph_past_empty(graph, graph->next_page, memory->end);
      graph->next_page = page + graph_page(graph);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);  // a fault goes on behind the page
      if (page >= memory->end) break;
      graph_tell_progress(graph);
      if (can_ask) graph->next_page = look_at_owned(graph, page);
      else look_at_page(graph, page);
    }
  }
}
