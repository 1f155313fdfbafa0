// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_SINK_H
#define CSIZER_WALK_SINK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A walk with a sink follows nothing: it tells the sink the words of one object after the other (csizer_walk_list). So
// that what types look like is known in one place, whether references are followed or listed.

/// A copy of an enum's payload, which is read instead of the payload itself, and where that stands.
typedef struct walk_copy {
  const char *start;
  size_t bytes;  // 0: there is no copy
  const char *original;
} walk_copy;

/// `at` is always where the word stands, or NULL; walk_sink_place leads from a copy to what was copied.
typedef struct walk_sink {
  /// A word that the layout calls a reference: an object's address, or that of something that is no heap object.
  void (*reference)(struct walk_sink *sink, uintptr_t address, const void *at);
  /// A word that is the address of a live object, by the census, or of a task, and may be a reference to it.
  void (*uncertain)(struct walk_sink *sink, uintptr_t object, const void *at);
  /// A weak reference to a live object.
  void (*weak)(struct walk_sink *sink, uintptr_t object, const void *at);
  /// An unowned reference, to an object that lives or is dead.
  void (*unowned)(struct walk_sink *sink, uintptr_t address, const void *at);
  /// A raw block that was not met before; the walk's part says whose.
  void (*raw_block)(struct walk_sink *sink, uintptr_t block, uint32_t kind, size_t bytes);
  /// A value that shows so many bytes of a live buffer of more; NULL: nobody wants to know.
  void (*slice)(struct walk_sink *sink, uintptr_t buffer, uint32_t kind, uint64_t used);
  /// Only what is counted matters, not the words.
  bool counts_only;
  /// The words that are read now are where a guess says that values are: they are uncertain.
  bool is_guess;
  /// What is read now is outside of the object: the field of the object that leads there.
  const void *origin;
  walk_copy copy;
} walk_sink;

// All of these do nothing without a sink.

/// Where the word at `at` really stands.
static inline const void *walk_sink_original(const walk_sink *sink, const void *at) {
  size_t offset = (size_t)((const char *)at - sink->copy.start);
  return offset < sink->copy.bytes ? sink->copy.original + offset : at;
}

/// The field of the object that leads to what is owned by the field at `at`, which may itself be outside of the object.
static inline const void *walk_sink_place(const walk_sink *sink, const void *at) {
  if (!sink) return NULL;
  return sink->origin ? sink->origin : walk_sink_original(sink, at);
}

/// What is read until the one that leaves again: behind which field it is (NULL: in the object), and whether that is a
/// guess. What is read inside of a guess is one.
typedef struct walk_scope {
  const void *origin;
  bool is_guess;
} walk_scope;
static inline walk_scope walk_sink_enter(walk_sink *sink, const void *origin, bool is_guess) {
  if (!sink) return (walk_scope){0};
  walk_scope outer = {sink->origin, sink->is_guess};
  if (origin && !sink->origin) sink->origin = walk_sink_original(sink, origin);
  sink->is_guess |= is_guess;
  return outer;
}
static inline void walk_sink_leave(walk_sink *sink, walk_scope outer) {
  if (!sink) return;
  sink->origin = outer.origin;
  sink->is_guess = outer.is_guess;
}

/// The same for a copy of a payload.
static inline walk_copy walk_sink_copy(walk_sink *sink, const char *start, size_t bytes, const char *payload) {
  if (!sink) return (walk_copy){0};
  walk_copy outer = sink->copy;
  sink->copy = (walk_copy){start, bytes, walk_sink_original(sink, payload)};
  return outer;
}
static inline void walk_sink_uncopy(walk_sink *sink, walk_copy outer) {
  if (sink) sink->copy = outer;
}

#endif
