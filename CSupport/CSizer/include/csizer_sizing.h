// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SIZING_H
#define CSIZER_SIZING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_lifetimes.h"
#include "csizer_referents.h"
#include "csizer_walk.h"

/// A sizing: the sizes of all living objects of a tracker at one moment, found by one walk.
///
/// Objects are sized in the order in which they came to be tracked, so that what several reach is counted for the
/// first; tracked objects are marked as seen beforehand, so that none is counted with what refers to it. Only what is
/// new since the sizing before is read of the records: dead objects and earlier snapshots cost nothing.
///
/// In order: list and prepare; create, ask_nobody, all, ask_again, while holding (csizer_lifetimes_hold); unknown and
/// learn, and then begin anew if something was learnt; otherwise apply; destroy. One sizing at a time per tracker. Its
/// results may lie in memory that is shared with forked children: begin and run may then happen in a child, which takes
/// neither locks nor memory of an allocator for it.
typedef struct csizer_sizing csizer_sizing;

/// A size that differs from the object's last: one row of what is recorded. 16 bytes.
typedef struct csizer_size_row {
  uint32_t object;
  uint32_t snapshot;
  uint64_t bytes;
} csizer_size_row;

/// Living objects of one cohort, and the sum of their sizes.
typedef struct csizer_cohort_sum {
  uint64_t active;
  uint64_t bytes;
} csizer_cohort_sum;

/// Brings the list of the living up to date: what takes time and needs no hold. Where many are found dead, memory is
/// given back that the living of all trackers are found by; births and deaths wait some 100 µs at a time for that.
csizer_status csizer_sizing_list(csizer_lifetimes *lifetimes);

/// Bytes of the results of a sizing that a forked child is to fill in, of those listed.
uint64_t csizer_sizing_result_bytes(const csizer_lifetimes *lifetimes);

/// A sizing of those listed and those born since; `is_shared` when a forked child is to fill in the results. Holding.
/// Free with csizer_sizing_destroy.
csizer_status csizer_sizing_create(csizer_lifetimes *lifetimes, bool is_shared, csizer_sizing **ret_sizing);

/// Frees the results; NULL is fine.
void csizer_sizing_destroy(csizer_sizing *sizing);

/// How many objects are to be sized; some may have died since they were listed.
uint32_t csizer_sizing_count(const csizer_sizing *sizing);

/// From now on the walk compiles no layout but notes the types that it would: with all births waiting, the runtime and
/// the loader must not be asked, whose locks may be held by one that waits. A frozen child does so by itself.
void csizer_sizing_ask_nobody(csizer_sizing *sizing, csizer_walk *walk);

/// Ends that, before others use the walk's layouts.
void csizer_sizing_ask_again(csizer_walk *walk);

/// How many types were noted: csizer_sizing_learn may be able to compile them; the sizes are not exact yet. Some system
/// calls for each.
uint32_t csizer_sizing_unknown(csizer_sizing *sizing, const csizer_layouts *layouts);

/// Compiles the types that were not known. How many were compiled; with none another sizing would show the same. No
/// other thread may use `layouts`, and nobody holds.
uint32_t csizer_sizing_learn(const csizer_sizing *sizing, csizer_layouts *layouts);

/// Makes what is known beforehand known: the layouts of the tracked classes. No other thread may use `layouts`, and
/// nobody holds.
csizer_status csizer_sizing_prepare(csizer_lifetimes *lifetimes, csizer_layouts *layouts);

/// Marks all of them as seen in a fresh walk.
csizer_status csizer_sizing_begin(csizer_sizing *sizing, csizer_walk *walk);

/// Sizes objects in order until all are sized, or until one is next whose referents are to be named: `ret_object` is
/// that one, or NULL at the end. Its size is then given by csizer_sizing_name.
csizer_status csizer_sizing_run(csizer_sizing *sizing, csizer_walk *walk, const void **ret_object, uint32_t *ret_level);

/// Sets the size of the object at which csizer_sizing_run stopped, and answers its number.
uint32_t csizer_sizing_name(csizer_sizing *sizing, uint64_t bytes);

/// What stands before a tree (csizer_referents_write) in the results that a child shares.
typedef struct csizer_referent_tree {
  uint32_t object;
  uint32_t padding;
  uint64_t bytes;  // of the tree
} csizer_referent_tree;

/// As csizer_sizing_run up to and with the object at which that stops: builds and keeps its tree and sets its size.
csizer_status csizer_sizing_next(csizer_sizing *sizing, csizer_walk *walk, csizer_referents *referents);

/// Begins, and sizes and names all.
csizer_status csizer_sizing_all(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys);

/// The trees that were kept, one behind the other: where, and how many bytes. They are the sizing's.
size_t csizer_sizing_referents(const csizer_sizing *sizing, const void **ret_trees);

/// Whether a child had no room for all of them. The tracker's next results will have it.
bool csizer_sizing_lacks_room(const csizer_sizing *sizing);

/// What there is of one kind of block, and how much of that no tracked object reaches.
typedef struct csizer_sized_kind {
  csizer_kind_totals all;
  size_t untracked_count, untracked_bytes;
} csizer_sized_kind;

/// Asks a sizing that a child is to fill in for that of all Swift objects of the process. `kinds` is how many kinds the
/// child's layouts have (csizer_layouts_kind_count); what it meets behind these are dead objects. Before the child.
csizer_status csizer_sizing_want_kinds(csizer_sizing *sizing, size_t kinds);

/// These, by kind; NULL when nobody wanted them, or the child did not come to it. They are the sizing's.
const csizer_sized_kind *csizer_sizing_kinds(const csizer_sizing *sizing, size_t *ret_count);

/// Records the sizes that changed as the snapshot's; fills `sums` for all cohorts there are (room for
/// csizer_lifetimes_cohort_count) and tells how many objects could not be sized. When memory is refused nothing is
/// recorded.
csizer_status csizer_sizing_apply(csizer_sizing *sizing, uint32_t snapshot, csizer_cohort_sum *sums, uint32_t sum_count,
                                  uint32_t *ret_skipped);

/// Without a walk: how many objects of each cohort live (`ret_count`: of all), and the bytes of their own blocks, side
/// tables included, but not of what they reach. Records no size. Holding.
csizer_status csizer_sizing_own(csizer_lifetimes *lifetimes, csizer_cohort_sum *sums, uint32_t sum_count,
                                uint32_t *ret_count);

/// All rows recorded so far, in order of snapshot, then of object; the list is the tracker's and holds until the next
/// apply.
size_t csizer_sizes(const csizer_lifetimes *lifetimes, const csizer_size_row **ret_rows);

/// All objects whose class has changed, as of the last sizing; holds until the next apply.
size_t csizer_morphs(const csizer_lifetimes *lifetimes, const csizer_morph **ret_morphs);

/// How many objects the last sizing listed.
uint32_t csizer_living_count(const csizer_lifetimes *lifetimes);

/// Where those of them are that still live, and their cohorts: how many, at most `room`. Holding, or what is told may
/// be over.
uint32_t csizer_living_addresses(const csizer_lifetimes *lifetimes, uintptr_t *addresses, uint32_t *cohorts,
                                 uint32_t room);

/// The size that one of them has now; false when it has none yet.
bool csizer_living_size(const csizer_lifetimes *lifetimes, uint32_t index, csizer_size_row *ret_row);

#endif
