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

// Memory that may hold references and is no heap: data segments and stacks.

enum { STEP = 1024 };  // pages asked for at a time

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// The control block ends within a page of its list of robust mutexes. A mapping goes on behind it when the kernel has
// joined it with a neighbour.
static bool note_stack(csizer_mappings *mappings, uintptr_t control_block) {
  csizer_mapping *mapping = csizer_mappings_find(mappings, control_block);
  if (!mapping || mapping->has_file) return false;
  uintptr_t page = page_bytes(), end = (control_block & ~(page - 1)) + 2 * page;
  if (end > mapping->end) end = mapping->end;
  if (end > mapping->stack_end) mapping->stack_end = end;
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

static size_t note_thread(csizer_mappings *mappings, const char *name) {
  long thread = strtol(name, NULL, 10);
  // The main thread's control block is not on its stack.
  if (thread <= 0 || thread == getpid()) return 0;
  void *list = NULL;
  size_t bytes;
  return syscall(SYS_get_robust_list, thread, &list, &bytes) == 0 && list && note_stack(mappings, (uintptr_t)list);
}

static csizer_status note_threads(csizer_mappings *mappings, size_t *ret_threads) {
  int directory = csizer_proc_open("/proc/self/task");
  if (directory < 0) return CSIZER_UNREADABLE;
  _Alignas(struct directory_entry) char entries[4096];
  long length;
  while ((length = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0)
    for (long at = 0; at < length;) {
      const struct directory_entry *entry = (const void *)(entries + at);
      at += entry->bytes;
      *ret_threads += note_thread(mappings, entry->name);
    }
  close(directory);
  return length < 0 ? CSIZER_UNREADABLE : CSIZER_OK;
}

// The kernel puts the program's path on top of the main thread's stack.
static size_t note_main_thread(csizer_mappings *mappings) {
  uintptr_t top = (uintptr_t)getauxval(AT_EXECFN);
  csizer_mapping *mapping = top ? csizer_mappings_find(mappings, top) : NULL;
  if (!mapping) return 0;
  mapping->stack_end = mapping->end;
  return 1;
}

static uint64_t present_bytes(uintptr_t start, uintptr_t end) {
  unsigned char present[STEP];
  size_t page = page_bytes(), count = 0;
  for (; start < end; start += STEP * page) {
    size_t pages = (end - start) / page < STEP ? (end - start) / page : STEP;
    // A thread that has just ended may have taken its stack along: then these pages are not there. The integer becomes
    // the address of a mapping of this process, which is only asked about.
    if (mincore((void *)start, pages * page, present)) continue;
    for (size_t i = 0; i < pages; i++) count += present[i] & 1;
  }
  return count * page;
}

static bool add_copied(int pagemap, uintptr_t start, uintptr_t end, uint64_t *bytes) {
  // Documentation/admin-guide/mm/pagemap.rst
  const uint64_t is_present = (uint64_t)1 << 63, is_files = (uint64_t)1 << 61;
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

static csizer_status add_pages(const csizer_mappings *mappings, csizer_regions *regions) {
  int pagemap = csizer_proc_open("/proc/thread-self/pagemap");
  if (pagemap < 0) return CSIZER_UNREADABLE;
  bool is_read = true;
  for (size_t i = 0; i < mappings->count && is_read; i++) {
    const csizer_mapping *mapping = &mappings->mappings[i];
    if (mapping->stack_end) regions->stacks += present_bytes(mapping->start, mapping->stack_end);
    else if (mapping->has_file) is_read = add_copied(pagemap, mapping->start, mapping->end, &regions->copied);
  }
  close(pagemap);
  return is_read ? CSIZER_OK : CSIZER_UNREADABLE;
}

csizer_status csizer_regions_read(csizer_regions *ret) {
  int saved_errno = errno;
  csizer_mappings mappings;
  csizer_regions regions = {0};
  csizer_status status = csizer_mappings_read(&mappings);
  if (!status) {
    regions.threads = note_main_thread(&mappings);
    status = note_threads(&mappings, &regions.threads);
  }
  if (!status) status = add_pages(&mappings, &regions);
  csizer_mappings_deinit(&mappings);
  if (!status) *ret = regions;
  errno = saved_errno;
  return status;
}
