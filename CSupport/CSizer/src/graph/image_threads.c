// SPDX-License-Identifier: Apache-2.0
// The threads of the process: what they are called, where their stacks are, how far they have come.
#define _GNU_SOURCE
#include "graph/image_threads.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/proc_file.h"
#include "platform/regions_internal.h"

enum { FILE_BYTES = 4096 };

// A file of a thread's; how many bytes, 0 when it can't be read.
static size_t read_file(const char *thread, const char *name, char *text, size_t room) {
  char path[64] = "/proc/self/task/";
  if (strlen(thread) + strlen(name) + 2 > sizeof path - strlen(path)) return 0;
  strcat(strcat(strcat(path, thread), "/"), name);
  const ssize_t length = csizer_proc_read_file(path, text, room);
  return length > 0 ? (size_t)length : 0;
}

static void read_name(const char *id, image_thread *thread) {
  const size_t length = read_file(id, "comm", thread->name, sizeof thread->name - 1);
  if (length && thread->name[length - 1] == '\n') thread->name[length - 1] = 0;
}

// "running", or the number of a system call, its arguments, the stack pointer and the place in the program. -1: it waits
// for a page, which it may want in the middle of anything: it does not sleep (proc(5)).
static void read_stack(const csizer_mappings *mappings, const char *id, image_thread *thread) {
  char text[256];
  const size_t length = read_file(id, "syscall", text, sizeof text);
  if (!length || !memcmp(text, "running", length < 7 ? length : 7)) return;
  thread->is_asleep = text[0] != '-';
  // The last word but one.
  const char *end = text + length, *at = end;
  for (int words = 0; at > text && words < 2; words += *--at == ' ') {}
  uint64_t stack;
  if (end - at < 3 || at[0] != ' ' || at[1] != '0' || at[2] != 'x') return;
  at += 3;
  if (!csizer_proc_hexadecimal(&at, end, &stack)) return;
  const csizer_mapping *mapping = csizer_mappings_find(mappings, (uintptr_t)stack);
  if (!mapping || mapping->has_file) return;
  thread->stack_start = (uintptr_t)stack & ~(uintptr_t)7;
  thread->stack_end = mapping->end;
}

static void read_progress(const char *id, image_thread *thread) {
  char text[FILE_BYTES];
  size_t length = read_file(id, "schedstat", text, sizeof text);
  const char *at = text;
  if (!length || !csizer_proc_decimal(&at, text + length, &thread->processor_time)) thread->processor_time = 0;
  length = read_file(id, "status", text, sizeof text);
  if (!csizer_proc_figure(text, length, "voluntary_ctxt_switches:", &thread->sleeps)) thread->sleeps = 0;
}

static bool read_thread(const csizer_mappings *mappings, const char *name, image_thread *thread) {
  const char *at = name, *end = name + strlen(name) + 1;
  *thread = (image_thread){.id = 0};
  if (!csizer_proc_decimal(&at, end, &thread->id)) return false;  // "." and ".."
  read_name(name, thread);
  read_stack(mappings, name, thread);
  read_progress(name, thread);
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

uint32_t csizer_image_threads_read(image_thread *threads, uint32_t room) {
  csizer_mappings mappings;
  const int directory = csizer_proc_open("/proc/self/task");
  uint32_t count = 0;
  if (directory < 0) return 0;
  if (csizer_mappings_read(&mappings) == CSIZER_OK) {
    _Alignas(struct directory_entry) char entries[FILE_BYTES];
    long length;
    while ((length = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0)
      for (long at = 0; at < length && count < room;) {
        const struct directory_entry *entry = (const void *)(entries + at);
        at += entry->bytes;
        count += read_thread(&mappings, entry->name, &threads[count]);
      }
  }
  csizer_mappings_deinit(&mappings);
  close(directory);
  return count;
}
