// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/kept_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

// Files that stay open, in a program that does with descriptors what it likes. What they say is compared with what the
// kernel says in a file that was opened just for that.

static const char path[] = "/proc/thread-self/status";

// Descriptors are counted here, and whoever started this program may have left it some, as a test before may have.
static void close_all(void) { CHECK_EQUAL(close_range(3, ~0u, 0), 0); }

/// The figures of a status that tell processes and moments apart.
typedef struct figures {
  unsigned long process, kilobytes;
} figures;

static bool find_figures(const char *text, size_t length, void *context) {
  char copy[16 * 1024];
  CHECK(length < sizeof copy);
  memcpy(copy, text, length);
  copy[length] = 0;
  const char *process = strstr(copy, "\nTgid:"), *kilobytes = strstr(copy, "\nVmSize:");
  figures *figures = context;
  return process && kilobytes && sscanf(process, "\nTgid: %lu", &figures->process) == 1 &&
         sscanf(kilobytes, "\nVmSize: %lu kB", &figures->kilobytes) == 1;
}

static figures read_plainly(void) {
  char text[16 * 1024];
  figures figures;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  const ssize_t length = read(file, text, sizeof text);
  CHECK_EQUAL(close(file), 0);
  CHECK(length > 0 && find_figures(text, (size_t)length, &figures));
  return figures;
}

static figures read_kept(void) {
  char text[16 * 1024];
  figures figures = {0};
  CHECK(csizer_kept_read(KEPT_STATUS, path, text, sizeof text, find_figures, &figures));
  return figures;
}

// Between two looks that say the same: under ThreadSanitizer a thread of its own maps memory.
static void check_right(void) {
  figures before, kept, after;
  do {
    before = read_plainly();
    kept = read_kept();
    after = read_plainly();
  } while (before.kilobytes != after.kilobytes);
  CHECK_EQUAL(kept.process, getpid());
  CHECK_EQUAL(kept.process, after.process);
  CHECK_EQUAL(kept.kilobytes, after.kilobytes);
}

// How many descriptors the process has from `lowest` on, and the first of them.
static int count_from(int lowest, int *ret_first) {
  DIR *folder = opendir("/proc/self/fd");
  CHECK(folder != NULL);
  int count = 0;
  for (const struct dirent *entry; (entry = readdir(folder));) {
    const int number = atoi(entry->d_name);
    if (*entry->d_name == '.' || number < lowest || number == dirfd(folder)) continue;
    if (count++ == 0 || number < *ret_first) *ret_first = number;
  }
  closedir(folder);
  return count;
}

static int kept_number(void) {
  int number = -1;
  CHECK_EQUAL(count_from(KEPT_LOWEST, &number), 1);
  return number;
}

// A file of the program's that would pass for the right one.
static int make_trap(void) {
  static const char text[] = "Name:\ttrap\nTgid:\t1\nVmSize:\t       1 kB\n";
  const int trap = memfd_create("trap", 0);
  CHECK(trap >= 0);
  CHECK_EQUAL(write(trap, text, sizeof text - 1), sizeof text - 1);
  CHECK_EQUAL(lseek(trap, 7, SEEK_SET), 7);
  return trap;
}

static void check_untouched(int trap, int number) {
  struct stat first, second;
  CHECK(fstat(trap, &first) == 0 && fstat(number, &second) == 0);
  CHECK_EQUAL(second.st_ino, first.st_ino);
  CHECK_EQUAL(lseek(number, 0, SEEK_CUR), 7);
}

TEST(nothing_is_open_before_the_first_use_and_one_file_from_then_on) {
  close_all();
  int first = -1;
  CHECK_EQUAL(count_from(3, &first), 0);
  for (int i = 0; i < 1000; i++) check_right();
  CHECK_EQUAL(count_from(3, &first), 1);
  CHECK(first >= KEPT_LOWEST);
  CHECK(fcntl(first, F_GETFD) & FD_CLOEXEC);
}

TEST(what_is_kept_tells_of_now) {
  close_all();
  const figures before = read_kept();
  char *pages = mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  const figures after = read_kept();
  CHECK(after.kilobytes >= before.kilobytes + (64 << 10));
  check_right();
  munmap(pages, 64 << 20);
  check_right();
}

TEST(a_number_that_the_program_has_closed_is_opened_again) {
  close_all();
  check_right();
  CHECK_EQUAL(close(kept_number()), 0);
  errno = 0;
  check_right();
  CHECK_EQUAL(kept_number(), KEPT_LOWEST);
}

TEST(a_number_that_has_become_another_file_is_the_programs) {
  close_all();
  check_right();
  const int number = kept_number(), trap = make_trap();
  CHECK_EQUAL(dup2(trap, number), number);
  for (int i = 0; i < 3; i++) check_right();
  check_untouched(trap, number);
  CHECK_EQUAL(count_from(KEPT_LOWEST, &(int){0}), 2);
  int ends[2];
  CHECK_EQUAL(pipe(ends), 0);
  CHECK_EQUAL(dup2(ends[0], KEPT_LOWEST + 1), KEPT_LOWEST + 1);  // where it is kept now
  CHECK_EQUAL(write(ends[1], "x", 1), 1);
  check_right();
  char byte = 0;
  CHECK_EQUAL(read(KEPT_LOWEST + 1, &byte, 1), 1);
  CHECK_EQUAL(byte, 'x');
}

TEST(all_may_be_closed_at_once) {
  close_all();
  check_right();
  CHECK_EQUAL(close_range(3, ~0u, 0), 0);
  check_right();
  for (int number = 3; number < 1024; number++) close(number);
  const int own = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(own, 3);  // the lowest one is the program's
  check_right();
  CHECK_EQUAL(kept_number(), KEPT_LOWEST);
}

typedef struct swap {
  figures figures;
  int number, trap, calls;
} swap;

// The number becomes another file between the look at it and the end of its use.
static bool swap_once(const char *text, size_t length, void *context) {
  swap *swap = context;
  if (swap->calls++ == 0) CHECK_EQUAL(dup2(swap->trap, swap->number), swap->number);
  return find_figures(text, length, &swap->figures);
}

TEST(a_file_that_was_swapped_during_its_use_is_not_believed) {
  close_all();
  char text[16 * 1024];
  check_right();
  swap swap = {.number = kept_number(), .trap = make_trap()};
  CHECK(csizer_kept_read(KEPT_STATUS, path, text, sizeof text, swap_once, &swap));
  CHECK_EQUAL(swap.calls, 2);
  CHECK_EQUAL(swap.figures.process, getpid());
  check_untouched(swap.trap, swap.number);
  const csizer_kept_use use = csizer_kept_take(KEPT_STATUS, path);
  CHECK(use.was_kept && dup2(swap.trap, use.number) == use.number);
  errno = EDOM;
  CHECK(!csizer_kept_give(&use, true));
  CHECK_EQUAL(errno, EDOM);
  check_untouched(swap.trap, use.number);
  check_right();
}

static bool refuse(const char *text, size_t length, void *context) {
  CHECK(text[0] == 'N' && length > 0);
  return ++*(int *)context > 1;
}

TEST(what_a_kept_one_says_is_asked_again_when_it_is_of_no_use) {
  close_all();
  char text[16 * 1024];
  int calls = 0;
  check_right();
  CHECK(csizer_kept_read(KEPT_STATUS, path, text, sizeof text, refuse, &calls));
  CHECK_EQUAL(calls, 2);
  calls = -1;
  CHECK(!csizer_kept_read(KEPT_MAPS, path, text, sizeof text, refuse, &calls));  // opened just now: none is better
  CHECK_EQUAL(calls, 0);
  CHECK_EQUAL(errno, 0);
}

static bool read_within(const char *text, size_t length, void *context) {
  for (int i = 0; i < 3; i++) check_right();
  const csizer_kept_use use = csizer_kept_take(KEPT_STATUS, path);
  CHECK(use.number >= 0 && use.number < KEPT_LOWEST && !use.was_kept);
  CHECK(csizer_kept_give(&use, true));
  CHECK_EQUAL(fcntl(use.number, F_GETFD), -1);
  return find_figures(text, length, context);
}

TEST(who_finds_it_taken_has_one_of_its_own) {
  close_all();
  char text[16 * 1024];
  for (int i = 0; i < 2; i++) {
    figures figures;
    CHECK(csizer_kept_read(KEPT_STATUS, path, text, sizeof text, read_within, &figures));
    CHECK_EQUAL(figures.process, getpid());
  }
  kept_number();
}

TEST(another_path_takes_its_place) {
  close_all();
  char text[256], plain[256];
  const csizer_kept_use first = csizer_kept_take(KEPT_STATUS, path);
  CHECK(first.number >= 0 && csizer_kept_give(&first, true));
  const csizer_kept_use second = csizer_kept_take(KEPT_STATUS, "/proc/self/comm");
  CHECK(second.number >= KEPT_LOWEST && !second.was_kept);
  const ssize_t length = pread(second.number, text, sizeof text, 0);
  CHECK(csizer_kept_give(&second, true));
  const int file = open("/proc/self/comm", O_RDONLY);
  CHECK(length > 0 && read(file, plain, sizeof plain) == length && memcmp(text, plain, (size_t)length) == 0);
  close(file);
  kept_number();
  char long_path[1024];
  memset(long_path, '/', sizeof long_path);
  strcpy(long_path + sizeof long_path - sizeof path, path);
  const csizer_kept_use third = csizer_kept_take(KEPT_STATUS, long_path);
  CHECK(third.number >= 0 && third.number < KEPT_LOWEST && csizer_kept_give(&third, true));
  CHECK_EQUAL(count_from(3, &(int){0}), 0);
}

TEST(without_descriptors_what_is_kept_still_answers) {
  close_all();
  char text[16 * 1024];
  struct rlimit limit, none, few;
  figures figures = {0};
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = few = limit;
  none.rlim_cur = 0;
  few.rlim_cur = KEPT_LOWEST;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  CHECK(!csizer_kept_read(KEPT_STATUS, path, text, sizeof text, find_figures, &figures));
  CHECK_EQUAL(errno, EMFILE);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
  check_right();
  CHECK_EQUAL(count_from(3, &(int){0}), 0);  // there is no room for a high number
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  check_right();
  kept_number();
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  CHECK_EQUAL(read_kept().process, getpid());
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// ---- Threads and processes ----

static void *read_in_thread(void *argument) {
  check_right();
  return argument;
}

TEST(the_thread_that_opened_it_may_have_ended) {
  close_all();
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, read_in_thread, NULL), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  check_right();
  kept_number();
}

static void *read_often(void *argument) {
  for (int i = 0; i < 2000; i++) CHECK_EQUAL(read_kept().process, getpid());
  return argument;
}

TEST(many_threads_may_read_while_numbers_are_closed) {
  close_all();
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, read_often, NULL), 0);
  for (int i = 0; i < 20000; i++) close(KEPT_LOWEST);
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
  check_right();
}

static void wait_for(pid_t child) {
  int status;
  CHECK(child > 0);
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_forked_child_has_none_and_reads_its_own) {
  close_all();
  check_right();
  const int number = kept_number();
  const pid_t child = fork();
  if (!child) {
    CHECK_EQUAL(count_from(3, &(int){0}), 0);
    check_right();
    CHECK_EQUAL(kept_number(), KEPT_LOWEST);
    _exit(0);
  }
  wait_for(child);
  CHECK_EQUAL(kept_number(), number);
  check_right();
}

TEST(so_has_a_child_that_libc_does_not_know_of) {
  close_all();
  check_right();
  const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
  if (!child) {
    const figures figures = read_kept();
    _exit(figures.process == (unsigned long)syscall(SYS_getpid) ? 0 : 1);
  }
  wait_for(child);
  check_right();
}

TEST(a_child_leaves_alone_what_is_the_programs) {
  close_all();
  check_right();
  const int number = kept_number(), trap = make_trap();
  CHECK_EQUAL(dup2(trap, number), number);
  const pid_t child = fork();
  if (!child) {
    check_untouched(trap, number);
    check_right();
    check_untouched(trap, number);
    _exit(0);
  }
  wait_for(child);
}
