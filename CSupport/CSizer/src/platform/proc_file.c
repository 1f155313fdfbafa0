// SPDX-License-Identifier: Apache-2.0
#include "platform/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
