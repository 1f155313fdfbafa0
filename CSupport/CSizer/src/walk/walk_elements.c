// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Values side by side: in an object's tail, in a raw block.

static void references(csizer_walk *walk, const uintptr_t *words, size_t count) {
  if (walk->sink) {
    for (size_t i = 0; i < count; i++) walk_reference(walk, words[i], &words[i]);
    return;
  }
  if (csizer_walk_defer(walk, words, count)) return;
  size_t i = 0;
  for (; i < count && !walk->sweeping; i++)
    if (walk_may_be_object(words[i])) walk_follow(walk, words[i]);
  csizer_walk_believe(walk, words + i, count - i);
}

void csizer_walk_elements(csizer_walk *walk, const char *first, size_t count, const csizer_value_layout *element) {
  if (csizer_layout_is_plain(element)) return;
  if (walk->sink && walk->sink->counts_only && !element->op_count) return;  // nothing in there is counted
  if (element->references == 1 && !element->op_count && element->stride == sizeof(uintptr_t)) {
    references(walk, (const uintptr_t *)(const void *)first, count);
    return;
  }
  enum { A_WHILE = 1 << 16 };
  for (size_t i = 0; i < count; i++) {
    walk_value(walk, first + i * element->stride, element);
    if (__builtin_expect(i % A_WHILE == 0 && walk->steps, 0)) (*walk->steps)++;
  }
}

void csizer_walk_drain_values(csizer_walk *walk) {
  while (walk->value_count) {
    walk_values values = walk->values[--walk->value_count];
    walk->holder++;
    const walk_scope outer = walk_sink_enter(walk->sink, values.origin, values.is_guess);
    csizer_walk_elements(walk, values.first, values.count, values.element);
    walk_sink_leave(walk->sink, outer);
  }
}
