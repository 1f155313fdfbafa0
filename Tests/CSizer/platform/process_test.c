// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csizer_refusals.h"
#include "platform/kept_file.h"
#include "support/check.h"

// The kernel's figures: of texts made up here, which may be hostile, and of this very process.

static const csizer_process_memory untouched = {.virtual_bytes = 1,
                                                .resident = 2,
                                                .shared = 3,
                                                .data = 4,
                                                .stack = 5,
                                                .code = 6,
                                                .peak_resident = 9,
                                                .minor_faults = 7,
                                                .major_faults = 8};

// The text stands at the very end of its block, without a zero, so that AddressSanitizer sees who reads on.
static csizer_status parse(const char *text, size_t length, csizer_process_memory *ret) {
  char *exact = malloc(length ? length : 1);
  CHECK(exact != NULL);
  memcpy(exact, text, length);
  *ret = untouched;
  csizer_status status = csizer_process_parse_status(exact, length, ret);
  free(exact);
  if (status) CHECK_EQUAL(memcmp(ret, &untouched, sizeof untouched), 0);
  return status;
}

static const char status_text[] =
    "Name:\ta) b (c\nUmask:\t0022\nGroups:\t \nVmPeak:\t   99999 kB\nVmSize:\t    3060 kB\n"
    "VmLck:\t       0 kB\nVmHWM:\t    9999 kB\n"
    "VmRSS:\t    1776 kB\nRssAnon:\t     112 kB\nRssFile:\t    1600 kB\nRssShmem:\t      64 kB\nVmData:\t     360 kB\n"
    "VmStk:\t     132 kB\nVmExe:\t      20 kB\nVmLib:\t    1528 kB\nThreads:\t1\n";

TEST(sizes_are_in_bytes) {
  csizer_process_memory memory;
  CHECK_EQUAL(parse(status_text, sizeof status_text - 1, &memory), CSIZER_OK);
  CHECK_EQUAL(memory.virtual_bytes, 3060 * 1024);
  CHECK_EQUAL(memory.resident, 1776 * 1024);
  CHECK_EQUAL(memory.peak_resident, 9999 * 1024);
  CHECK_EQUAL(memory.shared, 1664 * 1024);
  CHECK_EQUAL(memory.data, 360 * 1024);
  CHECK_EQUAL(memory.stack, 132 * 1024);
  CHECK_EQUAL(memory.code, 20 * 1024);
  CHECK_EQUAL(memory.minor_faults, untouched.minor_faults);
}

TEST(a_status_that_was_cut_off_is_refused_or_whole) {
  const size_t whole = (size_t)(strstr(status_text, "VmLib:") - status_text);
  csizer_process_memory memory;
  for (size_t length = 0; length < sizeof status_text; length++) {
    csizer_status expected = length < whole ? CSIZER_INVALID : CSIZER_OK;
    CHECK_EQUAL(parse(status_text, length, &memory), expected);
  }
}

// The text with one part put in another's place.
static csizer_status parse_changed(const char *part, const char *replacement, csizer_process_memory *ret) {
  char text[1024];
  const char *at = strstr(status_text, part);
  CHECK(at != NULL);
  int length =
      snprintf(text, sizeof text, "%.*s%s%s", (int)(at - status_text), status_text, replacement, at + strlen(part));
  return parse(text, (size_t)length, ret);
}

TEST(a_status_with_a_line_that_is_none_is_refused) {
  csizer_process_memory memory;
  CHECK_EQUAL(parse_changed("1776 kB", "1776 MB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "1776", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "1776 kB kB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "-1776 kB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "0x1776 kB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("VmRSS:\t    1776 kB\n", "", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "9007199254740992 kB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("1776 kB", "99999999999999999999999999 kB", &memory), CSIZER_INVALID);
  CHECK_EQUAL(parse_changed("64 kB", "9007199254740991 kB", &memory), CSIZER_INVALID);  // RssFile + RssShmem
  CHECK_EQUAL(parse_changed("1776 kB", "9007199254740991 kB", &memory), CSIZER_OK);
  CHECK_EQUAL(memory.resident, 9007199254740991u * 1024);
}

TEST(the_peak_may_be_missing_but_not_wrong) {
  csizer_process_memory memory;
  CHECK_EQUAL(parse_changed("VmHWM:\t    9999 kB\n", "", &memory), CSIZER_OK);
  CHECK_EQUAL(memory.peak_resident, 0);
  CHECK_EQUAL(memory.resident, 1776 * 1024);
  CHECK_EQUAL(parse_changed("VmHWM:\t    9999 kB", "VmHWM:\t    9999 MB", &memory), CSIZER_INVALID);
}

TEST(a_name_can_not_pass_for_a_line) {
  csizer_process_memory memory;
  CHECK_EQUAL(parse_changed("a) b (c\n", "x\nVmRSS: 1 kB\n", &memory), CSIZER_OK);
  CHECK_EQUAL(memory.resident, 1776 * 1024);
}

TEST(whatever_bytes_come_are_parsed_within_their_bounds) {
  uint64_t random = 3;
  for (int round = 0; round < 200000; round++) {
    char text[sizeof status_text];
    size_t length = strlen(status_text);
    memcpy(text, status_text, length);
    for (uint64_t change = check_random(&random) % 4; change < 4; change++) {
      static const char favourites[] = ")(: \n\t-9Vk";
      uint64_t dice = check_random(&random);
      text[(dice >> 16) % length] = dice & 1 ? favourites[(dice >> 1) % (sizeof favourites - 1)] : (char)(dice >> 8);
    }
    if (check_random(&random) % 2) length = check_random(&random) % length;
    csizer_process_memory memory;
    csizer_status status = parse(text, length, &memory);
    CHECK(status == CSIZER_OK || status == CSIZER_INVALID);
    CHECK(memory.resident <= INT64_MAX && memory.shared <= INT64_MAX);
  }
}

static csizer_process_memory read_memory(void) {
  csizer_process_memory memory;
  CHECK_EQUAL(csizer_process_memory_read(&memory), CSIZER_OK);
  return memory;
}

TEST(touched_pages_are_resident_and_were_faults) {
  enum { BYTES = 64 << 20, SLACK = 4 << 20 };
  csizer_process_memory before = read_memory();
  char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED && madvise(pages, BYTES, MADV_NOHUGEPAGE) == 0);
  csizer_process_memory mapped = read_memory();
  memset(pages, 1, BYTES);
  csizer_process_memory touched = read_memory();
  CHECK(mapped.virtual_bytes >= before.virtual_bytes + BYTES && mapped.data >= before.data + BYTES);
  CHECK(mapped.resident < before.resident + SLACK);
  CHECK(touched.resident > before.resident + BYTES - SLACK && touched.resident < before.resident + BYTES + SLACK);
  CHECK(touched.minor_faults >= mapped.minor_faults + BYTES / check_page_bytes());
  CHECK(touched.shared < before.shared + SLACK);
  munmap(pages, BYTES);
}

// minflt and majflt of /proc/self/stat: the tenth and the twelfth field, counted from behind the name.
static void read_faults(uint64_t *ret_minor, uint64_t *ret_major) {
  char text[4096];
  int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  CHECK(file >= 0);
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  CHECK(length > 0);
  text[length] = 0;
  unsigned long minor, major;
  const char *name_end = strrchr(text, ')');
  CHECK(name_end && sscanf(name_end, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &minor, &major) == 2);
  *ret_minor = minor;
  *ret_major = major;
}

static void *fault_in_a_thread(void *argument) {
  enum { BYTES = 4 << 20 };
  char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED && madvise(pages, BYTES, MADV_NOHUGEPAGE) == 0);
  memset(pages, 1, BYTES);
  munmap(pages, BYTES);
  return argument;
}

TEST(faults_are_those_of_the_kernels_table_and_of_threads_that_ended) {
  uint64_t first_minor, first_major, minor, major;
  read_faults(&first_minor, &first_major);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, fault_in_a_thread, NULL), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  csizer_process_memory memory = read_memory();
  read_faults(&minor, &major);
  CHECK(memory.minor_faults >= first_minor + (4 << 20) / check_page_bytes() && memory.minor_faults <= minor);
  CHECK(memory.major_faults >= first_major && memory.major_faults <= major);
}

TEST(a_process_may_have_any_name) {
  const char *const names[] = {"a) b (c", "(", ")", " ", "\nVmRSS: 1 kB", "\\n) R 1 1 1 1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    CHECK_EQUAL(prctl(PR_SET_NAME, names[i]), 0);
    struct rusage usage;
    csizer_process_memory memory = read_memory();
    CHECK_EQUAL(getrusage(RUSAGE_SELF, &usage), 0);
    CHECK(memory.resident > 100000 && memory.resident < memory.virtual_bytes);
    CHECK(memory.minor_faults > 0 && memory.minor_faults <= (uint64_t)usage.ru_minflt);
  }
}

TEST(without_a_descriptor_it_says_so) {
  CHECK_EQUAL(close_range(KEPT_LOWEST, ~0u, 0), 0);  // what a test before has left open
  struct rlimit limit, none;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
  csizer_process_memory memory = untouched;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  errno = EDOM;
  csizer_status status = csizer_process_memory_read(&memory);
  int errno_after = errno;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK_EQUAL(status, CSIZER_UNREADABLE);
  CHECK_EQUAL(errno_after, EDOM);
  CHECK_REFUSAL(CSIZER_UNREADABLE, EMFILE, "/proc/thread-self/status");
  CHECK_EQUAL(memcmp(&memory, &untouched, sizeof memory), 0);
  read_memory();
}

TEST(no_low_descriptor_stays_open) {
  int first = open("/dev/null", O_RDONLY);
  CHECK(first >= 0);
  close(first);
  for (int i = 0; i < 1000; i++) read_memory();
  int last = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(last, first);
  close(last);
}

// Runs `body` in a forked child, and checks that it answers 0.
static void check_in_child(int (*body)(void)) {
  int status;
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) _exit(body());
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), 0);
}

static int read_own_figures(void) {
  enum { BYTES = 32 << 20 };
  csizer_process_memory before, after;
  if (csizer_process_memory_read(&before)) return 1;
  char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return 2;
  memset(pages, 1, BYTES);
  if (csizer_process_memory_read(&after)) return 3;
  return after.resident > before.resident + BYTES / 2 ? 0 : 4;
}

TEST(a_forked_child_reads_its_own) { check_in_child(read_own_figures); }

// Whether the thread that the process is named after is gone: then the process's own file has no sizes any more.
static bool main_thread_is_gone(void) {
  char text[4096];
  int file = open("/proc/self/status", O_RDONLY);
  ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
  close(file);
  text[length < 0 ? 0 : length] = 0;
  return strstr(text, "State:\tZ") && !strstr(text, "VmRSS");
}

static void *outlive_main_thread(void *argument) {
  while (!main_thread_is_gone()) usleep(1000);
  csizer_process_memory memory;
  if (csizer_process_memory_read(&memory)) _exit(1);
  _exit(memory.resident > 100000 && memory.minor_faults > 0 ? 0 : 2);
  return argument;
}

// The file that stays open is the main thread's.
static int end_main_thread(void) {
  pthread_t other;
  read_memory();
  if (pthread_create(&other, NULL, outlive_main_thread, NULL)) return 3;
  pthread_exit(NULL);
}

TEST(the_main_thread_may_have_ended) { check_in_child(end_main_thread); }
