// SPDX-License-Identifier: Apache-2.0

#include "fork.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int csizer_floor_fork(csizer_floor_fork_time *ret) {
  const int64_t start = now();
  const pid_t child = fork();
  if (child == 0) _exit(0);
  if (child < 0) return errno;
  const int64_t pause = now() - start;
  while (waitpid(child, NULL, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  *ret = (csizer_floor_fork_time){pause, now() - start};
  return 0;
}

int64_t csizer_floor_children_time(void) {
  struct rusage usage = {0};
  getrusage(RUSAGE_CHILDREN, &usage);
  const int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
  return seconds * 1000000000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

int64_t csizer_floor_children_peak(void) {
  struct rusage usage = {0};
  getrusage(RUSAGE_CHILDREN, &usage);
  return (int64_t)usage.ru_maxrss * 1024;
}
