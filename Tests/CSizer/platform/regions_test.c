// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/kept_file.h"
#include "platform/pages.h"
#include "platform/regions_internal.h"
#include "csizer_refusals.h"
#include "support/check.h"

// Mappings made here, whose pages the tests have touched themselves: how many are there is known.

#define PAGE check_page_bytes()
enum { SLACK = 512 * 1024 };

// What a test before has left open, or whoever started this program.
static void close_kept(void) { CHECK_EQUAL(close_range(KEPT_LOWEST, ~0u, 0), 0); }

static csizer_regions read_regions(void) {
  csizer_regions regions;
  CHECK_EQUAL(csizer_regions_read(&regions), CSIZER_OK);
  return regions;
}

// ---- Stacks ----

typedef struct sleeper {
  pthread_barrier_t *ready, *done;
  size_t bytes;
} sleeper;

static __attribute__((noinline)) void use_stack(const sleeper *sleeper) {
  volatile char pages[sleeper->bytes];
  for (size_t i = 0; i < sleeper->bytes; i += PAGE) pages[i] = 1;
  pthread_barrier_wait(sleeper->ready);
  pthread_barrier_wait(sleeper->done);
  CHECK_EQUAL(pages[0], 1);
}

static void *sleep_deep(void *argument) {
  use_stack(argument);
  return NULL;
}

static csizer_regions read_with_threads(void *(*begin)(void *), const pthread_attr_t *attributes, size_t count,
                                        size_t bytes) {
  pthread_barrier_t ready, done;
  pthread_t threads[8];
  sleeper sleeper = {&ready, &done, bytes};
  CHECK_EQUAL(pthread_barrier_init(&ready, NULL, (unsigned)count + 1), 0);
  CHECK_EQUAL(pthread_barrier_init(&done, NULL, (unsigned)count + 1), 0);
  for (size_t i = 0; i < count; i++) CHECK_EQUAL(pthread_create(&threads[i], attributes, begin, &sleeper), 0);
  pthread_barrier_wait(&ready);
  csizer_regions regions = read_regions();
  pthread_barrier_wait(&done);
  for (size_t i = 0; i < count; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
  return regions;
}

TEST(each_threads_stack_counts_with_the_pages_it_has_touched) {
  enum { THREADS = 5, BYTES = 2 << 20 };
  csizer_regions before = read_regions();
  CHECK_EQUAL(before.threads, 1);
  csizer_regions during = read_with_threads(sleep_deep, NULL, THREADS, BYTES);
  CHECK_EQUAL(during.threads, 1 + THREADS);
  CHECK(during.stacks >= before.stacks + THREADS * BYTES);
  CHECK(during.stacks < before.stacks + THREADS * (BYTES + SLACK));
}

static _Thread_local volatile char own[192 << 10];

static void *use_variables(void *argument) {
  for (size_t i = 0; i < sizeof own; i += PAGE) own[i] = 1;
  return sleep_deep(argument);
}

// Below the control block, or above it.
TEST(a_threads_own_variables_count_with_its_stack) {
  csizer_regions before = read_regions();
  csizer_regions during = read_with_threads(use_variables, NULL, 1, PAGE);
  CHECK_EQUAL(during.threads, before.threads + 1);
  CHECK(during.stacks >= before.stacks + sizeof own + PAGE && during.stacks < before.stacks + sizeof own + SLACK);
}

// Memory that a program brings for a stack may be large, and hold more than the stack above it.
TEST(what_lies_above_a_stack_is_not_of_it) {
  enum { STACK = 1 << 20, ABOVE = 16 << 20, BYTES = 256 << 10 };
  char *memory = mmap(NULL, STACK + ABOVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED && madvise(memory, STACK + ABOVE, MADV_NOHUGEPAGE) == 0);
  memset(memory + STACK, 1, ABOVE);
  pthread_attr_t attributes;
  CHECK_EQUAL(pthread_attr_init(&attributes), 0);
  CHECK_EQUAL(pthread_attr_setstack(&attributes, memory, STACK), 0);
  csizer_regions before = read_regions();
  csizer_regions during = read_with_threads(sleep_deep, &attributes, 1, BYTES);
  CHECK_EQUAL(during.threads, 2);
  CHECK(during.stacks >= before.stacks + BYTES && during.stacks < before.stacks + STACK);
  munmap(memory, STACK + ABOVE);
}

TEST(the_main_threads_stack_counts) {
  enum { BYTES = 3 << 20 };
  csizer_regions before = read_regions();
  volatile char pages[BYTES];
  for (size_t i = 0; i < BYTES; i += PAGE) pages[i] = 1;
  csizer_regions after = read_regions();
  CHECK_EQUAL(pages[0], 1);
  CHECK(after.stacks >= before.stacks + BYTES - SLACK && after.stacks < before.stacks + BYTES + SLACK);
}

// ---- Copies of files' pages ----

TEST(pages_that_were_written_to_are_copies_and_others_are_not) {
  enum { PAGES = 1024, WRITTEN = 300 };
  int file = memfd_create("data", 0);
  CHECK(file >= 0 && ftruncate(file, PAGES * PAGE) == 0);
  csizer_regions before = read_regions();
  volatile char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  CHECK(pages != MAP_FAILED);
  for (size_t i = 0; i < PAGES; i++) CHECK_EQUAL(pages[i * PAGE], 0);
  CHECK_EQUAL(read_regions().copied, before.copied);
  for (size_t i = 0; i < WRITTEN; i++) pages[i * 3 * PAGE] = 1;
  CHECK_EQUAL(read_regions().copied, before.copied + WRITTEN * PAGE);
  // As the loader does with what it has relocated.
  CHECK_EQUAL(mprotect((void *)pages, PAGES / 2 * PAGE, PROT_READ), 0);
  CHECK_EQUAL(read_regions().copied, before.copied + WRITTEN * PAGE);
  munmap((void *)pages, PAGES * PAGE);
  close(file);
}

// "Anonymous" in the kernel's own account of each mapping: of files' private ones that are written to, and of what is
// read-only directly before one.
static uint64_t copied_by_smaps(void) {
  char line[8192];
  bool is_file = false, is_writable = false;
  unsigned long end = 0;
  uint64_t kilobytes = 0, protected = 0;
  FILE *smaps = fopen("/proc/self/smaps", "re");
  CHECK(smaps != NULL);
  while (fgets(line, sizeof line, smaps)) {
    unsigned long start, next_end, offset, inode, anonymous;
    char rights[5];
    if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &start, &next_end, rights, &offset, &inode) == 5) {
      is_file = rights[3] == 'p' && inode;
      is_writable = rights[1] == 'w';
      if (is_file && is_writable && start == end) kilobytes += protected;
      protected = 0;
      end = next_end;
    } else if (is_file && sscanf(line, "Anonymous: %lu kB", &anonymous) == 1) {
      if (is_writable) kilobytes += anonymous;
      else protected = anonymous;
    }
  }
  fclose(smaps);
  return kilobytes * 1024;
}

TEST(the_kernels_account_of_each_mapping_says_the_same) {
  copied_by_smaps();  // both bind what they call
  read_regions();
  const uint64_t before = copied_by_smaps(), copied = read_regions().copied, after = copied_by_smaps();
  if (copied < before || copied > after)
    printf("%llu, expected %llu to %llu\n", (unsigned long long)copied, (unsigned long long)before,
           (unsigned long long)after);
  CHECK(copied > 0 && before <= copied && copied <= after);
}

TEST(refusals_are_told_and_leave_nothing) {
  close_kept();
  // More than fit into the room that is at hand.
  enum { MAPPINGS = 200 };
  int data = memfd_create("data", 0);
  CHECK(data >= 0 && ftruncate(data, 2 * PAGE) == 0);
  for (int i = 0; i < MAPPINGS; i++) {
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, data, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
  }
  const csizer_regions untouched = {1, 2, 3};
  csizer_regions regions = untouched;
  struct rlimit limit, none;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  csizer_status status = csizer_regions_read(&regions);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQUAL(status, CSIZER_UNREADABLE);
  CHECK_REFUSAL(CSIZER_UNREADABLE, EMFILE, "/proc/thread-self/maps");
  CHECK_EQUAL(memcmp(&regions, &untouched, sizeof regions), 0);
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_regions_read(&regions), CSIZER_NO_MEMORY);
  CHECK_EQUAL(memcmp(&regions, &untouched, sizeof regions), 0);
  read_regions();
  CHECK_EQUAL(csizer_pages_held(), 0);
}
