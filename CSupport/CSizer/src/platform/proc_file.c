// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Files of /proc, read without allocating.

int csizer_proc_open(const char *path) {
  int file;
  do file = open(path, O_RDONLY | O_CLOEXEC);
  while (file < 0 && errno == EINTR);
  return file;
}

ssize_t csizer_proc_read(int file, void *buffer, size_t capacity, int64_t offset) {
  ssize_t count;
  do count = offset < 0 ? read(file, buffer, capacity) : pread(file, buffer, capacity, offset);
  while (count < 0 && errno == EINTR);
  return count;
}

ssize_t csizer_proc_read_file(const char *path, char *buffer, size_t capacity) {
  int file = csizer_proc_open(path);
  if (file < 0) return -1;
  size_t length = 0;
  ssize_t count = 0;
  while (length < capacity && (count = csizer_proc_read(file, buffer + length, capacity - length, -1)) > 0)
    length += (size_t)count;
  close(file);
  return count < 0 ? -1 : (ssize_t)length;
}

ssize_t csizer_proc_read_whole(const char *path, char *buffer, size_t capacity) {
  int file = csizer_proc_open(path);
  if (file < 0) return -1;
  ssize_t length = csizer_proc_read(file, buffer, capacity, -1);
  close(file);
  return length;
}

// What getdents64(2) answers; libc declares no such thing.
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  unsigned short bytes;
  unsigned char type;
  char name[];
};

static bool visit_entries(int directory, bool (*visit)(const char *name, void *context), void *context) {
  _Alignas(struct directory_entry) char entries[4096];
  long length;
  while ((length = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0)
    for (long at = 0; at < length;) {
      const struct directory_entry *entry = (const void *)(entries + at);
      at += entry->bytes;
      if (!visit(entry->name, context)) return true;
    }
  return length == 0;
}

bool csizer_proc_each_thread(bool (*visit)(const char *name, void *context), void *context) {
  const int directory = csizer_proc_open("/proc/self/task");
  if (directory < 0) return false;
  const bool is_read = visit_entries(directory, visit, context);
  const int number = errno;
  close(directory);
  errno = number;
  return is_read;
}

bool csizer_proc_decimal(const char **at, const char *end, uint64_t *ret) {
  const char *start = *at;
  uint64_t number = 0;
  for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
    uint64_t digit = (uint64_t)(**at - '0');
    if (number > (INT64_MAX - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *ret = number;
  return *at > start && *at < end;
}

bool csizer_proc_figure(const char *text, size_t length, const char *key, uint64_t *ret) {
  const size_t width = strlen(key);
  for (const char *line = text, *end = text + length, *next; line < end; line = next + 1) {
    next = memchr(line, '\n', (size_t)(end - line));
    if (!next) return false;  // cut off
    const char *at = line + width;
    if ((size_t)(next - line) <= width || memcmp(line, key, width) != 0 || (*at != ' ' && *at != '\t')) continue;
    while (*at == ' ' || *at == '\t') at++;
    return csizer_proc_decimal(&at, end, ret);
  }
  return false;
}

static int hexadecimal_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

bool csizer_proc_hexadecimal(const char **at, const char *end, uint64_t *ret) {
  const char *start = *at;
  uint64_t number = 0;
  for (int digit; *at < end && (digit = hexadecimal_digit(**at)) >= 0; ++*at) {
    if (number >> 60) return false;
    number = number << 4 | (uint64_t)digit;
  }
  *ret = number;
  return *at > start && *at < end;
}
