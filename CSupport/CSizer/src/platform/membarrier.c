// SPDX-License-Identifier: Apache-2.0
// One barrier for all threads of the process.
#define _GNU_SOURCE
#include "platform/membarrier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

static int membarrier(int command) { return (int)syscall(SYS_membarrier, command, 0, 0); }

// 1 yes, -1 no. Relaxed: the kernel keeps for the whole process what it was asked, and whoever goes by a yes asks it
// again with each barrier.
static int answer;

bool csizer_membarrier_is_there(void) {
  int known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
  if (known) return known > 0;
  int error_before = errno;
  known = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) ? -1 : 1;
  errno = error_before;
  __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
  return known > 0;
}

bool csizer_membarrier_pass(void) {
  if (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return true;
  __atomic_store_n(&answer, -1, __ATOMIC_RELAXED);
  return false;
}
