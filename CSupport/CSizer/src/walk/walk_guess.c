// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Words that may lead to something and may not. They wait until all that certain words lead to has been counted; what
// they still add then is estimate. Followed as they are met, they would make an estimate of what another word certainly
// leads to.

static bool is_object(const csizer_walk *walk, uintptr_t address) {
  return csizer_heapmap_contains(walk->map, (const void *)address);
}

// A word may be an unowned reference, which keeps the block of what is dead.
static void reach(csizer_walk *walk, uintptr_t object) {
  if (walk_is_dead(walk, object)) csizer_walk_dead(walk, object);
  else walk_reference(walk, object, NULL);
}

static void follow(csizer_walk *walk, const walk_guess *guess);

// Of a whole heap there may be more doubts than there is memory: then what is certain has to come first no longer.
static void follow_some(csizer_walk *walk) {
  walk->estimating = true;
  while (walk->guess_next < walk->guess_count) follow(walk, &walk->guesses[walk->guess_next++]);
  walk->estimating = false;
  walk->guess_next = walk->guess_count = 0;
}

static void put_off(csizer_walk *walk, walk_guess guess) {
  enum { MOST = 1 << 18 };
  if (walk->meets_dead && walk->guess_count >= MOST) follow_some(walk);
  if (!csizer_walk_make_room(walk, &walk->guesses, &walk->guess_capacity, walk->guess_count, sizeof guess)) return;
  guess.level = walk->level + 1;
  guess.part = walk->part;
  walk->guesses[walk->guess_count++] = guess;
}

static bool is_seen(const csizer_walk *walk, uintptr_t object) {
  return heapmap_is_seen(heapmap_leaf_at(walk->map, object), object);
}

// Only what the census knows counts: nothing else is known of these words.
static void meet(csizer_walk *walk, const uintptr_t *at, bool is_sure) {
  const uintptr_t word = *at;
  if (!is_object(walk, word)) return;
  if (walk->sink) {
    walk->sink->uncertain(walk->sink, word, at);
    return;
  }
  if (is_sure || walk->estimating) reach(walk, word);
  else if (is_seen(walk, word)) return;
  else if (walk->at_bottom) walk->totals.cut = true;
  else put_off(walk, (walk_guess){.address = word});
}

static void meet_words(csizer_walk *walk, const void *start, size_t bytes, bool is_sure) {
  const uintptr_t *words = (const uintptr_t *)swift_round_up((uintptr_t)start, 7);
  const uintptr_t *end = (const uintptr_t *)(((uintptr_t)start + bytes) & ~(uintptr_t)7);
  for (; words < end; words++) meet(walk, words, is_sure);
}

void csizer_walk_conservative(csizer_walk *walk, const void *start, size_t bytes) {
  meet_words(walk, start, bytes, false);
}

void csizer_walk_sure_words(csizer_walk *walk, const void *start, size_t bytes) {
  meet_words(walk, start, bytes, true);
}

void csizer_walk_doubt(csizer_walk *walk, uintptr_t address, uint32_t kind) {
  if (walk->estimating) csizer_walk_raw_block(walk, address, kind, false);
  else if (walk->sweeping && csizer_walk_is_counted(walk, address)) return;
  else put_off(walk, (walk_guess){.address = address, .is_block = true, .kind = kind});
}

void csizer_walk_doubt_task(csizer_walk *walk, uintptr_t task, const void *at) {
  if (walk->sink) walk->sink->uncertain(walk->sink, task, at);
  else if (walk->estimating) walk_follow(walk, task);
  else if (csizer_walk_has_seen(walk, task)) return;
  else if (walk->at_bottom) walk->totals.cut = true;
  else put_off(walk, (walk_guess){.address = task, .is_task = true});
}

static void follow(csizer_walk *walk, const walk_guess *guess) {
  if (guess->is_task) walk_follow(walk, guess->address);
  else if (guess->is_block) csizer_walk_raw_block(walk, guess->address, guess->kind, false);
  else if (is_object(walk, guess->address)) reach(walk, guess->address);
}

void csizer_walk_follow_guesses(csizer_walk *walk, uint32_t level) {
  walk->level = level - 1;
  walk->at_bottom = walk->level >= walk->options.maximum_depth;
  while (walk->guess_next < walk->guess_count && walk->guesses[walk->guess_next].level == level)
    follow(walk, &walk->guesses[walk->guess_next++]);
}

void csizer_walk_follow_part(csizer_walk *walk, uint32_t part) {
  while (walk->guess_next < walk->guess_count && walk->guesses[walk->guess_next].part == part)
    follow(walk, &walk->guesses[walk->guess_next++]);
}
