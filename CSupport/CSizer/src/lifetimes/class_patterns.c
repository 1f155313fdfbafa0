// SPDX-License-Identifier: Apache-2.0
// Which patterns a tracker has, and which classes they mean.
#include "lifetimes/class_patterns.h"

#include <string.h>

#include "lifetimes/name_pattern.h"
#include "runtime/mangling.h"

// Those that a program has for Sizer's sake: a pattern for all classes does not mean the profiler.
static bool is_own(const char *name) {
  static const char *const modules[] = {"Sizer.", "SizerGraph.", "SizerProfile.", "SizerReports."};
  for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
    if (strncmp(name, modules[i], strlen(modules[i])) == 0) return true;
  return false;
}

// The longest name has as many characters as the longest pattern; one more is room for a dot that does not come.
enum { NAME_ROOM = CSIZER_PATTERN_ROOM + 1 };

// The name of a class; false when patterns can't mean it.
static bool read_name(const swift_class *type, char text[NAME_ROOM]) {
  const swift_descriptor *descriptor = type->kind == SWIFT_CLASS ? type->description : NULL;
  if (!descriptor || (descriptor->flags & 0x1F) != SWIFT_CONTEXT_CLASS) return false;
  return csizer_descriptor_name(descriptor, text, NAME_ROOM) && !is_own(text);
}

bool csizer_pattern_means(const char *pattern, const swift_class *type) {
  char name[NAME_ROOM];
  return read_name(type, name) && csizer_name_matches(pattern, name);
}

const csizer_tracking *csizer_patterns_find(const csizer_lifetimes *lifetimes, const swift_class *type) {
  char name[NAME_ROOM];
  if (!lifetimes->pattern_count || !read_name(type, name)) return NULL;
  for (uint32_t i = lifetimes->pattern_count; i-- > 0;)
    if (csizer_name_matches(lifetimes->patterns[i].text, name)) return &lifetimes->patterns[i].tracking;
  return NULL;
}

bool csizer_patterns_reserve(csizer_lifetimes *lifetimes) {
  size_t bytes = ((size_t)lifetimes->pattern_count + 1) * sizeof *lifetimes->patterns;
  if (!csizer_page_array_reserve(&lifetimes->pattern_pages, bytes)) return false;
  lifetimes->patterns = lifetimes->pattern_pages.memory;
  return true;
}

void csizer_patterns_set(csizer_lifetimes *lifetimes, const char *pattern, const csizer_tracking *tracking) {
  csizer_patterns_remove(lifetimes, pattern);
  tracked_pattern *added = &lifetimes->patterns[lifetimes->pattern_count++];
  added->tracking = *tracking;
  strcpy(added->text, pattern);
}

bool csizer_patterns_remove(csizer_lifetimes *lifetimes, const char *pattern) {
  for (uint32_t i = 0; i < lifetimes->pattern_count; i++) {
    tracked_pattern *found = &lifetimes->patterns[i];
    if (strcmp(found->text, pattern) != 0) continue;
    memmove(found, found + 1, (--lifetimes->pattern_count - i) * sizeof *found);
    return true;
  }
  return false;
}
