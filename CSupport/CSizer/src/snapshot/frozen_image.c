// SPDX-License-Identifier: Apache-2.0
// Captures the heap graph in a frozen child, which writes it to a file in memory; the parent adds the names.
#define _GNU_SOURCE
#include "csizer_frozen_image.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "graph/graph_internal.h"
#include "graph/image_places.h"
#include "layouts/unknown_types.h"
#include "platform/clock.h"
#include "platform/refusals.h"
#include "snapshot/frozen_child.h"

/// What parent and child share.
typedef struct shared_image {
  uint32_t steps, is_done;
  csizer_status status;
  csizer_refusal refusal;  // what was behind it
  uint32_t unknown;  // types that the parent may be able to compile: nothing was written
  bool takes_unknown;  // it could not: they stay unknown
  uint32_t unreadable;
  csizer_image_totals totals;
  csizer_unknown_types types;
} shared_image;

/// An image that is being taken.
typedef struct taking {
  csizer_heapmap *map;
  csizer_layouts *layouts;
  uint64_t patience;
  shared_image *shared;
  bool has_no_edges;
  csizer_image_places *places;
  csizer_frozen_image *image;
} taking;

// ---- The file ----

static csizer_status no_file(void) { return csizer_refusal_tell(CSIZER_UNREADABLE, errno, NULL); }

static csizer_status write_all(int file, const char *bytes, size_t count) {
  while (count) {
    const ssize_t written = write(file, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return csizer_refusal_tell(CSIZER_NO_ROOM, written < 0 ? errno : ENOSPC, NULL);
    bytes += written;
    count -= (size_t)written;
  }
  return CSIZER_OK;
}

static csizer_status write_to_file(void *context, const void *bytes, size_t count) {
  return write_all(*(const int *)context, bytes, count);
}

/// Where a child writes, and that it makes progress.
typedef struct child_file {
  int file;
  uint32_t *steps;
} child_file;

static csizer_status write_in_child(void *context, const void *bytes, size_t count) {
  const child_file *to = context;
  ++*to->steps;
  return write_all(to->file, bytes, count);
}

// ---- The child ----

enum { MOST_FAULTS = 10000 };

// One object that can't be read does not cost the others.
static void scan_all(csizer_graph *graph, shared_image *shared) {
  if (sigsetjmp(csizer_child_after_fault, 1)) {
    const bool is_loss = !csizer_graph_was_probing(graph);
    if (is_loss && shared->unreadable++ == MOST_FAULTS) syscall(SYS_exit_group, 1);
    csizer_walk_give_up(graph->walk);
    csizer_graph_give_up(graph);
  }
  csizer_graph_scan(graph);
}

// Nor does memory that can't be read: the host may have been about to give it back.
static void find_foreign(csizer_graph *graph) {
  static unsigned faults;  // not in a register, which a fault would set back
  if (sigsetjmp(csizer_child_after_fault, 1) && !csizer_graph_was_probing(graph) && ++faults > MOST_FAULTS) return;
  csizer_graph_find_foreign(graph);
}

static csizer_status capture(csizer_graph *graph, shared_image *shared, csizer_image_places *places, int file) {
  csizer_status status = csizer_graph_begin(graph);
  if (status) return status;
  scan_all(graph, shared);
  if (sigsetjmp(csizer_child_after_fault, 1)) syscall(SYS_exit_group, 1);  // there is nothing that could be given up
  if (graph->status) return graph->status;
  shared->unknown = csizer_unknown_keep_types(&shared->types, &graph->layouts->images);
  if (shared->unknown && !shared->takes_unknown) return CSIZER_OK;
  status = csizer_graph_finish(graph);
  if (!status) {
    find_foreign(graph);
    if (sigsetjmp(csizer_child_after_fault, 1)) syscall(SYS_exit_group, 1);
    status = graph->status;
  }
  child_file to = {file, &shared->steps};
  const csizer_image_output output = {write_in_child, &to};
  if (!status) status = csizer_image_write_graph(graph, places, output, &shared->totals);
  return status;
}

static __attribute__((noreturn)) void run_child(csizer_graph *graph, shared_image *shared,
                                                csizer_image_places *places, int file, int parent,
                                                csizer_frozen_fault fault) {
  csizer_child_begin(parent, file);
  if (fault == CSIZER_FAULT_DEATH) kill((pid_t)syscall(SYS_getpid), SIGKILL);
  while (fault == CSIZER_FAULT_HANG) pause();
  csizer_child_catch_faults();
  if (sigsetjmp(csizer_child_after_fault, 1)) syscall(SYS_exit_group, 1);
  graph->layouts->unknown = &shared->types;
  graph->walk->steps = &shared->steps;
  graph->may_fault = true;
  shared->status = capture(graph, shared, places, file);
  shared->refusal = csizer_refusal_last();
  csizer_child_end_done(&shared->is_done);
}

// ---- The parent ----

// What the child needs, for whoever asks whether there is room: a row, edges, and the bytes of the image.
static uint64_t memory_for(const csizer_heapmap *map) {
  enum { BYTES_OF_AN_OBJECT = 96 };
  return csizer_heapmap_count(map) * BYTES_OF_AN_OBJECT;
}

static csizer_status start(taking *taking, csizer_graph *graph, csizer_child *ret_child) {
  const csizer_frozen_fault fault = csizer_frozen_take_fault();
  csizer_status status = csizer_frozen_refusal(fault);
  if (status) return status;
  csizer_image_places_look(taking->places);
  const int parent = getpid();
  const uint64_t before = clock_monotonic();
  const int file = taking->image->file;
  if (csizer_child_fork(ret_child, &status)) run_child(graph, taking->shared, taking->places, file, parent, fault);
  taking->image->stopped = clock_monotonic() - before;
  return status;
}

static csizer_status wait_for(taking *taking, csizer_child child, csizer_headroom *headroom) {
  csizer_frozen_image *image = taking->image;
  const shared_image *shared = taking->shared;
  image->end = csizer_child_await(&shared->is_done, &shared->steps, child, taking->patience, headroom);
  if (image->end == CSIZER_CHILD_NO_ROOM) image->shortage = csizer_headroom_shortage(headroom);
  if (image->end != CSIZER_CHILD_DONE)
    return csizer_refusal_tell(image->end == CSIZER_CHILD_NO_ROOM ? CSIZER_NO_ROOM : CSIZER_REFUSED, 0, NULL);
  image->unreadable = shared->unreadable;
  if (shared->status) csizer_refusal_tell_again(shared->refusal);
  return shared->status;
}

// One child's work.
static csizer_status take_once(taking *taking) {
  csizer_headroom *headroom = NULL;
  csizer_status status = csizer_headroom_open(memory_for(taking->map), &headroom, &taking->image->shortage);
  if (status) return status;
  if (!headroom) return csizer_refusal_tell(CSIZER_NO_ROOM, 0, NULL);
  csizer_graph *graph;
  status = csizer_graph_make(taking->map, taking->layouts, &graph);
  csizer_child child;
  if (!status) {
    graph->has_no_edges = taking->has_no_edges;
    status = start(taking, graph, &child);
    csizer_graph_destroy(graph);  // the child has its own
    if (!status) status = wait_for(taking, child, headroom);
  }
  csizer_headroom_close(headroom);
  return status;
}

static csizer_status start_file(int file) {
  if (ftruncate(file, 0) || lseek(file, 0, SEEK_SET)) return no_file();
  return csizer_image_begin((csizer_image_output){write_to_file, &file});
}

// Until no type is unknown any more.
static csizer_status take_all(taking *taking) {
  enum { MOST_CHILDREN = 20 };
  bool is_last = false;
  for (int i = 1;; i++) {
    *taking->shared = (shared_image){.takes_unknown = is_last};
    csizer_status status = start_file(taking->image->file);
    if (!status) status = take_once(taking);
    if (status || is_last || !taking->shared->unknown) return status;
    // Words that look like types and are none are met again each time.
    is_last = !csizer_unknown_compile(&taking->shared->types, taking->layouts) || i == MOST_CHILDREN;
  }
}

static csizer_status finish_file(const taking *taking, const csizer_image_facts *facts) {
  csizer_frozen_image *image = taking->image;
  csizer_image_facts all = *facts;
  all.stopped = image->stopped;
  all.is_frozen = true;
  const csizer_status status = csizer_image_end(taking->layouts, &all, taking->places, taking->shared->totals,
                                                (csizer_image_output){write_to_file, &image->file});
  const off_t end = lseek(image->file, 0, SEEK_CUR);
  image->bytes = end > 0 ? (uint64_t)end : 0;
  if (status) return status;
  return end < 0 || lseek(image->file, 0, SEEK_SET) ? no_file() : CSIZER_OK;
}

csizer_status csizer_frozen_image_take(csizer_heapmap *map, csizer_layouts *layouts, const csizer_image_facts *facts,
                                       uint64_t patience, csizer_frozen_image *ret_image) {
  *ret_image = (csizer_frozen_image){.file = memfd_create("sizer-image", MFD_CLOEXEC)};
  if (ret_image->file < 0) return no_file();
  taking taking = {.map = map,
                   .layouts = layouts,
                   .patience = patience,
                   .has_no_edges = facts->has_no_edges,
                   .image = ret_image};
  void *shared = mmap(NULL, sizeof *taking.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  csizer_status status = CSIZER_NO_MEMORY;
  if (shared != MAP_FAILED) {
    taking.shared = shared;
    // The allocator makes its data of this thread ready now: in the child it would take locks for that.
    csizer_allocator_scope scope;
    csizer_allocator_scope_enter(&scope);
    csizer_allocator_scope_leave(&scope);
    status = csizer_image_places_create(&taking.places);
    // The registers that the child goes back to after a fault may still hold what the program let go.
    if (!status)
      csizer_image_places_leave_out(taking.places, &csizer_child_after_fault, sizeof csizer_child_after_fault);
    if (!status) status = take_all(&taking);
    if (!status) status = finish_file(&taking, facts);
    csizer_image_places_destroy(taking.places);
    munmap(shared, sizeof *taking.shared);
  }
  if (!status) return CSIZER_OK;
  close(ret_image->file);
  ret_image->file = -1;
  return status;
}
