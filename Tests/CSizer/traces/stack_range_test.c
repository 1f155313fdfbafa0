// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "traces/stack_range.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"

enum { OTHER = 64 << 10, HOLE = 64 << 10, STACK = 1 << 20 };  // of pages, whatever their size

// Another stack, a hole, and a thread's stack, side by side.
static char *memory;

static char *map(void) {
  char *mapped = mmap(NULL, OTHER + HOLE + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapped != MAP_FAILED);
  CHECK_EQUAL(mprotect(mapped + OTHER, HOLE, PROT_NONE), 0);
  return mapped;
}

static uintptr_t here(void) { return (uintptr_t)__builtin_frame_address(0); }

static void *look(void *unused) {
  (void)unused;
  stack_range range = {0};
  const uintptr_t other = (uintptr_t)memory + OTHER / 2, below = (uintptr_t)memory + OTHER + HOLE;
  CHECK(!stack_range_holds(&range, other));
  CHECK_EQUAL(range.hole, (uintptr_t)memory + OTHER);
  errno = ENOENT;
  CHECK(stack_range_holds(&range, here()));
  CHECK_EQUAL(errno, ENOENT);
  CHECK(range.low <= here() && range.high > here() && range.high <= below + STACK);
  CHECK(range.low > below);  // deeper pages are looked at when somebody is there
  CHECK(stack_range_holds(&range, below + 8));
  CHECK_EQUAL(range.low, below);
  CHECK(!stack_range_holds(&range, below - 8));
  CHECK(!stack_range_holds(&range, other));
  CHECK(!stack_range_holds(&range, range.high));
  CHECK(stack_range_holds(&range, here()));
  return NULL;
}

TEST(a_thread_has_its_stack_and_no_other) {
  memory = map();
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK_EQUAL(pthread_attr_setstack(&attributes, memory + OTHER + HOLE, STACK), 0);
  CHECK_EQUAL(pthread_create(&thread, &attributes, look, NULL), 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(munmap(memory, OTHER + HOLE + STACK), 0);
}

// AddressSanitizer keeps what lies between the callers' variables from being read.
__attribute__((no_sanitize("address"))) static char read_all(const stack_range *range) {
  volatile char sum = 0;
  for (uintptr_t at = range->low; at < range->high; at += 8) sum = (char)(sum + *(const volatile char *)at);
  return sum;
}

TEST(the_first_thread_has_its_stack_and_no_other) {
  stack_range range = {0};
  memory = map();
  CHECK(!stack_range_holds(&range, (uintptr_t)memory + 8));
  CHECK(!stack_range_holds(&range, 8));
  CHECK(!stack_range_holds(&range, UINTPTR_MAX - 7));
  CHECK(stack_range_holds(&range, here()));
  CHECK(range.low <= here() && range.high > here());
  read_all(&range);  // all of it is there, or this ends here
  CHECK_EQUAL(munmap(memory, OTHER + HOLE + STACK), 0);
}

// The start of the mapping that an address is in, by the kernel's list.
static uintptr_t mapping_of(uintptr_t address) {
  FILE *maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  unsigned long start = 0, end = 0;
  char line[512];
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx", &start, &end) == 2 && address >= start && address < end) break;
  fclose(maps);
  CHECK(address >= start && address < end);
  return start;
}

// The first thread's control block is where libraries are, with no hole below it, perhaps.
TEST(what_lies_below_the_first_threads_control_block_is_no_stack) {
  stack_range range = {0};
  const uintptr_t control = (uintptr_t)__builtin_thread_pointer(), start = mapping_of(control);
  CHECK(!stack_range_holds(&range, control - 64));
  void *fiber = mmap((char *)start - STACK, STACK, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (fiber != MAP_FAILED) CHECK(!stack_range_holds(&range, start - 64));
  CHECK(stack_range_holds(&range, here()));
}
