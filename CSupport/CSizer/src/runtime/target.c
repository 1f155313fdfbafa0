// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "runtime/target.h"

#include <dlfcn.h>
#include <string.h>

// The table of the measured program's Swift runtime, and what the linker bound for it. The only file that declares
// symbols of the runtime: weak, since plain C programs link none.

#define WEAK __attribute__((weak))

#define DECLARE(convention, result, field, symbol, parameters) extern convention WEAK result symbol parameters;
CSIZER_TARGET_FUNCTIONS(DECLARE)
#undef DECLARE
#define DECLARE(type, field, c_name, symbol) extern WEAK type c_name SWIFT_SYMBOL(symbol);
CSIZER_TARGET_DATA(DECLARE)
#undef DECLARE

#define BIND_FUNCTION(convention, result, field, symbol, parameters) .field = symbol,
#define BIND_DATA(type, field, c_name, symbol) .field = &c_name,
#define LINKED {CSIZER_TARGET_FUNCTIONS(BIND_FUNCTION) CSIZER_TARGET_DATA(BIND_DATA)}

csizer_target_runtime csizer_target = LINKED;
// What csizer_target_begin was told.
static void *(*bound_alloc_object)(const void *metadata, size_t bytes, size_t align_mask);
static csizer_target_source source_in_use = CSIZER_TARGET_LINKED;

const csizer_target_row csizer_target_rows[CSIZER_TARGET_ROWS] = {
    {"swift_allocObject", offsetof(csizer_target_runtime, alloc_object)},
#define ROW(convention, result, field, symbol, parameters) {#symbol, offsetof(csizer_target_runtime, field)},
    CSIZER_TARGET_FUNCTIONS(ROW)
#undef ROW
#define ROW(type, field, c_name, symbol) {symbol, offsetof(csizer_target_runtime, field)},
    CSIZER_TARGET_DATA(ROW)
#undef ROW
};

static uintptr_t address_in(const csizer_target_runtime *runtime, size_t row) {
  uintptr_t address;
  memcpy(&address, (const char *)runtime + csizer_target_rows[row].offset, sizeof address);
  return address;
}

void csizer_target_put(csizer_target_runtime *runtime, size_t row, uintptr_t address) {
  memcpy((char *)runtime + csizer_target_rows[row].offset, &address, sizeof address);
}

const char *csizer_target_missing(const csizer_target_runtime *runtime) {
  static const size_t needed[] = {
      offsetof(csizer_target_runtime, slow_alloc), offsetof(csizer_target_runtime, slow_dealloc),
      offsetof(csizer_target_runtime, alloc_object), offsetof(csizer_target_runtime, type_in_context),
      offsetof(csizer_target_runtime, type_name)};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++)
      if (csizer_target_rows[row].offset == needed[i] && !address_in(runtime, row))
        return csizer_target_rows[row].symbol;
  return NULL;
}

// With the dynamic runtime the engine's own weak definition comes first and the runtime's is the next; with the static
// runtime there is none other than the runtime's.
csizer_target_runtime csizer_target_linked(void) {
  csizer_target_runtime linked = LINKED;
  linked.alloc_object = bound_alloc_object;
  void *next = dlsym(RTLD_NEXT, "swift_allocObject");
  if (next) memcpy(&linked.alloc_object, &next, sizeof next);
  csizer_target_look_for_cxx(&linked);
  return linked;
}

void csizer_target_look_for_cxx(csizer_target_runtime *runtime) {
  void *demangler = dlsym(RTLD_DEFAULT, "__cxa_demangle");
  if (!runtime->cxx_demangle && demangler) memcpy(&runtime->cxx_demangle, &demangler, sizeof demangler);
}

void csizer_target_lend_demangler(csizer_target_runtime *runtime) {
  const csizer_target_runtime own = LINKED;
  if (!runtime->demangle) runtime->demangle = own.demangle;
}

void csizer_target_use(const csizer_target_runtime *runtime, csizer_target_source source) {
  csizer_target = *runtime;
  source_in_use = source;
}

// ---- Tasks ----

static bool tasks_are_lost;

// Debuggers ask for these by name; no code does, so that a linker which collects garbage takes them for some.
void csizer_target_note_tasks(const csizer_target_runtime *runtime, bool makes_tasks) {
  tasks_are_lost = makes_tasks && !(runtime->task_metadata && runtime->task_slab_mark && runtime->task_bytes &&
                                    runtime->task_layout);
}

const char *csizer_target_tasks_reason(void) {
  return tasks_are_lost ? "the linker dropped what tells them (_swift_concurrency_debug_...): build the program with "
                          "--disable-dead-strip, which costs it some 150 kB"
                        : "";
}

void csizer_target_begin(void *(*bound)(const void *metadata, size_t bytes, size_t align_mask)) {
  bound_alloc_object = bound;
  if (source_in_use == CSIZER_TARGET_LINKED) csizer_target = csizer_target_linked();
}

csizer_target_source csizer_target_source_in_use(void) { return source_in_use; }

void csizer_target_each(void (*visit)(const char *symbol, const void *address, void *context), void *context) {
  for (size_t row = 0; row < CSIZER_TARGET_ROWS; row++)
    visit(csizer_target_rows[row].symbol, (const void *)address_in(&csizer_target, row), context);
}
