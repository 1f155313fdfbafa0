// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_crew_internal.h"

// Arrays of references that wait: both jobs of a turn read all of the elements, in order, and each believes those of
// its own part.

static void touch(walk_range range) {
  enum { PAGE_WORDS = (1 << PLATFORM_LEAST_PAGE_SHIFT) / sizeof(uintptr_t) };
  for (size_t word = 0; word < range.count; word += PAGE_WORDS) (void)*(const volatile uintptr_t *)&range.words[word];
  (void)*(const volatile uintptr_t *)&range.words[range.count - 1];
}

// The one that is touched does not wait meanwhile: if it can't be read the others still do.
void csizer_crew_touch_ranges(walk_crew *crew) {
  csizer_walk *walk = crew->walk;
  for (unsigned i = 0; i < walk->range_count; i++) {
    const walk_range range = walk->ranges[i];
    walk->ranges[i] = walk->ranges[--walk->range_count];
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    touch(range);
    walk->ranges[walk->range_count++] = walk->ranges[i];
    walk->ranges[i] = range;
  }
}

// Which part an element is in nobody could foresee: those of the job's own are picked without a decision.
static void believe(crew_member *member, const uintptr_t *words, size_t count) {
  heapmap_grain *const own = member->own;
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const heapmap_grain grain = heapmap_grain_of(words[i]);
    own[found] = grain;
    found += (unsigned)crew_is_in_range(grain) & (unsigned)(heapmap_part_of_grain(grain) == member->part);
  }
  csizer_crew_believe(member, own, found);
}

void csizer_crew_believe_ranges(crew_member *member) {
  const csizer_walk *walk = member->crew->walk;
  for (unsigned i = 0; i < walk->range_count; i++) {
    const walk_range range = walk->ranges[i];
    for (size_t done = 0; done < range.count; done += CREW_SOME)
      believe(member, range.words + done, range.count - done < CREW_SOME ? range.count - done : CREW_SOME);
  }
}

// An array does not wait any more before its words are looked at: a fault costs the rest of its own.
void csizer_crew_end_ranges(walk_crew *crew) {
  csizer_walk *walk = crew->walk;
  bool has_strangers = false;
  for (unsigned i = 0; i < CREW_MOST; i++) {
    has_strangers |= crew->members[i].has_strangers;
    crew->members[i].has_strangers = false;
  }
  if (!has_strangers) walk->range_count = 0;
  while (walk->range_count) {
    const walk_range range = walk->ranges[--walk->range_count];
    walk->holder++;
    for (size_t i = 0; i < range.count; i++)
      if (walk_may_be_object(range.words[i]) && !heapmap_leaf_at(walk->map, range.words[i]))
        csizer_walk_unlisted(walk, range.words[i]);
  }
}
