// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "support/made_limits.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/cgroups.h"
#include "support/check.h"

static char folder[] = "/tmp/csizer-limits-XXXXXX";
static pid_t maker;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind, (void)where;
  return remove(path);
}

static void remove_all(void) {
  if (getpid() == maker) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void made_limits_begin(void) {
  if (maker) {
    remove_all();
    CHECK_EQUAL(mkdir(folder, 0700), 0);
  } else {
    CHECK(mkdtemp(folder) != NULL);
    maker = getpid();
    atexit(remove_all);
  }
  CHECK_EQUAL(csizer_headroom_set_root(folder), CSIZER_OK);
}

const char *made_limits_root(void) { return folder; }

static void below(char *path, size_t size, const char *name) {
  CHECK((size_t)snprintf(path, size, "%s%s", folder, name) < size);
}

void made_limits_write(const char *name, const char *format, ...) {
  char path[8192];
  below(path, sizeof path, name);
  for (char *at = path + sizeof folder; (at = strchr(at, '/')); *at++ = '/') {
    *at = 0;
    mkdir(path, 0700);
  }
  FILE *file = fopen(path, "w");
  CHECK(file != NULL);
  va_list arguments;
  va_start(arguments, format);
  CHECK(vfprintf(file, format, arguments) >= 0);
  va_end(arguments);
  CHECK_EQUAL(fclose(file), 0);
  csizer_group_memory_forget();
}

void made_limits_remove(const char *name) {
  char path[8192];
  below(path, sizeof path, name);
  CHECK_EQUAL(remove(path), 0);
  csizer_group_memory_forget();
}

void made_limits_write_process(void) {
  made_limits_begin();
  made_limits_write(
      "/proc/thread-self/status",
      "Name:\tmade\nVmSize:\t 1000000 kB\nRssAnon:\t  102400 kB\nVmData:\t  204800 kB\nVmPTE:\t    1024 kB\n"
      "VmSwap:\t       0 kB\nThreads:\t1\n");
  made_limits_write("/proc/meminfo", "MemTotal:  16000000 kB\nMemAvailable:   12000000 kB\n"
                                     "CommitLimit:  8000000 kB\nCommitted_AS:  7900000 kB\n");
  made_limits_write("/proc/sys/vm/overcommit_memory", "0\n");
}

void made_limits_write_group(const char *group, unsigned long long limit, unsigned long long usage) {
  char path[8192];
#define NAMED(name) (snprintf(path, sizeof path, MADE_MOUNT "%s/" name, group), path)
  made_limits_write("/proc/thread-self/cgroup", "0::%s\n", *group ? group : "/");
  made_limits_write("/proc/thread-self/mountinfo",
                    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
                    "31 23 0:28 / " MADE_MOUNT " rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  made_limits_write(NAMED("cgroup.procs"), "1\n");
  made_limits_write(NAMED("memory.max"), "%llu\n", limit);
  made_limits_write(NAMED("memory.high"), "max\n");
  made_limits_write(NAMED("memory.current"), "%llu\n", usage);
  made_limits_write(NAMED("memory.oom.group"), "0\n");
  made_limits_write(NAMED("memory.stat"), "anon 1\nfile 2\nkernel 3\ninactive_file 0\nactive_file 5\n");
  made_limits_write(NAMED("memory.events"), "low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\noom_group_kill 0\n");
}

csizer_memory_limit made_limits_ask(csizer_shortage *ret_shortage) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  CHECK_EQUAL(headroom != NULL, shortage.limit == CSIZER_LIMIT_NONE);
  csizer_headroom_close(headroom);
  if (ret_shortage) *ret_shortage = shortage;
  return shortage.limit;
}
