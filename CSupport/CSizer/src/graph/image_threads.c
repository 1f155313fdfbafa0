// SPDX-License-Identifier: Apache-2.0
// The threads of the process: what they are called, where their stacks are, how far they have come.
#define _GNU_SOURCE
#include "graph/image_threads.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/own_stack.h"
#include "platform/proc_file.h"
#include "platform/thread_own.h"

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

// The stack pointer of a thread that sleeps; 0: it runs, or nobody may know. "running", or the number of a system call,
// its arguments, the stack pointer and the place in the program. -1: it waits for a page, which it may want in the
// middle of anything: it does not sleep (proc(5)).
static uintptr_t stack_pointer(const char *id, bool *ret_is_asleep) {
  char text[256];
  const size_t length = read_file(id, "syscall", text, sizeof text);
  *ret_is_asleep = false;
  if (!length || !memcmp(text, "running", length < 7 ? length : 7)) return 0;
  *ret_is_asleep = text[0] != '-';
  // The last word but one.
  const char *end = text + length, *at = end;
  for (int words = 0; at > text && words < 2; words += *--at == ' ') {}
  uint64_t stack;
  if (end - at < 3 || at[0] != ' ' || at[1] != '0' || at[2] != 'x') return 0;
  at += 3;
  return csizer_proc_hexadecimal(&at, end, &stack) ? (uintptr_t)stack : 0;
}

// Where the C library keeps what it knows of a thread (thread_own.h).
static uintptr_t control_block(const image_thread *thread) {
  void *list = NULL;
  size_t bytes;
  return syscall(SYS_get_robust_list, (long)thread->id, &list, &bytes) ? 0 : (uintptr_t)list;
}

// A running thread's stack begins where its mapping does, unless the program gave it a piece of a larger one.
static uintptr_t lowest(const csizer_mapping *mapping, uintptr_t end) {
  enum { USUAL = 8 << 20 };
  struct rlimit limit = {USUAL, USUAL};
  getrlimit(RLIMIT_STACK, &limit);
  const uintptr_t most = limit.rlim_cur == RLIM_INFINITY ? USUAL : (uintptr_t)limit.rlim_cur;
  return end - mapping->start > most ? end - most : mapping->start;
}

/// What all threads are read with.
typedef struct own_memory {
  const csizer_mappings *mappings;
  size_t variables;
} own_memory;

static void note_own(const own_memory *memory, uintptr_t control, bool is_main, image_thread *thread) {
  const csizer_mapping *mapping = csizer_mappings_find(memory->mappings, control);
  if (!mapping) return;
  const uintptr_t start = csizer_thread_own_start(mapping, control, memory->variables);
  const uintptr_t end = csizer_thread_own_end(mapping, control, memory->variables);
  thread->variables_start = THREAD_VARIABLES_ARE_ABOVE ? control : start;
  thread->variables_end = THREAD_VARIABLES_ARE_ABOVE ? end : control;
  if (!is_main) return;
  thread->own_start = start;
  thread->own_end = end;
}

static void read_stack(const own_memory *memory, const char *id, image_thread *thread) {
  uintptr_t stack = stack_pointer(id, &thread->is_asleep), control = control_block(thread);
  const bool is_main = thread->id == (uint64_t)getpid();
  if (thread->id == (uint64_t)syscall(SYS_gettid))
    stack = csizer_stack_caller() ? csizer_stack_caller() : (uintptr_t)__builtin_frame_address(0);
  if (control) note_own(memory, control, is_main, thread);
  // The kernel puts that on top of the main thread's stack.
  if (is_main && control) control = (uintptr_t)getauxval(AT_EXECFN);
  const csizer_mapping *mapping = csizer_mappings_find(memory->mappings, stack ? stack : control);
  if (!mapping || mapping->has_file) return;
  const bool has_control = control > stack && control >= mapping->start && control < mapping->end;
  if (!stack && !has_control) return;
  // Where there is no control block above, the stack is one that the program made, and ends nobody knows where.
  thread->stack_end = mapping->end;
  if (has_control && !is_main) thread->stack_end = csizer_thread_own_end(mapping, control, memory->variables);
  thread->has_exact_stack = stack != 0;
  thread->stack_start = stack ? stack & ~(uintptr_t)7 : lowest(mapping, thread->stack_end);
}

static void read_progress(const char *id, image_thread *thread) {
  char text[FILE_BYTES];
  size_t length = read_file(id, "schedstat", text, sizeof text);
  const char *at = text;
  if (!length || !csizer_proc_decimal(&at, text + length, &thread->processor_time)) thread->processor_time = 0;
  length = read_file(id, "status", text, sizeof text);
  if (!csizer_proc_figure(text, length, "voluntary_ctxt_switches:", &thread->sleeps)) thread->sleeps = 0;
}

static bool read_thread(const own_memory *memory, const char *name, image_thread *thread) {
  const char *at = name, *end = name + strlen(name) + 1;
  *thread = (image_thread){.id = 0};
  if (!csizer_proc_decimal(&at, end, &thread->id)) return false;  // "." and ".."
  read_name(name, thread);
  read_stack(memory, name, thread);
  read_progress(name, thread);
  return true;
}

/// Where threads are written.
typedef struct thread_list {
  own_memory memory;
  image_thread *threads;
  uint32_t count, room;
} thread_list;

static bool add_thread(const char *name, void *context) {
  thread_list *list = context;
  list->count += read_thread(&list->memory, name, &list->threads[list->count]);
  return list->count < list->room;
}

uint32_t csizer_image_threads_read(image_thread *threads, uint32_t room, size_t variables) {
  csizer_mappings mappings;
  thread_list list = {{&mappings, variables}, threads, 0, room};
  if (csizer_mappings_read(&mappings) == CSIZER_OK && room) csizer_proc_each_thread(add_thread, &list);
  csizer_mappings_deinit(&mappings);
  return list.count;
}
