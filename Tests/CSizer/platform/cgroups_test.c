// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/cgroups.h"

#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/made_limits.h"

// Where limits are found, in trees as containers, services and hostile systems have them.

static const unsigned long long GIB = 1ull << 30;

// What is left below the tightest limit, as the public call sees it; UINT64_MAX when there is room for an image.
static unsigned long long room_left(void) {
  csizer_shortage shortage;
  return made_limits_ask(&shortage) == CSIZER_LIMIT_GROUP ? shortage.room : UINT64_MAX;
}

static void write_mount(const char *line) {
  made_limits_write("/proc/thread-self/mountinfo",
                    "22 27 0:21 / /proc rw,relatime - proc proc rw\nnonsense\n\n1 2 3\n%s\n", line);
}

TEST(no_group_is_no_limit) {
  made_limits_write_process();
  CHECK_EQUAL(room_left(), UINT64_MAX);
  made_limits_write("/proc/thread-self/cgroup", "0::/app\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);  // mounted nowhere
}

TEST(max_is_no_limit) {
  made_limits_write_process();
  made_limits_write_group("/app", 0, GIB);
  made_limits_write(MADE_MOUNT "/app/memory.max", "max\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);
}

TEST(where_the_kernel_slows_down_is_a_limit) {
  made_limits_write_process();
  made_limits_write_group("/app", 4 * GIB, GIB);
  made_limits_write(MADE_MOUNT "/app/memory.high", "%llu\n", GIB + 5);
  CHECK_EQUAL(room_left(), 5);
}

TEST(more_in_use_than_the_limit_is_no_room) {
  made_limits_write_process();
  made_limits_write_group("/app", GIB, 2 * GIB);
  CHECK_EQUAL(room_left(), 0);
}

TEST(groups_above_are_limits) {
  made_limits_write_process();
  made_limits_write_group("", 4 * GIB, GIB);
  made_limits_write_group("/pod", GIB, GIB - 7);
  made_limits_write_group("/pod/app", 2 * GIB, 1000);
  CHECK_EQUAL(room_left(), 7);
  made_limits_write(MADE_MOUNT "/pod/memory.max", "max\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);
  made_limits_write(MADE_MOUNT "/memory.max", "%llu\n", GIB + 3);
  CHECK_EQUAL(room_left(), 3);
}

TEST(groups_without_the_controller_are_passed_by) {
  made_limits_write_process();
  made_limits_write_group("/pod", GIB, GIB - 7);
  made_limits_write(MADE_MOUNT "/pod/app/worker/cgroup.procs", "1\n");
  made_limits_write("/proc/thread-self/cgroup", "0::/pod/app/worker\n");
  CHECK_EQUAL(room_left(), 7);
}

TEST(of_very_many_limits_the_tightest_stay) {
  char group[512] = "";
  made_limits_write_process();
  for (int level = 0; level < 3 * CGROUP_LIMITS; level++) {
    snprintf(group + strlen(group), sizeof group - strlen(group), "/g%d", level);
    // The one limit that is reached is the tightest, on the way up after many others.
    made_limits_write_group(group, level == 3 ? GIB : 2 * GIB + (unsigned)level, level == 3 ? GIB - 9 : 0);
  }
  CHECK_EQUAL(room_left(), 9);
}

TEST(clean_idle_file_pages_are_room_and_dirty_ones_are_not) {
  made_limits_write_process();
  made_limits_write_group("/app", GIB, GIB);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "file 9000\ninactive_file 5000\nactive_file 4000\n");
  CHECK_EQUAL(room_left(), 5000);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file 5000\nfile_dirty 1000\nfile_writeback 500\n");
  CHECK_EQUAL(room_left(), 3500);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file 5000\nfile_dirty 6000\n");
  CHECK_EQUAL(room_left(), 0);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file 99999999999999999\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);  // all of it
  made_limits_remove(MADE_MOUNT "/app/memory.stat");
  CHECK_EQUAL(room_left(), 0);
}

TEST(nonsense_is_no_limit) {
  const char *const texts[] = {"",
                               "\n",
                               "maximum\n",
                               "-5\n",
                               "0x10\n",
                               "99999999999999999999999999\n",
                               "12",
                               "\xff\xfe\n",
                               "9223372036854775807\n",
                               "4611686018427387904\n"};
  made_limits_write_process();
  made_limits_write_group("/app", GIB, GIB);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    made_limits_write(MADE_MOUNT "/app/memory.max", "%s", texts[i]);
    CHECK_EQUAL(room_left(), UINT64_MAX);
  }
  made_limits_write(MADE_MOUNT "/app/memory.max", "4611686018427387903\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);  // a limit, far away
}

TEST(a_file_that_is_missing_or_nonsense_costs_only_itself) {
  const char *const names[] = {"memory.max",       "memory.high", "memory.current",
                               "memory.oom.group", "memory.stat", "memory.events"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (int is_missing = 0; is_missing < 2; is_missing++) {
      made_limits_write_process();
      made_limits_write_group("/pod", GIB, GIB - 7);
      made_limits_write_group("/pod/app", 2 * GIB, 0);
      char name[64];
      snprintf(name, sizeof name, MADE_MOUNT "/pod/app/%s", names[i]);
      if (is_missing) made_limits_remove(name);
      else made_limits_write(name, "?\n? ?\n");
      CHECK_EQUAL(room_left(), 7);
    }
}

TEST(hostile_lists_of_groups_are_survived) {
  const char *const texts[] = {"", "\n\n", ":::", "0::", "0::\n", "0:\n", "::/\n", "0::relative\n", "4:memory:\n",
                               "4:memoryx,xmemory:/app\n", "0::/../../etc\n", "0::/app/..\n", "0::/app (deleted)\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    made_limits_write_process();
    made_limits_write_group("/app", GIB, GIB);
    made_limits_write("/proc/thread-self/cgroup", "%s", texts[i]);
    CHECK_EQUAL(room_left(), UINT64_MAX);
  }
}

// A container of Docker with version 2: its group is the namespace's root.
TEST(a_namespace_sees_its_own_group_as_the_root) {
  made_limits_write_process();
  made_limits_write_group("", GIB, GIB - 11);
  CHECK_EQUAL(room_left(), 11);
}

// The mount was made above the namespace: what is mounted is a group above, whatever the way down is called.
TEST(a_mount_above_the_namespace_shows_a_group_above) {
  made_limits_write_process();
  made_limits_write_group("", GIB, GIB - 11);
  write_mount("31 23 0:28 /.. " MADE_MOUNT " rw - cgroup2 cgroup2 rw");
  CHECK_EQUAL(room_left(), 11);
  made_limits_write("/proc/thread-self/cgroup", "0::/../other\n");
  write_mount("31 23 0:28 /../other " MADE_MOUNT " rw - cgroup2 cgroup2 rw");
  CHECK_EQUAL(room_left(), 11);
}

TEST(a_bind_mount_shows_a_part_of_the_tree) {
  made_limits_write_process();
  made_limits_write_group("", GIB, GIB - 11);
  made_limits_write_group("/inner", GIB, GIB - 5);
  made_limits_write("/proc/thread-self/cgroup", "0::/docker/abc/inner\n");
  write_mount("31 23 0:28 /docker/abc " MADE_MOUNT " ro - cgroup2 cgroup2 rw");
  CHECK_EQUAL(room_left(), 5);
  write_mount("31 23 0:28 /docker/ab " MADE_MOUNT " ro - cgroup2 cgroup2 rw");
  CHECK_EQUAL(room_left(), UINT64_MAX);  // another container's
}

TEST(of_several_mounts_the_one_that_shows_most_counts) {
  made_limits_write_process();
  made_limits_write_group("/pod", GIB, GIB - 7);
  made_limits_write_group("/pod/app", 2 * GIB, 0);
  made_limits_write("/part/cgroup.procs", "1\n");
  write_mount("30 23 0:28 /pod/app /part rw - cgroup2 cgroup2 rw\n"
              "31 23 0:28 / " MADE_MOUNT " rw - cgroup2 cgroup2 rw\n"
              "32 23 0:28 / /gone rw - cgroup2 cgroup2 rw\n"
              "33 23 0:28 /pod/app /part rw - cgroup2 cgroup2 rw");
  CHECK_EQUAL(room_left(), 7);
}

TEST(mount_points_may_have_any_name) {
  made_limits_write_process();
  made_limits_write("/my cgroups\\/app/cgroup.procs", "1\n");
  made_limits_write("/my cgroups\\/app/memory.max", "1000\n");
  made_limits_write("/my cgroups\\/app/memory.current", "400\n");
  made_limits_write("/proc/thread-self/cgroup", "0::/app\n");
  write_mount("31 23 0:28 / /my\\040cgroups\\134 rw master:1 propagate_from:2 - cgroup2 none rw");
  CHECK_EQUAL(room_left(), 600);
}

TEST(lines_that_are_too_long_and_mounts_without_end_are_survived) {
  made_limits_write_process();
  made_limits_write_group("/app", GIB, GIB - 7);
  static char mounts[300000];
  size_t length = (size_t)sprintf(mounts, "29 1 0:9 / /x rw - overlay overlay lowerdir=");
  memset(mounts + length, 'a', 100000);
  length += 100000;
  length += (size_t)sprintf(mounts + length, "\n");
  while (length < sizeof mounts - 1000)
    length += (size_t)sprintf(mounts + length, "9 1 0:9 / /mnt/%zu rw - tmpfs tmpfs rw\n", length);
  sprintf(mounts + length, "31 23 0:28 / " MADE_MOUNT " rw - cgroup2 cgroup2 rw");
  write_mount(mounts);
  CHECK_EQUAL(room_left(), 7);
  // A group whose path does not fit is not found; none is written beyond its room.
  memset(mounts, 'a', 5000);
  mounts[0] = '/';
  mounts[5000] = 0;
  made_limits_write("/proc/thread-self/cgroup", "0::%s\n", mounts);
  CHECK_EQUAL(room_left(), UINT64_MAX);
}

// ---- Version 1 ----

#define V1 "/sys/fs/cgroup/memory"

static void write_v1(const char *group, unsigned long long limit, unsigned long long usage) {
  char path[512];
  made_limits_write("/proc/thread-self/cgroup", "9:name=systemd:/\n4:cpu,memory:%s\n1:cpuset:/\n0::/\n", group);
  write_mount("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
              "35 31 0:32 / " V1 " rw,relatime - cgroup cgroup rw,cpu,memory\n"
              "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw");
  made_limits_write("/sys/fs/cgroup/unified/cgroup.procs", "1\n");
#define V1_NAMED(name) (snprintf(path, sizeof path, V1 "%s/" name, group), path)
  made_limits_write(V1_NAMED("cgroup.procs"), "1\n");
  made_limits_write(V1_NAMED("memory.limit_in_bytes"), "%llu\n", limit);
  made_limits_write(V1_NAMED("memory.usage_in_bytes"), "%llu\n", usage);
  made_limits_write(V1_NAMED("memory.use_hierarchy"), "1\n");
  made_limits_write(V1_NAMED("memory.stat"), "inactive_file 1\ntotal_inactive_file 0\n");
  made_limits_write(V1_NAMED("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
}

TEST(version_1_has_limits_too) {
  made_limits_write_process();
  write_v1("/app", GIB, GIB - 13);
  CHECK_EQUAL(room_left(), 13);
  write_v1("/app", 9223372036854771712ull, GIB);
  CHECK_EQUAL(room_left(), UINT64_MAX);
}

TEST(version_1_counts_file_pages_of_groups_below_under_other_names) {
  made_limits_write_process();
  write_v1("/app", GIB, GIB - 13);
  made_limits_write(V1 "/app/memory.stat",
                    "inactive_file 7\ndirty 1\ntotal_inactive_file 700\ntotal_dirty 10\ntotal_writeback 1\n");
  CHECK_EQUAL(room_left(), 13 + 700 - 11);
}

TEST(version_1_limits_swap_together_with_memory) {
  made_limits_write_process();
  write_v1("/app", GIB, GIB / 2);
  CHECK_EQUAL(room_left(), UINT64_MAX);
  made_limits_write(V1 "/app/memory.memsw.limit_in_bytes", "%llu\n", GIB);
  made_limits_write(V1 "/app/memory.memsw.usage_in_bytes", "%llu\n", GIB - 4);
  CHECK_EQUAL(room_left(), 4);
}

TEST(version_1_counts_groups_below_only_when_told_so) {
  made_limits_write_process();
  write_v1("/pod", GIB, GIB - 13);
  write_v1("/pod/app", 2 * GIB, 0);
  CHECK_EQUAL(room_left(), 13);
  made_limits_write(V1 "/pod/memory.use_hierarchy", "0\n");
  CHECK_EQUAL(room_left(), UINT64_MAX);
}

// ---- Who dies, and who counts it ----

static csizer_cgroups *found(void) {
  static csizer_cgroups groups;
  memset(&groups, 0, sizeof groups);
  CHECK_EQUAL(csizer_cgroups_find(&groups, made_limits_root()), CSIZER_OK);
  return &groups;
}

TEST(groups_that_die_together_are_known) {
  made_limits_write_process();
  made_limits_write_group("/pod", GIB, 0);
  made_limits_write_group("/pod/app", GIB, 0);
  CHECK(!found()->die_together);
  made_limits_write(MADE_MOUNT "/pod/memory.oom.group", "1\n");
  CHECK(found()->die_together);
  made_limits_write_group("/pod", GIB, 0);
  made_limits_write_group("/system.slice/web.service", GIB, 0);
  CHECK(found()->die_together);
  made_limits_write_group("/user.slice/user@1000.service/app.slice/x.scope", GIB, 0);
  CHECK(found()->die_together);
  made_limits_write_process();
  write_v1("/app", GIB, 0);
  CHECK(!found()->die_together);
  made_limits_write(V1 "/app/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 3\n");
  CHECK(found()->die_together);
}

TEST(kills_are_counted) {
  made_limits_write_process();
  CHECK_EQUAL(csizer_cgroups_kills(found()), 0);
  made_limits_write_group("/app", GIB, 0);
  csizer_cgroups *groups = found();
  CHECK_EQUAL(csizer_cgroups_kills(groups), 0);
  made_limits_write(MADE_MOUNT "/app/memory.events", "oom 9\noom_kill 5\noom_group_kill 1\n");
  CHECK_EQUAL(csizer_cgroups_kills(groups), 5);
  made_limits_write(MADE_MOUNT "/app/memory.events", "oom_killer 5\noom_kill\noom_kil");
  CHECK_EQUAL(csizer_cgroups_kills(groups), 0);
  made_limits_write_process();
  write_v1("/app", GIB, 0);
  CHECK_EQUAL(csizer_cgroups_kills(found()), 3);
}
