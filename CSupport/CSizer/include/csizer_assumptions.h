// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ASSUMPTIONS_H
#define CSIZER_ASSUMPTIONS_H
#include <stddef.h>
#include <stdint.h>

/// What the engine assumes of the measured program's Swift and can ask of live objects: where they keep their words.
/// A version of Swift that keeps one elsewhere costs what rests on that one, and nothing else: no word is read then
/// under another's name.
///
/// Threads: csizer_assumptions_ask_objects is called while there is one thread; the other calls that ask, by one thread
/// at a time, before the first walk. What was found out is read by all threads.

/// One thing that is assumed.
typedef enum csizer_assumption {
  CSIZER_ASSUMES_HEADERS = 0,     // an object begins with its metadata
  CSIZER_ASSUMES_ENDINGS,         // the last release calls a slot of the metadata, with the object
  CSIZER_ASSUMES_COUNTS,          // which bits count references, and which say that an object is dead
  CSIZER_ASSUMES_SIDE_TABLES,     // how they are told, and where their object and its counts are
  CSIZER_ASSUMES_BOXES,           // where the value is in a box, and its type
  CSIZER_ASSUMES_ERRORS,          // the same of errors
  CSIZER_ASSUMES_TASKS,           // a task's own words, and its first slab
  CSIZER_ASSUMES_ARRAYS,          // an array's count and capacity, and its first element
  CSIZER_ASSUMES_DICTIONARIES,    // a dictionary's counts, keys and values, and which of its buckets are in use
  CSIZER_ASSUMES_SETS,            // the same of sets
  CSIZER_ASSUMES_STRINGS,         // a large string's count and capacity, and its text
  CSIZER_ASSUMPTIONS,
} csizer_assumption;

/// What was found out.
typedef enum csizer_assumption_state {
  /// Nobody could ask. It is believed.
  CSIZER_UNCHECKED = 0,
  /// A live object is as expected.
  CSIZER_HOLDS = 1,
  /// One is not. What rests on it is not known.
  CSIZER_BROKEN = 2,
} csizer_assumption_state;

/// What is known of an assumption. Texts are static strings.
typedef struct csizer_assumption_finding {
  /// What it is about: "arrays".
  const char *name;
  csizer_assumption_state state;
  /// Why nobody asked, or what was found; empty when it holds.
  const char *reason;
  /// What is not known therefore; empty unless it is broken.
  const char *consequence;
} csizer_assumption_finding;

/// Any thread. `assumption` is below CSIZER_ASSUMPTIONS.
csizer_assumption_finding csizer_assumption_read(csizer_assumption assumption);

/// Asks objects that the measured program's runtime makes, ends and frees meanwhile, and its empty collections. While
/// there is one thread and before the census begins, which therefore never knows of them. Allocates nothing that stays
/// but what the runtime keeps of the type of a box. Time: some 5 us.
void csizer_assumptions_ask_objects(void);

/// Asks a task that the measured program's runtime makes and frees meanwhile. It never runs, and the census does not
/// know of tasks. Time: some 2 us.
void csizer_assumptions_ask_task(void);

/// Asks an array's storage, of `bytes` usable bytes; the rest is what the array itself says.
void csizer_assumptions_ask_array(const void *storage, size_t bytes, size_t count, size_t capacity, const void *first);

/// What a dictionary or a set holds, by its own iteration: keys of a word, values of a byte.
typedef struct csizer_hash_contents {
  size_t count, capacity;
  uint64_t key_sum;
  uint64_t value_sum;  // 0 in a set
} csizer_hash_contents;

/// Asks the storage of a dictionary from words to bytes, or of a set of words (CSIZER_ASSUMES_SETS).
void csizer_assumptions_ask_hash(csizer_assumption assumption, const void *storage, size_t bytes,
                                 const csizer_hash_contents *contents);

/// Asks a large string, `string` being where its two words are, whose UTF-8 is `length` bytes at `text`. Room for
/// `least` bytes was asked for.
void csizer_assumptions_ask_string(const void *string, const char *text, size_t length, size_t least);

/// Says of all assumptions on collections that nobody asked yet why nobody can: `reason` is a static string.
void csizer_assumptions_leave_collections(const char *reason);

#endif
