// SPDX-License-Identifier: Apache-2.0
// The start of the census in a program that does not link this library: whose runtime it is, and whether it may be had.
#define _GNU_SOURCE
#include "csizer_guest.h"

#include <dlfcn.h>

#include "csizer_allocator.h"
#include "csizer_census.h"
#include "csizer_target.h"
#include "hooks/entry_points.h"
#include "hooks/start.h"
#include "platform/elf.h"
#include "runtime/target.h"

#ifdef CSIZER_GUEST
bool csizer_is_guest(void) { return true; }
#else
bool csizer_is_guest(void) { return false; }
#endif

static bool note_first(uintptr_t address, void *context) {
  *(uintptr_t *)context = address;
  return false;
}

// What this library has of that name is hidden: the loader knows that of others only.
static bool program_links_sizer(void) {
  if (dlsym(RTLD_DEFAULT, "csizer_census_map")) return true;
  uintptr_t first = 0;
  csizer_elf program;
  csizer_wanted_symbol wanted = {.name = "csizer_census_map"};
  csizer_elf_each_image(note_first, &first);  // the loader lists the program first
  if (!csizer_elf_open(first, &program)) return false;
  csizer_elf_find_symbols(&program, &wanted, 1);
  csizer_elf_close(&program);
  return wanted.address || wanted.is_ambiguous;
}

// A stripped program's Sizer is told by the definition that it puts before the library's (entry_points.c).
static bool somebody_stands_before(csizer_target_source source) {
  void *first = dlsym(RTLD_DEFAULT, "swift_allocObject");
  return source == CSIZER_TARGET_LIBRARY && first && first != (void *)(uintptr_t)csizer_target.alloc_object;
}

static const char *find_all(csizer_target_source source) {
  const char *reason;
  if (program_links_sizer()) return "the program links Sizer itself: use its ClassTracker, or leave the preload out";
  if (csizer_target_find(source, &reason)) return reason;
  if (somebody_stands_before(source))
    return "another profiler has taken the place of swift_allocObject: start the program without it";
  return csizer_allocator_find(&reason) ? reason : "";
}

csizer_guest_outcome csizer_guest_start(const char **ret_reason) {
  csizer_target_source source;
  csizer_elf_leave_out((const void *)(uintptr_t)csizer_guest_start);
  *ret_reason = "the program has no Swift runtime";
  if (!csizer_target_locate(&source)) return CSIZER_GUEST_NO_SWIFT;
  *ret_reason = find_all(source);
  if (**ret_reason) return CSIZER_GUEST_REFUSED;
  csizer_hooks_begin();
  *ret_reason = csizer_census_reason();
  return csizer_census_state() == CSIZER_HOOKS_REPLACED ? CSIZER_GUEST_STARTED : CSIZER_GUEST_REFUSED;
}
