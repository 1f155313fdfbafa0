// SPDX-License-Identifier: Apache-2.0
// Reading memory that may not be there, by asking the kernel.
#define _GNU_SOURCE
#include "platform/checked_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/address_space.h"

enum { PAGE_SHIFT = PLATFORM_LEAST_PAGE_SHIFT };  // larger pages are asked for more often than need be

// Where a sandbox refuses process_vm_readv(2): write(2) does not fault either.
static bool copy_through_pipe(const void *from, void *to, size_t bytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return false;
  bool is_read = write(ends[1], from, bytes) == (ssize_t)bytes && read(ends[0], to, bytes) == (ssize_t)bytes;
  int why = errno;
  close(ends[0]);
  close(ends[1]);
  errno = why;
  return is_read;
}

// And where there are no descriptors left: rt_sigprocmask(2) reads eight bytes before it sees that it can't do what it
// is told to do.
static bool is_readable_to_kernel(uintptr_t word) {
  enum { NOTHING = -1, MASK_BYTES = 8 };
  return syscall(SYS_rt_sigprocmask, NOTHING, word, NULL, MASK_BYTES) < 0 && errno != EFAULT;
}

static bool copy_after_a_look(const void *from, void *to, size_t bytes) {
  uintptr_t first = (uintptr_t)from & ~(uintptr_t)7, last = ((uintptr_t)from + (bytes - 1)) & ~(uintptr_t)7;
  for (uintptr_t word = first; word < last; word = (word | ((1 << PAGE_SHIFT) - 1)) + 1)
    if (!is_readable_to_kernel(word)) return false;
  if (!is_readable_to_kernel(last)) return false;
  memcpy(to, from, bytes);
  return true;
}

static bool copy(const void *from, void *to, size_t bytes) {
  struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)from, bytes};
  ssize_t length = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
  if (length >= 0) return length == (ssize_t)bytes;
  if (errno == EFAULT) return false;
  if (copy_through_pipe(from, to, bytes)) return true;
  return errno != EFAULT && copy_after_a_look(from, to, bytes);
}

bool csizer_checked_copy(const void *from, void *to, size_t bytes) {
  int before = errno;
  bool is_read = !bytes || copy(from, to, bytes);
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
