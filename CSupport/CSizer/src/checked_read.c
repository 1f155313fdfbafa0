// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "checked_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE_SHIFT = 12 };  // of the smallest pages that there are: larger ones are asked for more often than need be

// Where a sandbox refuses process_vm_readv(2): write(2) does not fault either.
static bool copy_through_pipe(const void *from, void *to, size_t bytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return false;
  bool is_read = write(ends[1], from, bytes) == (ssize_t)bytes && read(ends[0], to, bytes) == (ssize_t)bytes;
  close(ends[0]);
  close(ends[1]);
  return is_read;
}

bool csizer_checked_copy(const void *from, void *to, size_t bytes) {
  int before = errno;
  struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)from, bytes};
  ssize_t length = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
  bool is_read = length == (ssize_t)bytes || (length < 0 && errno != EFAULT && copy_through_pipe(from, to, bytes));
  errno = before;
  return is_read;
}

static bool is_page_readable(csizer_checked_pages *known, uintptr_t page) {
  uintptr_t *slot = &known->pages[page % (sizeof known->pages / sizeof *known->pages)];
  char ignored;
  if (!page) return false;
  if (*slot == page) return true;
  if (!csizer_checked_copy((const void *)(page << PAGE_SHIFT), &ignored, 1)) return false;
  *slot = page;
  return true;
}

bool csizer_checked_readable(csizer_checked_pages *pages, const void *address, size_t bytes) {
  uintptr_t start = (uintptr_t)address;
  if (!bytes) return true;
  if (start + (bytes - 1) < start || bytes >> 32) return false;
  for (uintptr_t page = start >> PAGE_SHIFT; page <= (start + (bytes - 1)) >> PAGE_SHIFT; page++)
    if (!is_page_readable(pages, page)) return false;
  return true;
}

bool csizer_checked_text(csizer_checked_pages *pages, const char *text, size_t most) {
  while (most) {
    size_t rest = ((size_t)1 << PAGE_SHIFT) - ((uintptr_t)text & (((uintptr_t)1 << PAGE_SHIFT) - 1));
    if (rest > most) rest = most;
    if (!csizer_checked_readable(pages, text, rest)) return false;
    if (memchr(text, 0, rest)) return true;
    text += rest;
    most -= rest;
  }
  return false;
}
