// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/proc_file.h"
#include "platform/regions_internal.h"

enum { STEP = 1024 };  // pages asked for at a time

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// The control block ends within a page of its list of robust mutexes. A mapping goes on behind it when the kernel has joined it with
// a neighbour.
static bool note_stack(csizer_areas *areas, uintptr_t control_block) {
  csizer_area *area = csizer_areas_find(areas, control_block);
  if (!area || area->has_file) return false;
  uintptr_t page = page_bytes(), end = (control_block & ~(page - 1)) + 2 * page;
  if (end > area->end) end = area->end;
  if (end > area->stack_end) area->stack_end = end;
  return true;
}

// What getdents64(2) answers; libc declares no such thing. opendir(3) would allocate.
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  unsigned short bytes;
  unsigned char type;
  char name[];
};

static size_t note_thread(csizer_areas *areas, const char *name) {
  long thread = strtol(name, NULL, 10);
  // The main thread's control block is not on its stack.
  if (thread <= 0 || thread == getpid()) return 0;
  void *list = NULL;
  size_t bytes;
  return syscall(SYS_get_robust_list, thread, &list, &bytes) == 0 && list && note_stack(areas, (uintptr_t)list);
}

static csizer_status note_threads(csizer_areas *areas, size_t *ret_threads) {
  int directory = csizer_proc_open("/proc/self/task");
  if (directory < 0) return CSIZER_UNREADABLE;
  _Alignas(struct directory_entry) char entries[4096];
  long length;
  while ((length = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0)
    for (long at = 0; at < length;) {
      const struct directory_entry *entry = (const void *)(entries + at);
      at += entry->bytes;
      *ret_threads += note_thread(areas, entry->name);
    }
  close(directory);
  return length < 0 ? CSIZER_UNREADABLE : CSIZER_OK;
}

// The kernel puts the program's path on top of the main thread's stack.
static size_t note_main_thread(csizer_areas *areas) {
  uintptr_t top = (uintptr_t)getauxval(AT_EXECFN);
  csizer_area *area = top ? csizer_areas_find(areas, top) : NULL;
  if (!area) return 0;
  area->stack_end = area->end;
  return 1;
}

static uint64_t present_bytes(uintptr_t start, uintptr_t end) {
  unsigned char present[STEP];
  size_t page = page_bytes(), count = 0;
  for (; start < end; start += STEP * page) {
    size_t pages = (end - start) / page < STEP ? (end - start) / page : STEP;
    // A thread that has just ended may have taken its stack along: then these pages are not there. The integer becomes the address
    // of a mapping of this process, which is only asked about.
    if (mincore((void *)start, pages * page, present)) continue;
    for (size_t i = 0; i < pages; i++) count += present[i] & 1;
  }
  return count * page;
}

static bool add_copied(int pagemap, uintptr_t start, uintptr_t end, uint64_t *bytes) {
  const uint64_t is_present = (uint64_t)1 << 63, is_files = (uint64_t)1 << 61;  // Documentation/admin-guide/mm/pagemap.rst
  uint64_t entries[STEP];
  size_t page = page_bytes();
  while (start < end) {
    size_t pages = (end - start) / page < STEP ? (end - start) / page : STEP;
    int64_t offset = (int64_t)(start / page * sizeof *entries);
    ssize_t length = csizer_proc_read(pagemap, entries, pages * sizeof *entries, offset);
    if (length < (ssize_t)sizeof *entries) return false;
    size_t known = (size_t)length / sizeof *entries;
    for (size_t i = 0; i < known; i++) *bytes += (entries[i] & (is_present | is_files)) == is_present ? page : 0;
    start += known * page;
  }
  return true;
}

static csizer_status add_pages(const csizer_areas *areas, csizer_regions *regions) {
  int pagemap = csizer_proc_open("/proc/thread-self/pagemap");
  if (pagemap < 0) return CSIZER_UNREADABLE;
  bool is_read = true;
  for (size_t i = 0; i < areas->count && is_read; i++) {
    const csizer_area *area = &areas->areas[i];
    if (area->stack_end) regions->stacks += present_bytes(area->start, area->stack_end);
    else if (area->has_file) is_read = add_copied(pagemap, area->start, area->end, &regions->copied);
  }
  close(pagemap);
  return is_read ? CSIZER_OK : CSIZER_UNREADABLE;
}

csizer_status csizer_regions_read(csizer_regions *ret) {
  int saved_errno = errno;
  csizer_areas areas;
  csizer_regions regions = {0};
  csizer_status status = csizer_areas_read(&areas);
  if (!status) {
    regions.threads = note_main_thread(&areas);
    status = note_threads(&areas, &regions.threads);
  }
  if (!status) status = add_pages(&areas, &regions);
  csizer_areas_deinit(&areas);
  if (!status) *ret = regions;
  errno = saved_errno;
  return status;
}
