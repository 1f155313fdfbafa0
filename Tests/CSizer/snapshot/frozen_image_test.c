// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_frozen_image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csizer_refusals.h"
#include "graph/graph_internal.h"
#include "support/check.h"
#include "support/made_heap.h"

// What a frozen child writes is what is written in place.

enum { PATIENCE_SECONDS = 60, COUNTS = 8, FIRST_SECTION = 4, LAST_SECTION = 9, UNUSED = 15 };
#define PATIENCE ((uint64_t)PATIENCE_SECONDS * 1000000000u)

typedef struct bytes {
  uint8_t *at;
  size_t count, capacity;
} bytes;

static csizer_status append(void *context, const void *more, size_t count) {
  bytes *bytes = context;
  if (bytes->count + count > bytes->capacity) {
    bytes->capacity = 2 * (bytes->count + count);
    bytes->at = realloc(bytes->at, bytes->capacity);
    CHECK(bytes->at != NULL);
  }
  memcpy(bytes->at + bytes->count, more, count);
  bytes->count += count;
  return CSIZER_OK;
}

static bytes take_in_place(made_heap *heap, size_t *ret_objects) {
  bytes bytes = {.at = NULL};
  const csizer_image_output output = {append, &bytes};
  csizer_graph *graph;
  csizer_image_totals totals;
  CHECK_EQUAL(csizer_graph_capture(heap->map, heap->layouts, &graph), CSIZER_OK);
  csizer_image_places *places;
  CHECK_EQUAL(csizer_image_places_create(&places), CSIZER_OK);
  CHECK_EQUAL(csizer_image_begin(output), CSIZER_OK);
  CHECK_EQUAL(csizer_image_write_graph(graph, places, output, &totals), CSIZER_OK);
  const csizer_image_facts facts = {.is_frozen = true};
  CHECK_EQUAL(csizer_image_end(heap->layouts, &facts, places, totals, output), CSIZER_OK);
  csizer_image_places_destroy(places);
  *ret_objects = csizer_graph_object_count(graph);
  csizer_graph_destroy(graph);
  return bytes;
}

static csizer_frozen_image take_frozen(made_heap *heap, csizer_status expected) {
  const size_t held = csizer_pages_held();
  csizer_frozen_image image;
  CHECK_EQUAL(csizer_frozen_image_take(heap->map, heap->layouts, &(csizer_image_facts){.process = 0}, PATIENCE, &image),
              expected);
  made_check_no_marks(heap->map);
  if (expected) CHECK(image.file == -1 && csizer_pages_held() == held);
  return image;
}

static bytes read_file(csizer_frozen_image image) {
  bytes bytes = {.at = malloc(image.bytes), .count = image.bytes};
  CHECK_EQUAL(read(image.file, bytes.at, bytes.count), bytes.count);
  CHECK_EQUAL(lseek(image.file, 0, SEEK_END), bytes.count);
  close(image.file);
  return bytes;
}

// From the first frame of objects to the last: facts differ (the time that the process stood still), and so do stacks.
static bytes objects_of(bytes image) {
  size_t at = 16, first = 0;
  for (;;) {
    CHECK(at + 8 < image.count);
    const uint8_t section = image.at[at];
    if ((section < FIRST_SECTION || section > LAST_SECTION) && section != UNUSED) {
      CHECK(first);
      return (bytes){.at = image.at + first, .count = at - first};
    }
    if (!first) first = at;
    uint32_t length;
    memcpy(&length, image.at + at + 4, sizeof length);
    at += 8 + length + 4;
  }
}

static void make_nodes(made_heap *heap, int count, unsigned least) {
  uint64_t seed = 5;
  void *before = NULL;
  for (int i = 0; i < count; i++) {
    const unsigned links = least + (unsigned)(check_random(&seed) % 6);
    void *node = made_node(heap, links);
    for (unsigned k = 0; k < links; k++)
      if (check_random(&seed) % 3) made_link(node, k, before);
    made_set_number(node, COUNTS, (check_random(&seed) % 4) << 33 | 3);
    before = node;
  }
}

TEST(a_frozen_image_is_what_is_there) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_nodes(&heap, 20000, 1);
  // An object that only references lead to.
  void *other = made_block(&heap, made_node_class(1)->instance_size), *node = made_node(&heap, 1);
  memcpy(other, &(swift_object){(const swift_metadata *)made_node_class(1), 3}, sizeof(swift_object));
  made_link(node, 0, other);
  // No type was ever met: children tell which, and are made again.
  const csizer_frozen_image image = take_frozen(&heap, CSIZER_OK);
  CHECK_EQUAL(image.end, CSIZER_CHILD_DONE);
  CHECK_EQUAL(image.unreadable, 0);
  CHECK(image.stopped > 0);
  size_t objects;
  bytes frozen = read_file(image), in_place = take_in_place(&heap, &objects);
  CHECK_EQUAL(objects, 20002);
  const bytes one = objects_of(frozen), two = objects_of(in_place);
  CHECK_EQUAL(one.count, two.count);
  CHECK(!memcmp(one.at, two.at, one.count));
  free(frozen.at);
  free(in_place.at);
  made_heap_deinit(&heap);
}

TEST(what_faults_costs_no_other_object) {
  enum { NODES = 1000 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_nodes(&heap, NODES, 1);
  void *nowhere = mmap(NULL, check_page_bytes(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(nowhere != MAP_FAILED);
  for (int i = 0; i < 10; i++)  // half made: its side table is nowhere
    made_set_number(made_node(&heap, 2), COUNTS,
                    SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)(uintptr_t)nowhere >> 3);
  const csizer_frozen_image image = take_frozen(&heap, CSIZER_OK);
  CHECK_EQUAL(image.unreadable, 10);
  bytes frozen = read_file(image);
  // The end says how many objects there are.
  CHECK(frozen.at[frozen.count - 4 - 1] != 0);
  size_t at = 16;
  while (frozen.at[at] != 127) {
    uint32_t length;
    memcpy(&length, frozen.at + at + 4, sizeof length);
    at += 8 + length + 4;
  }
  CHECK_EQUAL((frozen.at[at + 8] & 0x7F) | frozen.at[at + 9] << 7, NODES + 10);
  free(frozen.at);
  munmap(nowhere, check_page_bytes());
  made_heap_deinit(&heap);
}

// Nobody, who may have no more processes. The kernel counts by user and lets the superuser pass.
static _Noreturn void ask_as_nobody(made_heap *heap) {
  const struct rlimit none = {0, 0};
  csizer_frozen_image image;
  if (setrlimit(RLIMIT_NPROC, &none) || (getuid() == 0 && setresuid(65534, 65534, 65534))) _exit(1);
  const csizer_image_facts facts = {.process = 0};
  if (csizer_frozen_image_take(heap->map, heap->layouts, &facts, PATIENCE, &image) != CSIZER_REFUSED) _exit(2);
  const csizer_refusal refusal = csizer_refusal_last();
  _exit(refusal.status != CSIZER_REFUSED ? 3 : refusal.path ? 4 : refusal.number != EAGAIN ? 5 : 0);
}

TEST(the_kernels_reason_for_refusing_a_process_is_told) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_nodes(&heap, 100, 1);
  int how;
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) ask_as_nobody(&heap);
  CHECK_EQUAL(waitpid(child, &how, 0), child);
  CHECK(WIFEXITED(how));
  CHECK_EQUAL(WEXITSTATUS(how), 0);
  made_heap_deinit(&heap);
}

TEST(without_a_descriptor_for_the_image_it_says_so) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_nodes(&heap, 100, 1);
  struct rlimit limit, none;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  take_frozen(&heap, CSIZER_UNREADABLE);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_REFUSAL(CSIZER_UNREADABLE, EMFILE, NULL);
  made_heap_deinit(&heap);
}

TEST(children_that_fail_leave_nothing) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  make_nodes(&heap, 100, 1);
  close(take_frozen(&heap, CSIZER_OK).file);  // all is compiled
  csizer_frozen_fail(CSIZER_FAULT_FORK, 1);
  take_frozen(&heap, CSIZER_REFUSED);
  csizer_frozen_fail(CSIZER_FAULT_NO_ROOM, 1);
  take_frozen(&heap, CSIZER_NO_ROOM);
  csizer_frozen_fail(CSIZER_FAULT_DEATH, 1);
  CHECK_EQUAL(take_frozen(&heap, CSIZER_REFUSED).end, CSIZER_CHILD_DIED);
  CHECK_REFUSAL(CSIZER_REFUSED, 0, NULL);
  csizer_frozen_fail(CSIZER_FAULT_HANG, 1);
  csizer_frozen_image image;
  const uint64_t soon = 20000000;
  CHECK_EQUAL(csizer_frozen_image_take(heap.map, heap.layouts, &(csizer_image_facts){.process = 0}, soon, &image),
              CSIZER_REFUSED);
  CHECK_EQUAL(image.end, CSIZER_CHILD_STUCK);
  close(take_frozen(&heap, CSIZER_OK).file);
  made_heap_deinit(&heap);
}
