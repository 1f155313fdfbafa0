// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "census/heapmap_internal.h"
#include "csizer_allocator.h"
#include "support/check.h"
#include "support/made_heap.h"

// Words that are not plainly the address of a live object: raw blocks, static objects, words of unknown type, rubbish.

static const swift_class *buffer_class(void) {
  static const swift_class *class;
  if (class) return class;
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"buffer", "Main.Pointer", 16, 0}};
  class = made_class((made_class_spec){.name = "Main.Buffer", .size = 24, .field_count = 1, .fields = fields});
  made_owner("Main.Buffer", "buffer");
  return class;
}

// The class first: names that are registered stay for the life of the process.
static void start(made_heap *heap) {
  buffer_class();
  made_heap_init(heap, NULL);
}

static void *make_buffer(made_heap *heap, const void *block) {
  void *buffer = made_object(heap, buffer_class(), 24);
  made_set(buffer, 16, block);
  return buffer;
}

// Links what is made to one root.
static void *make_root(made_heap *heap, void *const *buffers, unsigned count) {
  void *root = made_node(heap, count);
  for (unsigned i = 0; i < count; i++) made_link(root, i, buffers[i]);
  return root;
}

enum { FAN = 50 };

// As many objects of one class as it takes for the walk's fast loops.
static void *make_fan(made_heap *heap, unsigned count, void *nodes[FAN]) {
  void *root = made_node(heap, FAN);
  for (unsigned i = 0; i < FAN; i++) made_link(root, i, nodes[i] = made_node(heap, count));
  return root;
}

// Not from the first ones: these are scanned with more care, until their class is known.
static void link_most(void *const nodes[FAN], unsigned index, const void *word) {
  for (unsigned i = FAN / 4; i < FAN * 3 / 4; i++) made_link(nodes[i], index, word);
}

TEST(raw_blocks_are_counted_once_each) {
  enum { BUFFERS = 90 };
  made_heap heap;
  start(&heap);
  void *buffers[BUFFERS], *shared = made_block(&heap, 100000);
  for (unsigned i = 0; i < BUFFERS; i++)
    buffers[i] = make_buffer(&heap, i % 3 ? made_block(&heap, 1 + i * 37) : shared);
  csizer_totals totals = made_size_of_object(&heap, make_root(&heap, buffers, BUFFERS));
  CHECK_EQUAL(totals.raw_blocks, 1 + BUFFERS * 2 / 3);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  made_heap_deinit(&heap);
}

// jemalloc's class of 8 bytes: every other block starts where the heap map has no bit.
TEST(blocks_of_eight_bytes_are_told_apart) {
  enum { BUFFERS = 99, ROUNDS = 20 };
  made_heap heap;
  start(&heap);
  size_t odd = 0;
  void *roots[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    void *buffers[BUFFERS], *block = NULL;
    for (unsigned i = 0; i < BUFFERS; i++) {
      // Every third has two owners.
      if (i % 3 != 1) block = made_block(&heap, 8);
      odd += i % 3 != 1 && (uintptr_t)block % 16 != 0;
      buffers[i] = make_buffer(&heap, block);
    }
    roots[round] = make_root(&heap, buffers, BUFFERS);
  }
  if (strncmp(csizer_allocator_name(), "jemalloc", 8) == 0) CHECK(odd > BUFFERS);
  csizer_totals totals = made_size_of_object(&heap, make_root(&heap, roots, ROUNDS));
  CHECK_EQUAL(totals.raw_blocks, ROUNDS * BUFFERS * 2 / 3);
  CHECK_EQUAL(totals.objects, 1 + ROUNDS * (1 + BUFFERS));
  CHECK_EQUAL(totals.bytes, heap.bytes);
  made_heap_deinit(&heap);
}

TEST(pointers_to_no_block_own_nothing) {
  static char in_image[64];
  char on_stack[64];
  made_heap heap;
  start(&heap);
  const uintptr_t addresses[] = {0,
                                 8,
                                 4095,
                                 (uintptr_t)in_image,
                                 (uintptr_t)on_stack & ~(uintptr_t)7,
                                 (uintptr_t)1 << HEAPMAP_ADDRESS_BITS,
                                 ~(uintptr_t)7,
                                 (uintptr_t)in_image + 1};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    csizer_totals totals = made_size_of_object(&heap, make_buffer(&heap, (const void *)addresses[i]));
    CHECK_EQUAL(totals.objects, 1);
    CHECK_EQUAL(totals.raw_blocks, 0);
  }
  made_heap_deinit(&heap);
}

TEST(static_objects_and_objects_on_the_stack_own_nothing) {
  made_heap heap;
  start(&heap);
  void *leaf = made_node(&heap, 1);
  uintptr_t *in_image = made_room(32);
  _Alignas(16) uintptr_t on_stack[4] = {(uintptr_t)made_node_class(1), 3, (uintptr_t)leaf, 0};
  memcpy(in_image, on_stack, sizeof on_stack);
  void *root = made_node(&heap, 2);
  made_link(root, 0, in_image);
  made_link(root, 1, on_stack);
  CHECK_EQUAL(made_size_of_object(&heap, root).objects, 1);
  made_heap_deinit(&heap);
}

TEST(static_objects_amid_the_heap_own_nothing) {
  made_heap heap;
  start(&heap);
  uintptr_t *in_image = made_room(32);
  in_image[0] = (uintptr_t)made_node_class(1);
  in_image[2] = (uintptr_t)made_node(&heap, 0);
  // As if objects lived at both ends of the image's GiB: the walk has no reason to leave the addresses between them
  // out.
  uintptr_t gib = (uintptr_t)in_image >> 30 << 30;
  const void *ends[] = {(const void *)gib, (const void *)(gib + ((uintptr_t)1 << 30) - 16)};
  for (int i = 0; i < 2; i++) CHECK(csizer_heapmap_insert(heap.map, ends[i]));
  void *nodes[FAN], *root = make_fan(&heap, 1, nodes);
  link_most(nodes, 0, in_image);
  CHECK_EQUAL(made_size_of_object(&heap, root).objects, 1 + FAN);
  made_heap_deinit(&heap);
}

TEST(rubbish_in_a_reference_is_no_object) {
  made_heap heap;
  start(&heap);
  void *root = made_node(&heap, 8);
  uintptr_t live = (uintptr_t)made_node(&heap, 0);
  // Inside a block, tagged, in a GiB where nothing lives, beyond user space, below every object.
  const uintptr_t rubbish[] = {live + 8, live | 1, live | (uintptr_t)1 << 60, 0x123456789ABCDEF0, (uintptr_t)3 << 30,
                               ~(uintptr_t)0, 16, (uintptr_t)1 << HEAPMAP_ADDRESS_BITS};
  for (unsigned i = 0; i < 8; i++) made_link(root, i, (const void *)rubbish[i]);
  CHECK_EQUAL(made_size_of_object(&heap, root).objects, 1);
  made_heap_deinit(&heap);
}

TEST(rubbish_leaves_no_mark_far_from_all_objects) {
  made_heap heap;
  start(&heap);
  void *nodes[FAN], *root = make_fan(&heap, 3, nodes);
  uintptr_t gib = (uintptr_t)root & ~(((uintptr_t)1 << 30) - 1), end = gib + ((uintptr_t)1 << 30);
  link_most(nodes, 0, (const void *)(gib + 4096));
  link_most(nodes, 1, (const void *)(end - 4096));
  link_most(nodes, 2, (const void *)(end - 16));
  // Without jemalloc nobody can say that an address in a GiB of objects is none: there it would be read.
  if (!csizer_allocator_has_uniform_pages())
    for (unsigned i = 0; i < 3; i++) link_most(nodes, i, NULL);
  CHECK_EQUAL(made_size_of_object(&heap, root).objects, 1 + FAN);
  made_heap_deinit(&heap);
}

static bool is_near(const void *left, const void *right) {
  const unsigned reach = csizer_allocator_geometry_read().reach_shift;
  return (uintptr_t)left >> reach == (uintptr_t)right >> reach;
}

TEST(old_objects_far_from_all_others_are_found_by_their_type) {
  made_heap heap;
  start(&heap);
  // Before and behind what the census knows, by pages.
  void *before = made_block(&heap, 100000), *nodes[FAN], *root = make_fan(&heap, 2, nodes);
  void *behind = made_block(&heap, 100000);
  made_set(before, 0, made_node_class(1));
  made_set(behind, 0, made_node_class(1));
  link_most(nodes, 0, before);
  link_most(nodes, 1, behind);
  // Where no object lives within the allocator's reach, the census is believed that there is none.
  size_t reached = (is_near(before, root) ? 1 : 0) + (is_near(behind, root) ? 1 : 0);
  CHECK_EQUAL(made_size_of_object(&heap, root).objects, 1 + FAN + reached);
  if (csizer_allocator_has_uniform_pages()) CHECK_EQUAL(reached, 2);
  made_heap_deinit(&heap);
}

TEST(raw_blocks_far_from_all_objects_leave_no_mark) {
  made_heap heap;
  start(&heap);
  void *buffers[60];
  for (unsigned i = 0; i < 60; i++) buffers[i] = make_buffer(&heap, NULL);
  void *root = make_root(&heap, buffers, 60);
  made_block(&heap, 100000);
  // Only those that have no bit in the map, behind all objects: none of them on libc's heap.
  size_t owned = 0;
  for (unsigned i = 0; i < 60; i++) {
    void *block = made_block(&heap, 8);
    if ((uintptr_t)block % 16 == 0) continue;
    made_set(buffers[i], 16, block);
    owned++;
  }
  csizer_totals totals = made_size_of_object(&heap, root);
  CHECK_EQUAL(totals.raw_blocks, owned);
  CHECK_EQUAL(totals.objects, 61);
  made_heap_deinit(&heap);
}

TEST(unknown_words_are_followed_only_to_live_objects) {
  made_heap heap;
  start(&heap);
  enum { WORDS = 200 };
  void *unknown = made_object(&heap, made_kind(NULL, 0x6FF, 8), 16 + WORDS * 8);
  uint64_t random = 5;
  for (size_t i = 0; i < WORDS; i++) {
    uintptr_t live = (uintptr_t)made_node(&heap, 0), word = (uintptr_t)check_random(&random);
    if (i % 4 == 0) word = live;
    if (i % 4 == 1) word = live + 8 * (1 + i % 2);                // inside
    if (i % 4 == 2) word = (uintptr_t)made_block(&heap, 64);      // raw memory
    made_set_number(unknown, 16 + i * 8, word);
  }
  csizer_totals totals = made_size_of_object(&heap, unknown);
  CHECK_EQUAL(totals.objects, 1 + WORDS / 4);
  CHECK_EQUAL(totals.raw_blocks, 0);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(objects_that_died_are_not_followed) {
  made_heap heap;
  start(&heap);
  void *unknown = made_object(&heap, made_kind(NULL, 0x6FF, 8), 32), *dead = made_node(&heap, 0);
  made_set(unknown, 16, dead);
  CHECK_EQUAL(made_size_of_object(&heap, unknown).objects, 2);
  CHECK(csizer_heapmap_remove(heap.map, dead));
  CHECK_EQUAL(made_size_of_object(&heap, unknown).objects, 1);
  made_heap_deinit(&heap);
}

TEST(objects_older_than_the_census_are_found_by_their_type) {
  made_heap heap;
  start(&heap);
  void *root = made_node(&heap, 1), *old = made_node(&heap, 1);
  made_link(root, 0, old);
  made_link(old, 0, made_node(&heap, 0));
  CHECK(csizer_heapmap_remove(heap.map, old));
  csizer_totals totals = made_size_of_object(&heap, root);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  made_heap_deinit(&heap);
}
