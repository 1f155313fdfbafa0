// SPDX-License-Identifier: Apache-2.0
// Asks the storage of live arrays, dictionaries, sets and strings where they keep their counts and their elements.
#include <string.h>

#include "runtime/assumptions.h"
#include "runtime/string_text.h"
#include "runtime/target.h"

static const char *array(const swift_array *array, size_t bytes, size_t count, size_t capacity, const void *first) {
  if (bytes < sizeof *array) return "an array's storage is smaller";
  if (array->count != count) return "an array's count is elsewhere";
  if (array->capacity_and_flag >> 1 != capacity) return "an array's capacity is elsewhere";
  return first == array + 1 ? NULL : "an array's elements are elsewhere";
}

void csizer_assumptions_ask_array(const void *storage, size_t bytes, size_t count, size_t capacity, const void *first) {
  csizer_assumption_judge(CSIZER_ASSUMES_ARRAYS, array(storage, bytes, count, capacity, first));
}

// ---- Hash tables ----

static bool lies_within(const void *storage, size_t bytes, const void *start, size_t length) {
  const uintptr_t offset = (uintptr_t)start - (uintptr_t)storage;
  return offset <= bytes && length <= bytes - offset;
}

// As the walk goes over them (walk_collections.c): all that is read is in the block.
static const char *elements(const swift_hash *hash, size_t bytes, bool has_values,
                            const csizer_hash_contents *contents) {
  const size_t buckets = (size_t)1 << (hash->scale & 63);
  const uint64_t *bitmap = (const uint64_t *)(const void *)(hash->pointers + (has_values ? 2 : 1));
  const uint64_t *keys = (const uint64_t *)(const void *)hash->pointers[0];
  const unsigned char *values = has_values ? (const unsigned char *)hash->pointers[1] : NULL;
  if (buckets > bytes || !lies_within(hash, bytes, keys, buckets * sizeof *keys) || (uintptr_t)keys & 7)
    return "their keys are elsewhere";
  if (has_values && !lies_within(hash, bytes, values, buckets)) return "their values are elsewhere";
  if (!lies_within(hash, bytes, bitmap, (buckets + 63) / 64 * sizeof *bitmap)) return "their bitmap is elsewhere";
  csizer_hash_contents found = {.capacity = hash->capacity};
  for (size_t bucket = 0; bucket < buckets; bucket++) {
    if (!(bitmap[bucket / 64] >> bucket % 64 & 1)) continue;
    found.count++;
    found.key_sum += keys[bucket];
    found.value_sum += values ? values[bucket] : 0;
  }
  if (found.count != contents->count) return "which of their buckets are in use is said elsewhere";
  if (found.key_sum != contents->key_sum) return "their keys are elsewhere";
  return found.value_sum == contents->value_sum ? NULL : "their values are elsewhere";
}

static const char *hash(const swift_hash *hash, size_t bytes, bool has_values, const csizer_hash_contents *contents) {
  if (bytes < sizeof *hash + 3 * sizeof *hash->pointers) return "their storage is smaller";
  if (hash->count != contents->count) return "their count is elsewhere";
  if (hash->capacity != contents->capacity) return "their capacity is elsewhere";
  return elements(hash, bytes, has_values, contents);
}

void csizer_assumptions_ask_hash(csizer_assumption assumption, const void *storage, size_t bytes,
                                 const csizer_hash_contents *contents) {
  csizer_assumption_judge(assumption, hash(storage, bytes, assumption == CSIZER_ASSUMES_DICTIONARIES, contents));
}

// ---- Strings ----

// What stands before the text is read when the string's own words lead there, too.
static const char *string(const void *string, const char *text, size_t length, size_t least) {
  enum { MOST_GROWTH = 4 };
  size_t told = 0;
  if (string_text(string, &told) != text) return "their text is elsewhere";
  if (told != length) return "a string's count is elsewhere";
  const swift_string_storage *storage = (const swift_string_storage *)(const void *)text - 1;
  const size_t capacity = storage->capacity_and_flags & SWIFT_STORAGE_COUNT;
  if ((storage->count_and_flags & SWIFT_STORAGE_COUNT) != length) return "their count is elsewhere";
  return capacity >= least && capacity / MOST_GROWTH <= least ? NULL : "their capacity is elsewhere";
}

void csizer_assumptions_ask_string(const void *value, const char *text, size_t length, size_t least) {
  csizer_assumption_judge(CSIZER_ASSUMES_STRINGS, string(value, text, length, least));
}

// ---- Empty ones: stdlib/public/stubs/GlobalObjects.cpp ----

static const char *empty_hash(const swift_hash *hash, bool has_values) {
  const uint64_t *bitmap = (const uint64_t *)(const void *)(hash->pointers + (has_values ? 2 : 1));
  const char *const none = (const char *)1;
  const bool has_pointers = hash->pointers[0] == none && (!has_values || hash->pointers[1] == none);
  if (hash->count || hash->capacity || hash->scale) return "an empty one's counts are elsewhere";
  return has_pointers && *bitmap == ~(uint64_t)1 ? NULL : "an empty one's keys are elsewhere";
}

static void note_empty(csizer_assumption assumption, const char *broken) {
  csizer_assumption_note(assumption, broken ? CSIZER_BROKEN : CSIZER_UNCHECKED,
                         broken ? broken : "none but an empty one was asked yet");
}

void csizer_assumptions_ask_empty(void) {
  const swift_array *array = csizer_target.empty_array;
  const bool is_empty = array && !array->count && array->capacity_and_flag >> 1 == 0;
  if (array) note_empty(CSIZER_ASSUMES_ARRAYS, is_empty ? NULL : "an empty one's counts are elsewhere");
  if (csizer_target.empty_dictionary)
    note_empty(CSIZER_ASSUMES_DICTIONARIES, empty_hash(csizer_target.empty_dictionary, true));
  if (csizer_target.empty_set) note_empty(CSIZER_ASSUMES_SETS, empty_hash(csizer_target.empty_set, false));
}
