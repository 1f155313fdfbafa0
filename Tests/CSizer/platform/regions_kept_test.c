// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/kept_file.h"
#include "platform/regions_internal.h"
#include "support/check.h"

// The kernel's files of which mappings are read stay open: whatever the program does with their numbers, what is told
// is the same.

#define PAGE check_page_bytes()
enum { SLACK = 512 * 1024 };

// What a test before has left open, or whoever started this program.
static void close_kept(void) { CHECK_EQUAL(close_range(KEPT_LOWEST, ~0u, 0), 0); }

static csizer_regions read_regions(void) {
  csizer_regions regions;
  CHECK_EQUAL(csizer_regions_read(&regions), CSIZER_OK);
  return regions;
}

static void check_same(csizer_regions first, csizer_regions second) {
  CHECK_EQUAL(second.stacks, first.stacks);
  CHECK_EQUAL(second.copied, first.copied);
  CHECK_EQUAL(second.threads, first.threads);
}

TEST(numbers_that_were_closed_or_given_away_do_not_matter) {
  close_kept();
  enum { NUMBERS = 2 };
  read_regions();  // touches what it touches
  const csizer_regions before = read_regions();
  for (int i = 0; i < NUMBERS; i++) CHECK_EQUAL(close(KEPT_LOWEST + i), 0);
  check_same(before, read_regions());
  int trap = memfd_create("trap", 0);
  for (int i = 0; i < NUMBERS; i++) CHECK_EQUAL(dup2(trap, KEPT_LOWEST + i), KEPT_LOWEST + i);
  check_same(before, read_regions());
  for (int i = 0; i < NUMBERS; i++) CHECK_EQUAL(fcntl(KEPT_LOWEST + i, F_GETFD), 0);  // not closed, nor ours
  CHECK_EQUAL(lseek(trap, 0, SEEK_CUR), 0);
}

static void *read_first(void *argument) {
  read_regions();
  return argument;
}

TEST(the_thread_that_opened_them_may_have_ended) {
  close_kept();
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, read_first, NULL), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  const csizer_regions kept = read_regions();
  for (int i = 0; i < 2; i++) CHECK_EQUAL(close(KEPT_LOWEST + i), 0);
  check_same(kept, read_regions());
}

TEST(a_forked_child_asks_for_its_own) {
  enum { BYTES = 4 << 20 };
  int data = memfd_create("data", 0), status;
  CHECK(data >= 0 && ftruncate(data, BYTES) == 0);
  char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, data, 0);
  CHECK(pages != MAP_FAILED);
  const csizer_regions before = read_regions();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    for (size_t i = 0; i < BYTES; i += PAGE) pages[i] = 1;
    const csizer_regions after = read_regions();
    _exit(after.copied >= before.copied + BYTES && after.copied < before.copied + BYTES + SLACK ? 0 : 1);
  }
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(read_regions().copied < before.copied + SLACK);
}

static bool is_over;  // atomic

static void *close_again_and_again(void *argument) {
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
    for (int i = 0; i < 4; i++) close(KEPT_LOWEST + i);
  return argument;
}

TEST(a_program_may_close_them_again_and_again) {
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, close_again_and_again, NULL), 0);
  read_regions();
  const csizer_regions before = read_regions();
  for (int i = 0; i < 2000; i++) CHECK_EQUAL(read_regions().copied, before.copied);
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
}
