// SPDX-License-Identifier: Apache-2.0
// How far around a block jemalloc may be asked: by what it does itself, in children that may end of it, and by made-up
// nodes of both kinds.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator/jemalloc.h"
#include "support/check.h"

// ---- The allocator's own ----

static bool survives_asking(uintptr_t address) {
  fflush(NULL);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    signal(SIGSEGV, SIG_DFL);
    csizer_allocator_ownership((const void *)address);
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGSEGV);
  return WIFEXITED(status);
}

TEST(all_within_reach_may_be_asked_about) {
  if (!csizer_allocator_has_uniform_pages()) return;
  void *block = malloc(64);
  const unsigned shift = csizer_allocator_geometry_read().reach_shift;
  const uintptr_t bytes = (uintptr_t)1 << shift, start = (uintptr_t)block & ~(bytes - 1);
  CHECK(shift > CSIZER_NEAREST_REACH_SHIFT);
  for (uintptr_t at = 0; at < bytes; at += bytes / 16) CHECK(survives_asking(start + at));
  CHECK(survives_asking(start + bytes - 16));
  free(block);
}

// What is behind may be jemalloc's, too: far from all there is nothing. With large pages its nodes have more than we
// ask for.
TEST(far_from_all_blocks_nobody_may_ask) {
  if (!csizer_allocator_has_uniform_pages()) return;
  CHECK(!survives_asking((uintptr_t)0x1234 << 32));
}

// ---- Made-up nodes ----

enum { PAGE = 4096, AT = 7, WORDS = 40, INDEX = 5000 };

/// A thread's variables, and a node with the page of a block.
typedef struct made {
  uintptr_t words[WORDS], block, *node;
} made;

// A node of so many entries; of each so many words.
static made make(unsigned shift, size_t entry_words) {
  made made = {.block = ((uintptr_t)0x7f12 << 32) | ((uintptr_t)INDEX * PAGE) | 0x80};
  made.node = calloc(((size_t)1 << (shift - 12)) * entry_words, sizeof(uintptr_t));
  CHECK(made.node != NULL);
  for (size_t i = 0; i < WORDS; i++) made.words[i] = 0x1111 * i;
  made.words[AT] = made.block >> shift << shift;
  made.words[AT + 1] = (uintptr_t)made.node;
  return made;
}

static unsigned reach_of(const made *made) {
  return csizer_jemalloc_reach_among(made->words, WORDS, made->block, PAGE);
}

static const uintptr_t extent = 0x7f3456789a80;

TEST(a_compact_node_has_a_gib) {
  made made = make(30, 1);
  CHECK_EQUAL(reach_of(&made), CSIZER_NEAREST_REACH_SHIFT);
  made.node[INDEX] = extent | (uintptr_t)4 << 48 | 1;
  CHECK_EQUAL(reach_of(&made), 30);
  made.words[AT + 1] = 0;
  CHECK_EQUAL(reach_of(&made), CSIZER_NEAREST_REACH_SHIFT);
  free(made.node);
}

TEST(one_of_two_words_a_page_has_128_mib) {
  made made = make(27, 2);
  made.node[2 * INDEX] = extent;
  CHECK_EQUAL(reach_of(&made), CSIZER_NEAREST_REACH_SHIFT);
  made.node[2 * INDEX + 1] = 0x41;
  CHECK_EQUAL(reach_of(&made), 27);
  made.node[2 * INDEX] = extent + 8;
  CHECK_EQUAL(reach_of(&made), CSIZER_NEAREST_REACH_SHIFT);
  free(made.node);
}

// The first address of both may be the same. What the other kind would find in their places is none of its own.
TEST(kinds_are_told_apart_where_they_begin_alike) {
  made compact = make(30, 1);
  for (size_t i = 0; i < (size_t)1 << 18; i++) compact.node[i] = extent | (uintptr_t)4 << 48;
  CHECK_EQUAL(compact.block >> 27 << 27, compact.block >> 30 << 30);
  CHECK_EQUAL(reach_of(&compact), 30);
  free(compact.node);
}

TEST(what_is_no_node_is_not_believed) {
  enum { ROOM = 2 * INDEX * sizeof(uintptr_t) + PAGE };  // for an entry of either kind
  made made = make(30, 1);
  made.node[INDEX] = extent | (uintptr_t)4 << 48;
  void *nothing = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const uintptr_t others[] = {(uintptr_t)nothing, (uintptr_t)made.node + 1, 16, ~(uintptr_t)7};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    made.words[AT + 1] = others[i];
    CHECK_EQUAL(reach_of(&made), CSIZER_NEAREST_REACH_SHIFT);
  }
  CHECK_EQUAL(csizer_jemalloc_reach_among(NULL, 0, made.block, PAGE), CSIZER_NEAREST_REACH_SHIFT);
  free(made.node);
}
