// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_process.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "platform/kept_file.h"
#include "platform/proc_file.h"
#include "platform/refusals.h"

// Not every system that plays Linux tells the last.
enum { VM_SIZE, VM_RSS, RSS_FILE, RSS_SHMEM, VM_DATA, VM_STK, VM_EXE, VM_HWM, STATUS_KEYS };

static const char *const status_keys[STATUS_KEYS] = {
    [VM_SIZE] = "VmSize:",     [VM_RSS] = "VmRSS:",   [RSS_FILE] = "RssFile:", [RSS_SHMEM] = "RssShmem:",
    [VM_DATA] = "VmData:", [VM_STK] = "VmStk:", [VM_EXE] = "VmExe:",
    [VM_HWM] = "VmHWM:",
};

// Reads "\t   1234 kB" up to the end of its line.
static bool read_kilobytes(const char *at, const char *end, uint64_t *ret_bytes) {
  enum { KILOBYTE = 1024 };
  static const char unit[] = " kB";
  while (at < end && (*at == ' ' || *at == '\t')) at++;
  uint64_t number;
  if (!csizer_proc_decimal(&at, end, &number) || number > INT64_MAX / KILOBYTE) return false;
  *ret_bytes = number * KILOBYTE;
  return (size_t)(end - at) == sizeof unit - 1 && memcmp(at, unit, sizeof unit - 1) == 0;
}

// The key that a line starts with, or STATUS_KEYS.
static int status_key(const char *line, size_t length) {
  if (length < 2 || !(line[0] == 'V' || line[0] == 'R')) return STATUS_KEYS;
  int key = 0;
  while (key < STATUS_KEYS) {
    size_t width = strlen(status_keys[key]);
    if (length >= width && memcmp(line, status_keys[key], width) == 0) break;
    key++;
  }
  return key;
}

csizer_status csizer_process_parse_status(const char *text, size_t length, csizer_process_memory *ret) {
  uint64_t bytes[STATUS_KEYS] = {0};
  unsigned found = 1u << VM_HWM;
  // What follows the last line's end was cut off.
  for (const char *line = text, *end = text + length, *next; line < end; line = next + 1) {
    next = memchr(line, '\n', (size_t)(end - line));
    if (!next) break;
    int key = status_key(line, (size_t)(next - line));
    if (key == STATUS_KEYS) continue;
    if (!read_kilobytes(line + strlen(status_keys[key]), next, &bytes[key])) return CSIZER_INVALID;
    found |= 1u << key;
  }
  if (found != (1u << STATUS_KEYS) - 1) return CSIZER_INVALID;
  if (bytes[RSS_FILE] > INT64_MAX - bytes[RSS_SHMEM]) return CSIZER_INVALID;
  ret->virtual_bytes = bytes[VM_SIZE];
  ret->resident = bytes[VM_RSS];
  ret->peak_resident = bytes[VM_HWM];
  ret->shared = bytes[RSS_FILE] + bytes[RSS_SHMEM];
  ret->data = bytes[VM_DATA];
  ret->stack = bytes[VM_STK];
  ret->code = bytes[VM_EXE];
  return CSIZER_OK;
}

static bool parse_sizes(const char *text, size_t length, void *ret) {
  return csizer_process_parse_status(text, length, ret) == CSIZER_OK;
}

static csizer_status read_sizes(csizer_process_memory *ret) {
  // Of the thread: the sizes are the same for each, but a main thread that has ended has none any more.
  static const char path[] = "/proc/thread-self/status";
  char text[16 * 1024];  // a user's groups stand before the sizes: some 1,400 of them fit
  const bool is_read = csizer_kept_read(KEPT_STATUS, path, text, sizeof text, parse_sizes, ret);
  return is_read ? CSIZER_OK : csizer_refusal_tell(CSIZER_UNREADABLE, errno, path);
}

csizer_status csizer_process_memory_read(csizer_process_memory *ret) {
  int saved_errno = errno;
  csizer_process_memory memory = {0};
  struct rusage usage;
  csizer_status status = read_sizes(&memory);
  // The kernel sums up the same counters for /proc/self/stat, and much else besides: that takes it ten times as long.
  if (!status && getrusage(RUSAGE_SELF, &usage)) status = csizer_refusal_tell(CSIZER_UNREADABLE, errno, "getrusage");
  if (!status) {
    memory.minor_faults = (uint64_t)usage.ru_minflt;
    memory.major_faults = (uint64_t)usage.ru_majflt;
    *ret = memory;
  }
  errno = saved_errno;
  return status;
}

// glibc 2.32 and later, sys/single_threaded.h: false from the first thread on that libc has made, for ever. Weak: older
// ones lack it.
extern char __libc_single_threaded __attribute__((weak));

bool csizer_process_has_one_thread(void) {
  struct stat tasks;
  if (stat("/proc/self/task", &tasks) == 0) return tasks.st_nlink == 3;  // itself, its parent, one thread
  return &__libc_single_threaded && __libc_single_threaded;  // a root without /proc
}
