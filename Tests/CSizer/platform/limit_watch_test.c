// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_limit_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform/cgroups.h"
#include "platform/kept_file.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_limits.h"

// What groups say of their memory, and when a limit is near, in trees as containers and services have them.

static const unsigned long long MIB = 1 << 20;

static void check_memory(unsigned long long current, unsigned long long limit, unsigned long long peak) {
  csizer_group_memory memory;
  CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_OK);
  CHECK_EQUAL(memory.current, current);
  CHECK_EQUAL(memory.limit, limit);
  CHECK_EQUAL(memory.peak, peak);
}

static void check_nothing(void) {
  csizer_group_memory memory = {1, 2, 3};
  CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_UNSUPPORTED);
  CHECK(memory.current == 1 && memory.limit == 2 && memory.peak == 3);
}

TEST(a_group_tells_what_it_has_and_had) {
  made_limits_write_process();
  check_nothing();
  made_limits_write_group("/app", 100 * MIB, 70 * MIB);
  check_memory(70 * MIB, 100 * MIB, 0);  // a kernel that knows no peak
  made_limits_write(MADE_MOUNT "/app/memory.peak", "%llu\n", 90 * MIB);
  check_memory(70 * MIB, 100 * MIB, 90 * MIB);
  made_limits_write(MADE_MOUNT "/app/memory.high", "%llu\n", 80 * MIB);
  check_memory(70 * MIB, 80 * MIB, 90 * MIB);
  made_limits_write(MADE_MOUNT "/app/memory.current", "nonsense\n");
  check_nothing();
}

TEST(the_group_with_the_lowest_limit_is_told) {
  made_limits_write_process();
  made_limits_write_group("", 0, 0);
  made_limits_remove(MADE_MOUNT "/memory.max");  // as the root has none
  made_limits_remove(MADE_MOUNT "/memory.current");
  made_limits_write_group("/pod", 300 * MIB, 200 * MIB);
  made_limits_write_group("/pod/app", 400 * MIB, 50 * MIB);
  made_limits_write(MADE_MOUNT "/pod/memory.peak", "%llu\n", 210 * MIB);
  made_limits_write(MADE_MOUNT "/pod/app/memory.peak", "%llu\n", 60 * MIB);
  check_memory(200 * MIB, 300 * MIB, 210 * MIB);
  made_limits_write(MADE_MOUNT "/pod/memory.max", "%llu\n", 400 * MIB);  // the nearest of equals
  check_memory(50 * MIB, 400 * MIB, 60 * MIB);
  made_limits_write(MADE_MOUNT "/pod/app/memory.max", "max\n");
  check_memory(200 * MIB, 400 * MIB, 210 * MIB);
  made_limits_write(MADE_MOUNT "/pod/memory.max", "max\n");
  check_memory(50 * MIB, 0, 60 * MIB);  // without any limit the own group is told
  made_limits_remove(MADE_MOUNT "/pod/app/memory.current");
  check_memory(200 * MIB, 0, 210 * MIB);  // or the nearest that counts
}

// Behind the back of what remembers where the group is.
static void write_quietly(const char *name, unsigned long long number) {
  char path[8192];
  snprintf(path, sizeof path, "%s" MADE_MOUNT "%s", made_limits_root(), name);
  FILE *file = fopen(path, "w");
  CHECK(file && fprintf(file, "%llu\n", number) > 0 && fclose(file) == 0);
}

TEST(which_group_it_is_is_believed_for_a_while_and_what_it_has_is_not) {
  made_limits_write_process();
  made_limits_write_group("/app", 100 * MIB, 70 * MIB);
  check_memory(70 * MIB, 100 * MIB, 0);
  write_quietly("/app/memory.current", 71 * MIB);
  write_quietly("/app/memory.peak", 75 * MIB);
  write_quietly("/app/memory.max", 90 * MIB);
  csizer_group_memory memory;
  CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_OK);
  CHECK_EQUAL(memory.current, 71 * MIB);
  CHECK_EQUAL(memory.peak, 75 * MIB);
  CHECK(memory.limit == 100 * MIB || memory.limit == 90 * MIB);  // the second may be over
  for (int i = 0; i < 20000 && memory.limit != 90 * MIB; i++) {
    usleep(1000);
    CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_OK);
  }
  CHECK_EQUAL(memory.limit, 90 * MIB);
}

TEST(a_group_that_is_gone_is_looked_for_at_once) {
  made_limits_write_process();
  made_limits_write_group("", 0, 80 * MIB);
  made_limits_remove(MADE_MOUNT "/memory.max");
  made_limits_write_group("/app", 100 * MIB, 70 * MIB);
  check_memory(70 * MIB, 100 * MIB, 0);
  char path[8192];
  snprintf(path, sizeof path, "%s" MADE_MOUNT "/app/memory.current", made_limits_root());
  CHECK_EQUAL(remove(path), 0);
  snprintf(path, sizeof path, "%s" MADE_MOUNT "/app/memory.max", made_limits_root());
  CHECK_EQUAL(remove(path), 0);
  check_memory(80 * MIB, 0, 0);
}

TEST(version_1_tells_the_same) {
  made_limits_write_process();
  made_limits_write("/proc/thread-self/cgroup", "4:memory:/app\n0::/\n");
  made_limits_write("/proc/thread-self/mountinfo", "31 23 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n");
  made_limits_write("/cg/memory/app/cgroup.procs", "1\n");
  made_limits_write("/cg/memory/app/memory.usage_in_bytes", "%llu\n", 7 * MIB);
  made_limits_write("/cg/memory/app/memory.limit_in_bytes", "%llu\n", 9223372036854771712ull);
  made_limits_write("/cg/memory/app/memory.max_usage_in_bytes", "%llu\n", 8 * MIB);
  check_memory(7 * MIB, 0, 8 * MIB);
  made_limits_write("/cg/memory/app/memory.limit_in_bytes", "%llu\n", 9 * MIB);
  check_memory(7 * MIB, 9 * MIB, 8 * MIB);
  made_limits_write("/cg/memory/app/memory.memsw.limit_in_bytes", "%llu\n", 9 * MIB);
  made_limits_write("/cg/memory/app/memory.memsw.usage_in_bytes", "%llu\n", 1 * MIB);
  check_memory(7 * MIB, 9 * MIB, 8 * MIB);
}

TEST(reading_leaves_nothing_behind) {
  made_limits_write_process();
  made_limits_write_group("/app", 100 * MIB, 70 * MIB);
  size_t held = csizer_pages_held();
  errno = EDOM;
  check_memory(70 * MIB, 100 * MIB, 0);
  CHECK_EQUAL(errno, EDOM);
  CHECK_EQUAL(csizer_pages_held(), held);
  for (size_t n = 1; n <= 2; n++) {
    csizer_group_memory memory = {1, 2, 3};
    csizer_group_memory_forget();
    csizer_pages_fail_at = n;
    CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_NO_MEMORY);
    CHECK_EQUAL(csizer_pages_fail_at, 0);
    CHECK_EQUAL(memory.current, 1);
    CHECK_EQUAL(csizer_pages_held(), held);
  }
  struct rlimit before, none = {0};
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
  none.rlim_max = before.rlim_max;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  csizer_group_memory memory;
  csizer_group_memory_forget();
  csizer_status status = csizer_group_memory_read(&memory);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
  CHECK_EQUAL(status, CSIZER_UNREADABLE);
}

static void wait_for_memory(unsigned long long current, unsigned long long limit) {
  csizer_group_memory memory = {0};
  for (int i = 0; i < 20000 && (memory.current != current || memory.limit != limit); i++) {
    usleep(1000);
    CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_OK);
  }
  CHECK_EQUAL(memory.current, current);
  CHECK_EQUAL(memory.limit, limit);
}

static void write_text_quietly(const char *name, const char *text) {
  char path[8192];
  snprintf(path, sizeof path, "%s%s", made_limits_root(), name);
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void move_quietly(const char *from, const char *to) {
  char first[8192], second[8192];
  snprintf(first, sizeof first, "%s%s", made_limits_root(), from);
  snprintf(second, sizeof second, "%s%s", made_limits_root(), to);
  CHECK_EQUAL(rename(first, second), 0);
}

TEST(where_the_group_is_is_found_anew_when_its_name_or_its_folder_is_another) {
  made_limits_write_process();
  made_limits_write_group("/two", 50 * MIB, 20 * MIB);
  made_limits_write_group("/new", 60 * MIB, 30 * MIB);
  made_limits_write_group("/app", 100 * MIB, 70 * MIB);
  check_memory(70 * MIB, 100 * MIB, 0);
  move_quietly("/proc/thread-self/mountinfo", "/mountinfo");  // nobody looks there again for now
  write_quietly("/app/memory.max", 90 * MIB);
  wait_for_memory(70 * MIB, 90 * MIB);
  move_quietly("/mountinfo", "/proc/thread-self/mountinfo");
  write_text_quietly("/proc/thread-self/cgroup", "0::/two\n");
  wait_for_memory(20 * MIB, 50 * MIB);
  move_quietly(MADE_MOUNT "/two", "/old");
  move_quietly(MADE_MOUNT "/new", MADE_MOUNT "/two");
  wait_for_memory(30 * MIB, 60 * MIB);
  move_quietly("/proc/thread-self/mountinfo", "/mountinfo");
  move_quietly(MADE_MOUNT "/two", MADE_MOUNT "/new");
  move_quietly("/old", MADE_MOUNT "/two");  // it is looked for, and nobody says where
  csizer_group_memory memory;
  csizer_status status = CSIZER_OK;
  for (int i = 0; i < 20000 && !status; i++) {
    usleep(1000);
    status = csizer_group_memory_read(&memory);
  }
  CHECK_EQUAL(status, CSIZER_UNSUPPORTED);
}

// The kernel's own group, if it shows one: its files stay open, and say what files say that are opened now.
static unsigned long long read_now(const char *path) {
  unsigned long long number = 0;
  FILE *file = fopen(path, "r");
  CHECK(file && fscanf(file, "%llu", &number) == 1 && fclose(file) == 0);
  return number;
}

TEST(the_kernels_files_are_kept_and_tell_of_now) {
  CHECK_EQUAL(csizer_headroom_set_root(""), CSIZER_OK);  // a test before may have had one made
  csizer_group_memory_forget();
  CHECK_EQUAL(close_range(KEPT_LOWEST, ~0u, 0), 0);  // what whoever started this program has left open
  csizer_group_memory first = {0}, memory = {0};
  const csizer_status status = csizer_group_memory_read(&first);
  CHECK(status == CSIZER_OK || status == CSIZER_UNSUPPORTED);
  char link[64], path[4096] = "";
  bool has_peak = false;
  for (int number = KEPT_LOWEST; number < KEPT_LOWEST + 2; number++) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) continue;
    path[length] = 0;
    has_peak = strstr(path, "memory.peak") || strstr(path, "max_usage_in_bytes");
  }
  CHECK_EQUAL(has_peak, first.peak != 0);
  CHECK(*path || status);
  if (!has_peak) return;
  enum { BYTES = 8 << 20 };
  for (int i = 0; i < 20; i++) {
    const unsigned long long before = read_now(path);
    char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK_EQUAL(csizer_group_memory_read(&memory), CSIZER_OK);
    CHECK(memory.peak >= before && memory.peak <= read_now(path));
    if (i % 5 == 4) CHECK_EQUAL(close_range(KEPT_LOWEST, KEPT_LOWEST + 1, 0), 0);
    munmap(pages, BYTES);
  }
}

// ---- The watch ----

enum { NINE_TENTHS = 900000, FOUND_AGAIN = 200 };

static csizer_limit_watch *watch(void) {
  csizer_limit_watch *watch;
  CHECK_EQUAL(csizer_limit_watch_open(&watch), CSIZER_OK);
  return watch;
}

static void check_far(csizer_limit_watch *watch) {
  csizer_limit_use use = {1, 2};
  CHECK(!csizer_limit_watch_look(watch, NINE_TENTHS, &use));
  CHECK(use.used == 1 && use.limit == 2);
}

static void check_near(csizer_limit_watch *watch, unsigned long long used, unsigned long long limit) {
  csizer_limit_use use;
  CHECK(csizer_limit_watch_look(watch, NINE_TENTHS, &use));
  CHECK_EQUAL(use.used, used);
  CHECK_EQUAL(use.limit, limit);
}

TEST(the_share_is_reached_to_the_byte) {
  made_limits_write_process();
  const unsigned long long limits[] = {10, 1000, 100 * MIB, 123456789, 1ull << 40, (1ull << 61) + 1};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    unsigned long long least = limits[i] / 10 * 9 + limits[i] % 10 * 9 / 10;
    made_limits_write_group("/app", limits[i], least - 1);
    csizer_limit_watch *near = watch();
    check_far(near);
    made_limits_write(MADE_MOUNT "/app/memory.current", "%llu\n", least);
    check_near(near, least, limits[i]);
    made_limits_write(MADE_MOUNT "/app/memory.current", "%llu\n", limits[i] + 5);
    check_near(near, limits[i], limits[i]);  // above it is at it
    csizer_limit_watch_close(near);
  }
  csizer_limit_watch_close(NULL);
}

TEST(pages_that_the_kernel_drops_do_not_count) {
  made_limits_write_process();
  made_limits_write_group("/app", 100 * MIB, 95 * MIB);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file %llu\nfile_dirty %llu\n", 12 * MIB, 2 * MIB);
  csizer_limit_watch *near = watch();
  for (int i = 0; i < 20; i++) check_far(near);  // 85 MiB
  made_limits_write(MADE_MOUNT "/app/memory.current", "%llu\n", 99 * MIB);
  for (int i = 0; i < 20; i++) check_far(near);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file %llu\nfile_dirty 0\n", 4 * MIB);
  csizer_limit_use use;
  int looks = 1;
  while (!csizer_limit_watch_look(near, NINE_TENTHS, &use)) CHECK(++looks <= 4);
  CHECK_EQUAL(use.used, 95 * MIB);
  csizer_limit_watch_close(near);
}

TEST(any_limit_may_be_near) {
  made_limits_write_process();
  made_limits_write_group("/pod", 300 * MIB, 100 * MIB);
  made_limits_write_group("/pod/app", 100 * MIB, 50 * MIB);
  csizer_limit_watch *near = watch();
  check_far(near);
  made_limits_write(MADE_MOUNT "/pod/memory.current", "%llu\n", 280 * MIB);
  check_near(near, 280 * MIB, 300 * MIB);
  made_limits_write(MADE_MOUNT "/pod/memory.current", "%llu\n", 100 * MIB);
  check_far(near);
  made_limits_write(MADE_MOUNT "/pod/app/memory.current", "%llu\n", 90 * MIB);
  check_near(near, 90 * MIB, 100 * MIB);
  csizer_limit_watch_close(near);
}

TEST(a_limit_that_comes_later_is_seen) {
  made_limits_write_process();
  csizer_limit_watch *near = watch();
  for (int i = 0; i < 10; i++) check_far(near);
  made_limits_write_group("/app", 100 * MIB, 95 * MIB);
  csizer_limit_use use;
  int looks = 1;
  while (!csizer_limit_watch_look(near, NINE_TENTHS, &use)) CHECK(++looks <= FOUND_AGAIN);
  CHECK_EQUAL(use.limit, 100 * MIB);
  made_limits_write(MADE_MOUNT "/app/memory.max", "%llu\n", 200 * MIB);
  for (looks = 0; csizer_limit_watch_look(near, NINE_TENTHS, &use); looks++) CHECK(looks <= FOUND_AGAIN);
  csizer_limit_watch_close(near);
}

TEST(a_watch_without_descriptors_or_memory_sees_nothing_and_goes_on) {
  made_limits_write_process();
  made_limits_write_group("/app", 100 * MIB, 95 * MIB);
  csizer_limit_watch *none;
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_limit_watch_open(&none), CSIZER_NO_MEMORY);
  CHECK(!none);
  csizer_limit_watch *near = watch();
  struct rlimit before, few = {0};
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
  few.rlim_max = before.rlim_max;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
  csizer_limit_use use;
  bool is_seen = csizer_limit_watch_look(near, NINE_TENTHS, &use);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
  CHECK(!is_seen);
  check_near(near, 95 * MIB, 100 * MIB);
  csizer_limit_watch_close(near);
}
