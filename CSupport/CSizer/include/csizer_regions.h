// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REGIONS_H
#define CSIZER_REGIONS_H
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// What the process's mappings say of its resident memory beyond the kernel's sums. In bytes of pages that are present.
typedef struct csizer_regions {
  /// Stacks of the threads there are, each from the lowest page in use up to the thread's own control block. Which
  /// mapping is a stack is no guess: the kernel knows where each thread keeps its list of robust mutexes, and that is
  /// in the control block on top of the stack (glibc and musl alike). Stacks that glibc keeps of threads that have
  /// ended are not among them.
  uint64_t stacks;
  /// Pages that a program's or library's private mapping had copied from its file, because they were written to: global
  /// variables, relocated tables.
  uint64_t copied;
  /// Threads whose stacks were counted.
  size_t threads;
} csizer_regions;

/// Reads the process's list of mappings and asks for the presence of the pages of stacks and of written files. Time:
/// some 60 µs, linear in the number of such mappings, of threads and of such pages (before Linux 6.11 in the number of
/// all mappings); the heap's size does not matter. Two files of /proc stay open for the next time, as
/// csizer_process_memory_read has it. No allocation but from mmap, errno is kept; 8 KiB of stack. Any thread. A forked
/// child has one thread, and the stacks of the others are not told. CSIZER_UNREADABLE, CSIZER_NO_MEMORY: `ret` as it
/// was.
csizer_status csizer_regions_read(csizer_regions *ret);

#endif
