// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LIFETIMES_INTERNAL_H
#define CSIZER_LIFETIMES_INTERNAL_H
#include "csizer_lifetimes.h"
#include "lifetimes/class_table.h"
#include "lifetimes/shards.h"
#include "platform/page_array.h"
#include "platform/pages.h"

/// 24 bytes for each object that was ever tracked.
typedef struct lifetime_record {
  uint64_t birth;
  /// While it is tracked: LIFETIME_TRACKED and its address. Then: ticks, with LIFETIME_RELEASED unless it died.
  uint64_t end;
  uint32_t cohort;
  uint32_t trace;
} lifetime_record;

#define LIFETIME_TRACKED ((uint64_t)1 << 63)
#define LIFETIME_RELEASED ((uint64_t)1 << 62)

enum {
  CHUNK_SHIFT = 13,
  CHUNK_RECORDS = 1 << CHUNK_SHIFT,
  CHUNK_LIMIT = 1 << (32 - CHUNK_SHIFT),
  TRACKER_LIMIT = 1 << 16,  // the living index has 16 bits for the tracker
};

/// Slots are numbered below: the living index stores the number plus one in 32 bits.
#define RECORD_LIMIT (UINT32_MAX - 1)

/// So many slots in a row, each with room for a record, and their chunk's number over all trackers (numbers.h).
typedef struct lifetime_chunk {
  lifetime_record *records;
  uint32_t number;
} lifetime_chunk;

typedef struct tracked_class {
  const swift_class *type;
  csizer_tracking tracking;
} tracked_class;

/// Classes that are tracked for their names' sake (class_patterns.h).
typedef struct tracked_pattern {
  csizer_tracking tracking;
  char text[CSIZER_PATTERN_ROOM];
} tracked_pattern;

struct csizer_lifetimes {
  lifetime_chunk *chunks;  // CHUNK_LIMIT places, of which only those in use have memory
  uint32_t slot_count;     // given out, to threads that may not have used all of theirs yet; any thread, atomic
  uint32_t number;         // this tracker's, in the living index
  /// The records in the order of birth (record_order.c): how many there are, among how many slots, and the slot of
  /// each, without memory as long as these are the same.
  uint32_t ordered, ordered_slots;
  uint32_t unordered;  // those behind, when there was no memory to order them: nobody can see them
  csizer_page_array order;  // uint32_t
  uint64_t lost;             // any thread, atomic
  uint64_t missed_before;    // of csizer_lifetimes_missed, what came before anything of this tracker's
  const void *owner;         // the object that records through this tracker; NULL: none
  csizer_cohort *cohorts;
  uint32_t cohort_count;
  csizer_page_array cohort_pages;
  uint32_t *cohort_index;  // cohorts.c
  size_t cohort_index_capacity;
  tracked_class *tracked_classes;
  uint32_t tracked_class_count;
  csizer_page_array tracked_class_pages;
  tracked_pattern *patterns;  // in the order in which they were set
  uint32_t pattern_count;
  csizer_page_array pattern_pages;
  /// The living, for snapshots (sizing.c): those among the first `listed` records that were tracked at the last look,
  /// in order.
  uint32_t listed;
  uint32_t living_count;
  uint32_t known_dead;  // those of the others that csizer_cells_note_deaths was told of
  csizer_page_array living_numbers;  // uint32_t
  const void *prepared_for;  // the table in which the types of the first `prepared` cohorts are known
  uint32_t prepared;
  /// What frozen images are given for the names of referents: as much as the last one wished for, and more.
  uint64_t referent_room;
  csizer_page_array living_sizes;    // uint64_t: what each had at the last snapshot; UINT64_MAX: none yet
  csizer_page_array rows;            // csizer_size_row: every size that changed
  size_t row_count;
  csizer_page_array morphs;  // csizer_morph
  size_t morph_count;
};

// Who reads holds no shard; deaths write at the same time. Relaxed: the word has all that is said of the end, and what
// else is in the record was written at its birth, behind which both come.
static inline uint64_t lifetime_end(const lifetime_record *record) {
  return __atomic_load_n(&record->end, __ATOMIC_RELAXED);
}
static inline void lifetime_set_end(lifetime_record *record, uint64_t end) {
  __atomic_store_n(&record->end, end, __ATOMIC_RELAXED);
}
static inline bool lifetime_is_tracked(const lifetime_record *record) {
  return (lifetime_end(record) & LIFETIME_TRACKED) != 0;
}
static inline uintptr_t lifetime_address(const lifetime_record *record) {
  return (uintptr_t)(lifetime_end(record) & ~LIFETIME_TRACKED);
}

/// What is in a slot: zeros where no object was recorded yet, or ever.
static inline lifetime_record *lifetime_record_at(const csizer_lifetimes *lifetimes, uint32_t slot) {
  lifetime_record *chunk = __atomic_load_n(&lifetimes->chunks[slot >> CHUNK_SHIFT].records, __ATOMIC_ACQUIRE);
  return chunk ? &chunk[slot & (CHUNK_RECORDS - 1)] : NULL;
}

/// The record of an object, by its number in the order of birth, below `ordered`.
static inline lifetime_record *lifetime_record_numbered(const csizer_lifetimes *lifetimes, uint32_t number) {
  const uint32_t *order = lifetimes->order.memory;
  return lifetime_record_at(lifetimes, order ? order[number] : number);
}

// records.c
/// Gives the tracker a number; false when there is none left. Holding all shards.
bool csizer_lifetimes_take_number(csizer_lifetimes *lifetimes);
/// A new record, of which everything but its slot is the caller's to fill in; NULL when there is no room. Holding a
/// shard.
lifetime_record *csizer_lifetimes_append(csizer_lifetimes *lifetimes, uint32_t *ret_slot);
/// At most so many slots in a row, all of one chunk; 0 when there is no room. Holding a shard.
uint32_t csizer_lifetimes_take_slots(csizer_lifetimes *lifetimes, uint32_t wish, uint32_t *ret_first);
/// Gives back all records, and their numbers. Holding all shards; none may be of the living, and no thread may have
/// slots at hand.
void csizer_lifetimes_free_records(csizer_lifetimes *lifetimes);

// record_order.c
/// Numbers what was recorded until now in the order of birth, behind what was numbered before. False when the system
/// refuses memory: then it is numbered later. Holding all shards, or none.
bool csizer_lifetimes_put_in_order(csizer_lifetimes *lifetimes);
#ifdef CSIZER_CHECKS
/// What must be true of the order from a number on: NULL, or what is not. As the tracker's own calls, one at a time.
const char *csizer_record_order_check(const csizer_lifetimes *lifetimes, uint32_t first);
#endif

/// Counts an object that could not be recorded. Relaxed, as what follows: a count.
static inline void csizer_lifetimes_note_loss(csizer_lifetimes *lifetimes) {
  __atomic_fetch_add(&lifetimes->lost, 1, __ATOMIC_RELAXED);
}
/// Births and deaths in signal handlers that could not be recorded, whosever they are. Any thread, atomic.
extern uint64_t csizer_lifetimes_missed;
static inline void csizer_lifetimes_miss(void) { __atomic_fetch_add(&csizer_lifetimes_missed, 1, __ATOMIC_RELAXED); }
static inline uint64_t lifetimes_missed(void) { return __atomic_load_n(&csizer_lifetimes_missed, __ATOMIC_RELAXED); }
/// Whether any class is tracked: then births are told of. Any thread reads it, by births_are_tracked; relaxed:
/// whom the program puts behind the call that changed it sees that, and anybody else may be before it.
extern bool csizer_births_are_tracked;
static inline bool births_are_tracked(void) { return __atomic_load_n(&csizer_births_are_tracked, __ATOMIC_RELAXED); }
/// Whether any object is tracked: then freed memory is told of. Any thread reads it, by deaths_are_tracked; relaxed: it
/// is set holding all shards, a tracked birth comes behind that by its line or its shard, and its object's end behind
/// it.
extern bool csizer_deaths_are_tracked;
static inline bool deaths_are_tracked(void) { return __atomic_load_n(&csizer_deaths_are_tracked, __ATOMIC_RELAXED); }
/// The trackers there are, by number. Holding a shard.
extern csizer_lifetimes *csizer_trackers[TRACKER_LIMIT];
/// Behind the last number that was ever used.
extern uint32_t csizer_trackers_end;
static inline csizer_lifetimes *csizer_lifetimes_numbered(uint32_t number) { return csizer_trackers[number]; }
/// Calls `visit` for each tracker. Holding all shards.
void csizer_lifetimes_each(bool (*visit)(void *context, csizer_lifetimes *lifetimes), void *context);

// cohorts.c. Holding all shards.
/// Room for so many more cohorts; false when the system refuses memory.
bool csizer_cohorts_reserve(csizer_lifetimes *lifetimes, uint32_t more);
/// The number of the cohort of a class's objects that are tracked so, made when there is none; UINT32_MAX when there is
/// no room.
uint32_t csizer_cohorts_of(csizer_lifetimes *lifetimes, const swift_class *type, const csizer_tracking *tracking);
/// Leaves none. No record may be of one.
void csizer_cohorts_forget(csizer_lifetimes *lifetimes);
size_t csizer_cohorts_bytes(const csizer_lifetimes *lifetimes);

// living.c: the index from addresses to records. Holding the address's shard.
/// Makes sure that the next insertion finds a place. False when the system refuses memory.
bool csizer_living_reserve(uint64_t hash);
/// Puts the record of a slot in, for which csizer_living_reserve has found a place while the shard was held.
void csizer_living_insert(uint64_t hash, uint32_t tracker, uint32_t slot);
/// The record of a tracker's object; NULL when it is not tracked by it.
lifetime_record *csizer_living_find(uintptr_t address, uint32_t tracker);
/// Takes one record of an object out of the index, whosever it is; NULL when there is none left.
lifetime_record *csizer_living_take(uintptr_t address, csizer_lifetimes **ret_owner);
/// The same; `ret_are_more` tells whether another one is left, which saves the search for it.
lifetime_record *csizer_living_take_next(uintptr_t address, csizer_lifetimes **ret_owner, bool *ret_are_more);
/// Takes out all records of a tracker, calling `visit` for each. Holding all shards.
void csizer_living_take_all(uint32_t tracker, void (*visit)(void *context, lifetime_record *record), void *context);
/// Calls `visit` for each record of all trackers. Holding all shards.
void csizer_living_each(void (*visit)(void *context, csizer_lifetimes *owner, const lifetime_record *record),
                        void *context);
size_t csizer_living_bytes(void);
#ifdef CSIZER_CHECKS
/// What must be true of the index's tables: NULL, or what is not. Holding all shards.
const char *csizer_living_check(void);
#endif

#endif
