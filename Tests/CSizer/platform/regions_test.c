// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

static bool parses(const char *line, csizer_mapping *ret) {
  size_t length = strlen(line);
  char *exact = malloc(length ? length : 1);
  CHECK(exact != NULL);
  memcpy(exact, line, length);
  bool is_area = csizer_mapping_parse(exact, length, ret);
  free(exact);
  return is_area;
}

TEST(a_line_of_maps_says_what_it_is) {
  csizer_mapping mapping;
  CHECK(parses("559995d41000-559995d42000 rw-p 00000000 00:00 0", &mapping));
  CHECK_EQUAL(mapping.start, 0x559995d41000);
  CHECK_EQUAL(mapping.end, 0x559995d42000);
  CHECK(!mapping.has_file && mapping.is_writable && !mapping.stack_end);
  CHECK(parses("00400000-00500000 rw-p 0001f000 fd:01 1234    /usr/lib/a b\\012c) (deleted)", &mapping));
  CHECK(mapping.has_file && mapping.is_writable);
  CHECK(parses("00400000-00500000 r--p 0001f000 fd:01 1234    /usr/lib/a", &mapping));
  CHECK(mapping.has_file && !mapping.is_writable);
  CHECK(!parses("00400000-00500000 r-xp 0001f000 fd:01 1234    /usr/lib/a", &mapping));
  CHECK(!parses("00400000-00500000 rw-s 0001f000 fd:01 1234    /dev/shm/a", &mapping));
}

TEST(a_line_that_is_none_is_left_out) {
  const char *const lines[] = {"",
                               "-",
                               "559995d41000",
                               "559995d41000-",
                               "559995d41000-559995d42000",
                               "559995d41000-559995d42000 ",
                               "559995d41000-559995d42000 rw-p",
                               "559995d41000-559995d42000 rw-p 00000000 00",
                               "559995d42000-559995d41000 rw-p 00000000 00:00 0",
                               "1-1 rw-p 00000000 00:00 0",
                               "11112222333344445-2 rw-p 00000000 00:00 0",
                               "X-2 rw-p 00000000 00:00 0",
                               "1-2 rw-pp 00000000 00:00 0"};
  csizer_mapping mapping;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) CHECK(!parses(lines[i], &mapping));
}

TEST(mappings_are_found_by_their_addresses) {
  csizer_mappings mappings = {0};
  for (uintptr_t i = 1; i <= 2000; i++)
    CHECK(csizer_mappings_append(
        &mappings, (csizer_mapping){.start = i * 0x3000, .end = i * 0x3000 + 0x2000, .is_writable = true}));
  CHECK_EQUAL(mappings.count, 2000);
  for (uintptr_t i = 1; i <= 2000; i++) {
    CHECK(!csizer_mappings_find(&mappings, i * 0x3000 - 1));
    CHECK(csizer_mappings_find(&mappings, i * 0x3000) == &mappings.mappings[i - 1]);
    CHECK(csizer_mappings_find(&mappings, i * 0x3000 + 0x1fff) == &mappings.mappings[i - 1]);
    CHECK(!csizer_mappings_find(&mappings, i * 0x3000 + 0x2000));
  }
  csizer_mappings_deinit(&mappings);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(only_what_stands_before_written_pages_of_a_file_is_kept_of_the_read_only) {
  csizer_mappings mappings = {0};
  const csizer_mapping added[] = {
      {.start = 0x1000, .end = 0x2000, .has_file = true},                       // read only, alone
      {.start = 0x3000, .end = 0x4000, .has_file = true},                       // RELRO
      {.start = 0x4000, .end = 0x5000, .has_file = true, .is_writable = true},  // its data
      {.start = 0x5000, .end = 0x6000, .has_file = true},                       // not directly before
      {.start = 0x7000, .end = 0x8000, .has_file = true, .is_writable = true},
      {.start = 0x8000, .end = 0x9000, .has_file = true},
      {.start = 0x9000, .end = 0xa000, .is_writable = true},  // no file
  };
  for (size_t i = 0; i < sizeof added / sizeof *added; i++) CHECK(csizer_mappings_append(&mappings, added[i]));
  const uintptr_t kept[] = {0x3000, 0x4000, 0x7000, 0x9000};
  CHECK_EQUAL(mappings.count, sizeof kept / sizeof *kept);
  for (size_t i = 0; i < mappings.count; i++) CHECK_EQUAL(mappings.mappings[i].start, kept[i]);
  csizer_mappings_deinit(&mappings);
}

// Newer kernels are asked for one mapping after the other, older ones give a text.
TEST(a_kernel_that_can_be_asked_says_what_its_text_says) {
  char *made[3];
  for (int i = 0; i < 3; i++) {
    int flags = (i == 1 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
    made[i] = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(made[i] != MAP_FAILED);
    CHECK_EQUAL(mprotect(made[i] + PAGE, PAGE, i == 2 ? PROT_NONE : PROT_READ | PROT_EXEC), 0);
  }
  csizer_mappings asked, text = {0};
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  // What they are kept in is mapped meanwhile: in each it may be there or not, and is left out.
  CHECK_EQUAL(csizer_mappings_read(&asked), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_lines(file, &text), CSIZER_OK);
  CHECK_EQUAL(close(file), 0);
  const csizer_mapping *kept[] = {asked.mappings, text.mappings};
  size_t a = 0, b = 0, same = 0;
  while (a < asked.count && b < text.count) {
    const csizer_mapping *first = &asked.mappings[a], *second = &text.mappings[b];
    bool is_own = (first->start <= (uintptr_t)kept[1] && (uintptr_t)kept[1] < first->end) ||
                  (second->start <= (uintptr_t)kept[1] && (uintptr_t)kept[1] < second->end) ||
                  (second->start <= (uintptr_t)kept[0] && (uintptr_t)kept[0] < second->end);
    if (!is_own) {
      CHECK_EQUAL(first->start, second->start);
      CHECK_EQUAL(first->end, second->end);
      CHECK_EQUAL(first->has_file, second->has_file);
      CHECK_EQUAL(first->is_writable, second->is_writable);
      same++;
    }
    const uintptr_t end = first->end > second->end ? first->end : second->end;
    while (a < asked.count && asked.mappings[a].end <= end) a++;
    while (b < text.count && text.mappings[b].end <= end) b++;
  }
  CHECK(a == asked.count && b + 1 >= text.count);
  CHECK(same > 10);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[0]) != NULL);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[0] + PAGE) == NULL);
  CHECK(csizer_mappings_find(&asked, (uintptr_t)made[1]) == NULL);
  csizer_mappings_deinit(&asked);
  csizer_mappings_deinit(&text);
}

// What a kernel answers to single questions is a part of its text: all that has a file, and stacks when asked for.
TEST(files_mappings_alone_are_those_of_the_text) {
  enum { PAIRS = 60 };
  int data = memfd_create("data", 0), file;
  CHECK(data >= 0 && ftruncate(data, 4 * PAGE) == 0);
  char *made[PAIRS];
  for (int i = 0; i < PAIRS; i++) {  // read-only, written, and a hole
    made[i] = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, i % 7 ? MAP_PRIVATE : MAP_SHARED, data, 0);
    CHECK(made[i] != MAP_FAILED);
    CHECK_EQUAL(mprotect(made[i], (size_t)(1 + i % 2) * PAGE, i % 5 ? PROT_READ : PROT_READ | PROT_EXEC), 0);
    CHECK_EQUAL(mprotect(made[i] + 3 * PAGE, PAGE, PROT_NONE), 0);
  }
  csizer_mappings files = {0}, text = {0};
  CHECK_EQUAL(csizer_mappings_open(&file), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(file, &files), CSIZER_OK);
  CHECK_EQUAL(lseek(file, 0, SEEK_SET), 0);  // an old kernel's text was read to its end
  CHECK_EQUAL(csizer_mappings_read_lines(file, &text), CSIZER_OK);
  size_t at = 0;
  for (size_t i = 0; i < text.count; i++) {
    const csizer_mapping *mapping = &text.mappings[i];
    if (!mapping->has_file) continue;
    if (!mapping->is_writable && (i + 1 == text.count || text.mappings[i + 1].start != mapping->end)) continue;
    while (at < files.count && !files.mappings[at].has_file) at++;
    CHECK(at < files.count);
    CHECK_EQUAL(files.mappings[at].start, mapping->start);
    CHECK_EQUAL(files.mappings[at].end, mapping->end);
    CHECK_EQUAL(files.mappings[at].is_writable, mapping->is_writable);
    at++;
  }
  while (at < files.count && !files.mappings[at].has_file) at++;
  CHECK_EQUAL(at, files.count);
  CHECK(at > PAIRS / 2);

  csizer_mapping *found;
  char local = 0;
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)&local, &found), CSIZER_OK);
  CHECK(found && found->start <= (uintptr_t)&local && (uintptr_t)&local < found->end);
  for (size_t i = 1; i < files.count; i++) CHECK(files.mappings[i - 1].end <= files.mappings[i].start);
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)read_regions, &found), CSIZER_OK);
  CHECK(!found);
  CHECK_EQUAL(csizer_mappings_find_or_ask(file, &files, (uintptr_t)made[0] + 2 * PAGE, &found), CSIZER_OK);
  CHECK(!found);  // shared
  for (int i = 0; i < PAIRS; i++) munmap(made[i], 4 * PAGE);
  csizer_mappings_deinit(&files);
  csizer_mappings_deinit(&text);
  close(file);
  close(data);
}

// Where nobody answers single questions the same is found in the text: here of a file that is no kernel's.
TEST(a_kernel_that_can_not_be_asked_tells_all) {
  char text[8192];
  ssize_t length;
  int copy = memfd_create("maps", 0), file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  CHECK(copy >= 0 && file >= 0);
  while ((length = read(file, text, sizeof text)) > 0) CHECK_EQUAL(write(copy, text, (size_t)length), length);
  close(file);
  CHECK_EQUAL(lseek(copy, 0, SEEK_SET), 0);
  csizer_mappings told = {0}, asked = {0};
  csizer_mapping *found;
  char local = 0;
  CHECK_EQUAL(csizer_mappings_open(&file), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(file, &asked), CSIZER_OK);
  CHECK_EQUAL(csizer_mappings_read_files(copy, &told), CSIZER_OK);
  for (size_t i = 0, at = 0; i < asked.count; i++) {
    if (!asked.mappings[i].has_file) continue;
    while (at < told.count && told.mappings[at].start < asked.mappings[i].start) at++;
    CHECK(at < told.count && told.mappings[at].start == asked.mappings[i].start);
    CHECK_EQUAL(told.mappings[at].end, asked.mappings[i].end);
  }
  CHECK_EQUAL(csizer_mappings_find_or_ask(copy, &told, (uintptr_t)&local, &found), CSIZER_OK);
  CHECK(found && !found->has_file);
  CHECK_EQUAL(csizer_mappings_find_or_ask(copy, &told, (uintptr_t)read_regions, &found), CSIZER_OK);
  CHECK(!found);
  csizer_mappings_deinit(&asked);
  csizer_mappings_deinit(&told);
  close(file);
  close(copy);
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
