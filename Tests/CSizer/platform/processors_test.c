// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <sched.h>

#include "platform/processors.h"
#include "support/check.h"
#include "support/made_limits.h"

// Processors by the scheduler's mask and by the quotas of control groups, in trees of files as the kernel has them.

static uint32_t in_mask(void) {
  cpu_set_t set;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  return (uint32_t)CPU_COUNT(&set);
}

static void expect(uint32_t least) {
  const uint32_t mask = in_mask();
  CHECK_EQUAL(csizer_processors_allowed(made_limits_root()), least < mask ? least : mask);
}

enum { ANY = 1 << 20 };

static void version_2(const char *own, const char *above) {
  made_limits_begin();
  made_limits_write("/proc/thread-self/cgroup", "0::/shop/worker\n");
  made_limits_write("/proc/thread-self/mountinfo", "30 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
  made_limits_write("/sys/fs/cgroup/shop/worker/cgroup.procs", "%s", "");
  made_limits_write("/sys/fs/cgroup/shop/worker/cpu.max", "%s\n", own);
  if (above) made_limits_write("/sys/fs/cgroup/shop/cpu.max", "%s\n", above);
}

static void version_1(const char *quota, const char *period) {
  made_limits_begin();
  made_limits_write("/proc/thread-self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/c\n");
  made_limits_write("/proc/thread-self/mountinfo",
                    "31 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                    "32 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  made_limits_write("/sys/fs/cgroup/cpu,cpuacct/c/cgroup.procs", "%s", "");
  made_limits_write("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "%s\n", quota);
  made_limits_write("/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "%s\n", period);
}

TEST(without_groups_the_mask_says) {
  made_limits_begin();
  made_limits_write("/proc/thread-self/cgroup", "%s", "");
  expect(ANY);
}

TEST(only_whole_ones_of_a_quota_count) {
  version_2("max 100000", NULL);
  expect(ANY);
  version_2("150000 100000", NULL);
  expect(1);
  version_2("200000 100000", NULL);
  expect(2);
  version_2("100000 50000", NULL);
  expect(2);
  version_2("20000 100000", NULL);
  expect(1);  // never none
}

TEST(a_quota_above_counts_too) {
  version_2("max 100000", "100000 100000");
  expect(1);
  version_2("800000 100000", "199999 100000");
  expect(1);
}

TEST(rubbish_is_no_quota) {
  version_2("", NULL);
  expect(ANY);
  version_2("100000", NULL);
  expect(ANY);
  version_2("1 0", NULL);
  expect(ANY);
}

TEST(version_1_has_it_in_two_files) {
  version_1("-1", "100000");
  expect(ANY);
  version_1("100000", "100000");
  expect(1);
  version_1("250000", "100000");
  expect(2);
}

// A mask of one leaves one, whatever a quota has.
TEST(the_mask_counts) {
  cpu_set_t before, one;
  CHECK_EQUAL(sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) first++;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  CHECK_EQUAL(sched_setaffinity(0, sizeof one, &one), 0);
  version_2("max 100000", NULL);
  CHECK_EQUAL(csizer_processors_allowed(made_limits_root()), 1);
  CHECK_EQUAL(sched_setaffinity(0, sizeof before, &before), 0);
}
