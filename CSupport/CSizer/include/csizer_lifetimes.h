// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIFETIMES_H
#define CSIZER_LIFETIMES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// Lifetimes: which objects a tracker tracks, when each was born and when it died.
///
/// Births of tracked classes are seen in the runtime's allocation entry point (csizer_census.h), which asks a table
/// keyed by the object's metadata; a metadata that is new to it is looked at once, superclasses included. Deaths are
/// seen in the class metadata's destroy slot, the word two before its address point (docs/ABI/TypeMetadata.rst and
/// Metadata.h, HeapMetadataHeaderPrefix), which is replaced for tracked classes only; objects that are freed without
/// being destroyed, because their initialiser failed or their class was changed, are seen when their memory is freed.
///
/// An object costs 24 bytes for ever, 4 more where several threads make them. While it lives the places around it, 128
/// bytes of them, share 36 bytes, or it has 12 to 23 of its own where several trackers have it; from the first snapshot
/// on 12 more. What the dead had of that is given back when many are found dead (csizer_sizing_list). All of it is the
/// kernel's pages, none of the measured heap.
///
/// Thread rules: births and deaths come from any thread at any time, and take no lock but where
/// csizer_lifetimes_locks_reason says so, and now and then for more numbers or more memory. The calls below may come
/// from any thread, but one at a time per tracker.
typedef struct csizer_lifetimes csizer_lifetimes;

/// How objects are tracked: said when their class is, or they themselves are.
typedef struct csizer_tracking {
  /// The caller's own number for it; comes back in csizer_cohort.
  uint32_t number;
  /// How many levels of referents a snapshot names.
  uint32_t resolution_level;
  /// How many calls of the stack to record at a birth; 0: none.
  uint32_t trace_depth;
  /// Hold a strong reference to each object.
  bool keep;
} csizer_tracking;

/// What objects have in common that were tracked in one way and have one class.
typedef struct csizer_cohort {
  /// The class's metadata at the time of the tracking; NULL when its library was closed since.
  const void *type;
  uint32_t number;
  uint32_t resolution_level;
  bool keep;
} csizer_cohort;

/// How an object stands.
typedef enum csizer_fate {
  CSIZER_ALIVE = 0,
  CSIZER_DEAD = 1,
  /// It was no longer tracked before it died.
  CSIZER_RELEASED = 2,
} csizer_fate;

/// One tracked object.
typedef struct csizer_lifetime {
  uint64_t birth;  // csizer_clock ticks
  uint64_t end;    // of its life or of its being tracked; 0 while both go on
  uint64_t address;  // 0 unless alive
  uint32_t cohort;
  uint32_t trace;  // csizer_trace_frames; 0: none
  csizer_fate fate;
} csizer_lifetime;

/// An object whose class is no longer the one that it had when it was tracked.
typedef struct csizer_morph {
  uint32_t object;
  const void *type;
} csizer_morph;

/// An empty tracker, which tracks nothing. Free with csizer_lifetimes_destroy.
csizer_status csizer_lifetimes_create(csizer_lifetimes **ret_lifetimes);

/// The object that a tracker belongs to: no sizing counts it with who refers to it, nor what only it refers to. NULL
/// for none, which must be said before the object's memory is freed.
void csizer_lifetimes_set_owner(csizer_lifetimes *lifetimes, const void *owner);

/// Stops tracking and frees all records; NULL is fine. Objects that were kept must have been released before.
void csizer_lifetimes_destroy(csizer_lifetimes *lifetimes);

/// Tracks the objects that will be made of a class and of those that inherit from it and have no nearer tracked
/// ancestor. Replaces an earlier tracking of the same class. `type` is class metadata. CSIZER_UNSUPPORTED when births
/// can't be seen (csizer_census.h), or to keep them in a process without Swift's runtime. CSIZER_NO_MEMORY when the
/// system refuses memory or to let deaths be seen; then nothing has changed. Any number of trackers may track a class;
/// each makes its births and deaths dearer.
csizer_status csizer_lifetimes_track_class(csizer_lifetimes *lifetimes, const void *type,
                                           const csizer_tracking *tracking);

/// Ends the tracking of a class; objects that are tracked already stay so. Whether it was tracked.
bool csizer_lifetimes_untrack_class(csizer_lifetimes *lifetimes, const void *type);

/// How many bytes the text of a pattern takes at most, its end included.
enum { CSIZER_PATTERN_ROOM = 1008 };

/// Tracks the objects that will be made of all classes that a pattern means by their names: those that programs and
/// libraries have by now, and those that they will have. `*` in it stands for any characters, none too.
///
/// A class is called as its descriptor says: "Module.Outer.Inner", a generic one without its arguments, a private one
/// without what tells it from others of its name. Its heirs have names of their own. A class that is tracked itself is
/// tracked as was said of it, one that a pattern means by what was said of that, of several by the one that was set
/// last, and only then one that inherits from a tracked class. None of Sizer's own classes is meant by any pattern.
/// Setting a pattern again replaces what was said of it.
///
/// A class is looked at when its first object is made, and those that were met before at this call. CSIZER_INVALID for
/// an empty pattern and one that is too long; the rest as csizer_lifetimes_track_class. Linear in the classes that were
/// met.
csizer_status csizer_lifetimes_track_named(csizer_lifetimes *lifetimes, const char *pattern,
                                           const csizer_tracking *tracking);

/// Takes one such pattern away; objects that are tracked already stay so. Whether it was set.
bool csizer_lifetimes_untrack_named(csizer_lifetimes *lifetimes, const char *pattern);

/// Tracks no class any more, for whatever reason it was.
void csizer_lifetimes_untrack_classes(csizer_lifetimes *lifetimes);

/// Whether the class itself was tracked.
bool csizer_lifetimes_tracks_class(const csizer_lifetimes *lifetimes, const void *type);

/// Tracks a living object from now on; one that is tracked already stays as it is. CSIZER_INVALID when it is no heap
/// object of a Swift class; CSIZER_UNSUPPORTED when its death could not be seen, or to keep it without Swift's runtime.
csizer_status csizer_lifetimes_track_object(csizer_lifetimes *lifetimes, const void *object,
                                            const csizer_tracking *tracking);

/// Which cohort a tracked, living object is of. False when it is not tracked.
bool csizer_lifetimes_find(csizer_lifetimes *lifetimes, const void *object, uint32_t *ret_cohort);

/// Changes the level of a tracked, living object; whether it is kept stays as it is. CSIZER_INVALID when it is not
/// tracked.
csizer_status csizer_lifetimes_set_level(csizer_lifetimes *lifetimes, const void *object,
                                         const csizer_tracking *tracking);

/// References that a tracker held.
typedef struct csizer_kept {
  void **objects;
  size_t count;
  size_t bytes;  // of the list
} csizer_kept;

/// Tracks no object any more; what was recorded stays. `ret_kept` gets the objects that were kept; the caller lets them
/// go.
csizer_status csizer_lifetimes_untrack_objects(csizer_lifetimes *lifetimes, csizer_kept *ret_kept);

/// Releases the references. Deinits of the program may run and call anything: no lock may be held.
void csizer_kept_release(csizer_kept *kept);

/// Forgets all records. No class and no object may be tracked.
void csizer_lifetimes_forget(csizer_lifetimes *lifetimes);

/// How many objects were ever tracked; they are numbered in the order in which they came. Holds for a moment, so that
/// all births are in it which had ended before.
uint32_t csizer_lifetimes_count(csizer_lifetimes *lifetimes);

/// Objects that could not be recorded, because the system refused memory, there are no numbers left, or they were made
/// in a signal handler whose thread was recording others; with those of that last kind, or whose end came so and could
/// not be noted, of which nobody could tell whose they are.
uint64_t csizer_lifetimes_lost(const csizer_lifetimes *lifetimes);

/// Reads one object's record; the caller holds (csizer_lifetimes_hold), or accepts a record of a birth that is under
/// way.
csizer_lifetime csizer_lifetimes_read(csizer_lifetimes *lifetimes, uint32_t number);

/// How many cohorts there are.
uint32_t csizer_lifetimes_cohort_count(const csizer_lifetimes *lifetimes);

/// One of them; all zero when there is none of that number.
csizer_cohort csizer_lifetimes_cohort(const csizer_lifetimes *lifetimes, uint32_t cohort);

/// Bytes of memory that the records take.
size_t csizer_lifetimes_bytes(const csizer_lifetimes *lifetimes);

/// Why each birth and death takes a lock in this process, as a static string; empty when they don't. May change once,
/// to a reason: a filter of system calls may come late. Any thread.
const char *csizer_lifetimes_locks_reason(void);

/// From here to csizer_lifetimes_resume no tracked object of any tracker is born or dies: threads that would do so
/// wait. What the calling thread makes meanwhile is not tracked. Nests. Answers the time at which all of them had
/// stopped.
uint64_t csizer_lifetimes_hold(void);

/// Ends csizer_lifetimes_hold, on the same thread.
void csizer_lifetimes_resume(void);

/// Where the living objects are whose births were recorded with their calls, by whichever tracker, and these calls
/// (csizer_trace_frames): how many there are, of which at most `room` are written. An object that several trackers have
/// recorded is there several times. Only births before `moment` count (csizer_clock ticks). Holds meanwhile.
size_t csizer_lifetimes_traced(uint64_t moment, uintptr_t *addresses, uint32_t *traces, size_t room);

/// Whether the engine was built with its invariants as code (CSIZER_CHECKS: debug builds and those for tests).
bool csizer_checks_are_built(void);

/// Tests only: whether what must always be true of the census and of tracking is, in this process and now: NULL, or
/// what is not, as a static string. NULL, too, where the checks are not built. Holds meanwhile; linear in the census's
/// map and in all records. Any thread.
const char *csizer_checks_run(void);

#endif
