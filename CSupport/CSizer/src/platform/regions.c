// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "csizer_process.h"
#include "platform/kept_file.h"
#include "platform/proc_file.h"
#include "platform/refusals.h"
#include "platform/thread_own.h"

// Memory that may hold references and is no heap: data segments and stacks.

enum { STEP = 1024 };  // pages asked for at a time

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/// What is read: the mappings, and whom to ask for more of them.
typedef struct reader {
  csizer_mappings mappings;
  int file, pagemap;
  size_t stacks;     // that were found
  size_t variables;  // bytes of each thread's, where its control block is below them
  csizer_status status;
} reader;

static void note_stack(reader *reader, uintptr_t control_block) {
  csizer_mapping *mapping;
  reader->status = csizer_mappings_find_or_ask(reader->file, &reader->mappings, control_block, &mapping);
  if (reader->status || !mapping || mapping->has_file) return;
  const uintptr_t end = csizer_thread_own_end(mapping, control_block, reader->variables);
  if (end > mapping->stack_end) mapping->stack_end = end;
  reader->stacks++;
}

static bool note_thread(const char *name, void *context) {
  reader *reader = context;
  const long thread = strtol(name, NULL, 10);
  if (thread <= 0 || thread == getpid()) return true;  // the main thread's control block is not on its stack
  void *list = NULL;
  size_t bytes;
  if (syscall(SYS_get_robust_list, thread, &list, &bytes) == 0 && list) note_stack(reader, (uintptr_t)list);
  return reader->status == CSIZER_OK;
}

static csizer_status note_threads(reader *reader) {
  if (csizer_process_has_one_thread()) return CSIZER_OK;
  if (THREAD_VARIABLES_ARE_ABOVE) reader->variables = csizer_thread_variables();
  if (!csizer_proc_each_thread(note_thread, reader))
    return csizer_refusal_tell(CSIZER_UNREADABLE, errno, "/proc/self/task");
  return reader->status;
}

// The kernel puts the program's path on top of the main thread's stack.
static csizer_status note_main_thread(reader *reader) {
  uintptr_t top = (uintptr_t)getauxval(AT_EXECFN);
  csizer_mapping *mapping = NULL;
  csizer_status status = CSIZER_OK;
  if (top) status = csizer_mappings_find_or_ask(reader->file, &reader->mappings, top, &mapping);
  if (status || !mapping) return status;
  mapping->stack_end = mapping->end;
  reader->stacks++;
  return CSIZER_OK;
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

static bool is_copied_file(const csizer_mapping *mapping) { return mapping->has_file && !mapping->stack_end; }

static const char maps_path[] = "/proc/thread-self/maps", pagemap_path[] = "/proc/thread-self/pagemap";

static csizer_status add_pages(const reader *reader, csizer_regions *regions) {
  const csizer_mappings *mappings = &reader->mappings;
  bool is_read = true;
  errno = 0;  // a file that ends early gives no reason
  for (size_t i = 0; i < mappings->count && is_read; i++) {
    const csizer_mapping *mapping = &mappings->mappings[i];
    if (mapping->stack_end) regions->stacks += present_bytes(mapping->start, mapping->stack_end);
    if (!is_copied_file(mapping)) continue;
    const uintptr_t start = mapping->start;
    // A library's data is next to what is protected of it: one look at both.
    uintptr_t end = mapping->end;
    while (i + 1 < mappings->count && is_copied_file(mapping + 1) && mapping[1].start == end) {
      end = (++mapping)->end;
      i++;
    }
    is_read = add_copied(reader->pagemap, start, end, &regions->copied);
  }
  return is_read ? CSIZER_OK : csizer_refusal_tell(CSIZER_UNREADABLE, errno, pagemap_path);
}

static csizer_status read_with(reader *reader, csizer_regions *ret) {
  csizer_status status = csizer_mappings_read_files(reader->file, &reader->mappings);
  if (!status) status = note_main_thread(reader);
  if (!status) status = note_threads(reader);
  csizer_regions regions = {.threads = reader->stacks};
  if (!status) status = add_pages(reader, &regions);
  if (!status) *ret = regions;
  return status;
}

static csizer_status read_from(int maps, int pagemap, csizer_regions *ret) {
  enum { ROOM = 96 };  // of a program with thirty libraries and some threads
  csizer_mapping room[ROOM];
  reader reader = {.mappings = {.mappings = room, .capacity = ROOM, .is_lent = true}, .file = maps, .pagemap = pagemap};
  const csizer_status status = read_with(&reader, ret);
  csizer_mappings_deinit(&reader.mappings);
  return status;
}

/// The two files that are asked.
typedef struct asked_files {
  csizer_kept_use maps, pagemap;
} asked_files;

static csizer_status take_files(int attempt, asked_files *ret) {
  ret->maps = csizer_kept_take_in_turn(KEPT_MAPS, maps_path, attempt);
  if (ret->maps.number < 0) return csizer_refusal_tell(CSIZER_UNREADABLE, errno, maps_path);
  ret->pagemap = csizer_kept_take_in_turn(KEPT_PAGEMAP, pagemap_path, attempt);
  if (ret->pagemap.number >= 0) return CSIZER_OK;
  const csizer_status status = csizer_refusal_tell(CSIZER_UNREADABLE, errno, pagemap_path);
  csizer_kept_give(&ret->maps, true);
  return status;
}

// False: kept files were of no use, or not what they were; another try has new ones.
static bool try_to_read(int attempt, csizer_regions *ret, csizer_status *ret_status) {
  asked_files files;
  *ret_status = take_files(attempt, &files);
  if (*ret_status) return true;
  csizer_regions regions = {0};
  csizer_status status = read_from(files.maps.number, files.pagemap.number, &regions);
  const bool was_of_use = status != CSIZER_UNREADABLE;
  const bool was_maps = csizer_kept_give(&files.maps, was_of_use);
  const bool was_pagemap = csizer_kept_give(&files.pagemap, was_of_use), is_right = was_maps && was_pagemap;
  if (!is_right) status = csizer_refusal_tell(CSIZER_UNREADABLE, EBADF, was_maps ? pagemap_path : maps_path);
  if (!status) *ret = regions;
  *ret_status = status;
  return is_right && (was_of_use || !(files.maps.was_kept || files.pagemap.was_kept));
}

csizer_status csizer_regions_read(csizer_regions *ret) {
  const int saved_errno = errno;
  csizer_status status;
  for (int attempt = 0; !try_to_read(attempt, ret, &status) && attempt < KEPT_ATTEMPTS; attempt++) {}
  errno = saved_errno;
  return status;
}
