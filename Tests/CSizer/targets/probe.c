// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "csizer_census.h"
#include "csizer_symbols.h"
#include "hooks/entry_points.h"
#include "platform/malloc_calls.h"
#include "runtime/target.h"

// The engine inside a program that does not link it: a library to be preloaded, with the engine hidden in it. Before
// main it finds the program's Swift runtime and allocator, uses them, and keeps the census; it reports line by line
// into the file that SIZER_PROBE_REPORT names. SIZER_PROBE_SOURCE says where to look.

static int report = -1;
#define SAY(...) dprintf(report, __VA_ARGS__)

static void say_row(const char *symbol, const void *address, void *context) {
  (void)context;
  SAY("symbol %s %lx\n", symbol, (unsigned long)address);
}

static void say_maps(void) {
  char text[4096];
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  for (ssize_t got; (got = read(maps, text, sizeof text)) > 0;)
    if (write(report, text, (size_t)got) != got) break;
  close(maps);
}

static void say_name(const char *what, const swift_metadata *type) {
  csizer_name name = type ? csizer_runtime_current()->name_of(type) : (csizer_name){"-", 1};
  SAY("%s %.*s\n", what, (int)name.length, name.text);
}

// Calls that differ in convention: a wrong address or a wrong register shows.
static void use(void) {
  const csizer_runtime *runtime = csizer_runtime_current();
  const swift_metadata *type = csizer_target.int_type, *pair[] = {type, type};
  char text[256];
  say_name("int", type);
  say_name("array", runtime->type_in_context("SaySiG", 6, NULL, NULL));
  say_name("tuple", runtime->tuple_of(pair, 2));
  SAY("swift %s\n", csizer_demangle("$sSiN", text, sizeof text) ? text : "-");
  SAY("cxx %s\n", csizer_demangle("_ZN3one3twoEv", text, sizeof text) ? text : "-");
  SAY("task %zu\n", csizer_target.task_bytes ? *csizer_target.task_bytes : 0);
  SAY("tasks %s\n", csizer_target_tasks_reason());
  void *block = csizer_malloc.malloc(1000);
  SAY("usable %zu\n", csizer_allocator_usable_size(block));
  csizer_malloc.free(block);
  SAY("allocator %s, %s\n", csizer_allocator_name(), csizer_allocator_serves_process() ? "serves" : "serves not");
}

static bool count_leaf(void *context, const void *object) {
  csizer_name name = csizer_runtime_current()->name_of(((const swift_object *)object)->metadata);
  *(size_t *)context += name.length > 5 && memcmp(name.text + name.length - 5, ".Leaf", 5) == 0;
  return true;
}

static void say_leaves(void) {
  size_t leaves = 0;
  csizer_heapmap_enumerate(csizer_census_map(), count_leaf, &leaves);
  SAY("leaves %zu\n", leaves);
}

static csizer_status find_allocator(void) {
  const char *reason;
  csizer_status status = csizer_allocator_find(&reason);
  SAY("allocator status %d\nallocator reason %s\n", status, reason);
#define ROW(result, name, parameters) say_row(#name, (const void *)(uintptr_t)csizer_malloc.name, NULL);
  CSIZER_MALLOC_CALLS(ROW)
#undef ROW
  return status;
}

static void probe(const char *path) {
  const char *source = getenv("SIZER_PROBE_SOURCE"), *reason;
  report = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (report < 0 || !source) return;
  csizer_target_source place;
  SAY("located %d\n", csizer_target_locate(&place) ? (int)place : -1);
  csizer_status status = csizer_target_find((csizer_target_source)atoi(source), &reason);
  SAY("status %d\nreason %s\nsource %d\n", status, reason, csizer_target_source_in_use());
  csizer_target_each(say_row, NULL);
  csizer_status allocator_status = find_allocator();
  say_maps();
  if (status || allocator_status) return;
  use();
  const char *refusal = csizer_entry_points_replace(csizer_census_map());
  SAY("hooks %s\n", refusal ? refusal : "are there");
  if (!refusal) atexit(say_leaves);
}

// ---- Before main ----

typedef int main_function(int count, char **arguments, char **environment);
static main_function *program;

static int probe_and_run(int count, char **arguments, char **environment) {
  const char *path = getenv("SIZER_PROBE_REPORT");
  if (path) probe(path);
  return program(count, arguments, environment);
}

/// libc's own is the next. All constructors but the program's have run by the time that it calls main, and the
/// program's, too: it has one thread, and its Swift runtime is ready.
int __libc_start_main(main_function *main, int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*end_of_loader)(void), void *end_of_stack);

int __libc_start_main(main_function *main, int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*end_of_loader)(void), void *end_of_stack) {
  __typeof__(&__libc_start_main) next;
  void *found = dlsym(RTLD_NEXT, "__libc_start_main");
  memcpy(&next, &found, sizeof found);
  program = main;
  return next(probe_and_run, count, arguments, init, fini, end_of_loader, end_of_stack);
}
