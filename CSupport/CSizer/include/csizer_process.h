// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PROCESS_H
#define CSIZER_PROCESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// What the kernel says about the memory of this process (proc(5)). In bytes, but for the faults. No figure is above
/// INT64_MAX.
typedef struct csizer_process_memory {
  /// Address space: VmSize.
  uint64_t virtual_bytes;
  /// Memory that is present: VmRSS, which is RssAnon + RssFile + RssShmem.
  uint64_t resident;
  /// The most it ever was: VmHWM; 0 where the kernel does not tell.
  uint64_t peak_resident;
  /// The part of it that comes from files and shared memory: RssFile + RssShmem.
  uint64_t shared;
  /// Private writable address space: VmData.
  uint64_t data;
  /// The main thread's stack: VmStk, address space too.
  uint64_t stack;
  /// The program's own code: VmExe.
  uint64_t code;
  /// Page faults of all threads, those that ended too: getrusage(2), which are minflt and majflt of proc(5).
  uint64_t minor_faults, major_faults;
} csizer_process_memory;

/// Reads all figures of the calling process in some 10 µs. The file of /proc stays open for the next time, under a
/// high number that is closed in children, and believed as long as the kernel says that it is still that file. No
/// allocation, no lock, errno is kept; 16 KiB of stack. Any thread, also in a forked child, also after the main thread
/// has ended (as dispatchMain does). CSIZER_UNREADABLE leaves `ret` as it was.
csizer_status csizer_process_memory_read(csizer_process_memory *ret);

/// Reads the sizes from the text of a `/proc/<pid>/status`, which need not end in a zero. CSIZER_INVALID, `ret` as it
/// was: a line is missing, cut off at `length`, not in kB or above INT64_MAX bytes. A line that is there twice counts
/// the second time: the first line is the process's name.
csizer_status csizer_process_parse_status(const char *text, size_t length, csizer_process_memory *ret);

/// Whether the calling thread is the process's only one. Where there is no /proc libc is asked, which says no from the
/// first thread on that it made, even if that has ended. Some microseconds.
bool csizer_process_has_one_thread(void);

#endif
