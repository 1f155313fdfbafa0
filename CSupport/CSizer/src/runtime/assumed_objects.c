// SPDX-License-Identifier: Apache-2.0
// Asks objects of our own, made and ended by the measured program's runtime, where they keep their metadata and their
// counts (RefCount.h, HeapObject.cpp), and where boxes keep their values.
#include <string.h>

#include "platform/checked_read.h"
#include "runtime/assumptions.h"
#include "runtime/target.h"

enum { BYTES = 32, ALIGN_MASK = 7, FIRST_COUNTS = 3, ONE_UNOWNED = 2, UNOWNED_OF_TWO = 2 };
#define ONE_STRONG ((uint64_t)1 << 33)

/// An object's life, as its end sees it. There is one thread.
static struct {
  swift_object *object;
  const swift_side_table *side_table;
  unsigned ends, ends_elsewhere;
  bool has_other_object;
  uint64_t counts;  // when the last strong reference was gone; those in the side table, if there is one
} life;

// Relaxed: there is one thread, and the runtime writes counts atomically.
static uint64_t counts_of(const swift_object *object) {
  return __atomic_load_n(&object->references, __ATOMIC_RELAXED);
}

static uint64_t counts_in(const swift_side_table *side_table) {
  return __atomic_load_n(&side_table->references, __ATOMIC_RELAXED);
}

static void end(void) {
  life.counts = life.side_table ? counts_in(life.side_table) : counts_of(life.object);
  csizer_target.dealloc_class_instance(life.object, BYTES, ALIGN_MASK);
}

// What the runtime calls when the last strong reference is gone: the second word before the address point, with the
// object. It may be another word in a runtime to come, and then it is told by that.
static SWIFT_CALL void ended(SWIFT_CONTEXT_PARAMETER void *object) {
  life.ends++;
  life.has_other_object |= object != life.object;
  end();
}

static SWIFT_CALL void ended_elsewhere(SWIFT_CONTEXT_PARAMETER void *object) {
  (void)object;
  life.ends_elsewhere++;
  end();
}

typedef SWIFT_CALL void (*destroyer)(SWIFT_CONTEXT_PARAMETER void *object);
static const struct {
  destroyer before[4];
  swift_class type;
} made_up = {{ended_elsewhere, ended_elsewhere, ended, ended_elsewhere}, {.kind = SWIFT_CLASS, .instance_size = BYTES}};

static void begin(void) {
  memset(&life, 0, sizeof life);
  life.object = csizer_target.alloc_object(&made_up.type, BYTES, ALIGN_MASK);
}

// The program's next object may have that address, and would be held by a variable here.
static void forget(void) { memset(&life, 0, sizeof life); }

// ---- Ends, for who looks on ----

bool csizer_assumptions_can_end(void) {
  return csizer_assumption_read(CSIZER_ASSUMES_ENDINGS).state == CSIZER_HOLDS;
}

swift_object *csizer_assumptions_begin(void) {
  begin();
  return life.object;
}

void csizer_assumptions_end(swift_object *object) {
  csizer_target.release(object);
  forget();
}

void csizer_assumptions_end_unowned(swift_object *object) {
  csizer_target.unowned_retain(object);
  csizer_target.release(object);
  csizer_target.unowned_release(object);
  forget();
}

// ---- Counts ----

static bool has_type(void) { return life.object->metadata == (const swift_metadata *)&made_up.type; }

static const char *strong_counts(void) {
  if (counts_of(life.object) != FIRST_COUNTS) return "a new object's counts are others";
  csizer_target.retain(life.object);
  const uint64_t two = counts_of(life.object);
  csizer_target.release(life.object);
  if (two != FIRST_COUNTS + ONE_STRONG) return "a strong reference is counted elsewhere";
  return counts_of(life.object) == FIRST_COUNTS ? NULL : "the end of a strong reference is not seen";
}

// With an unowned reference, which keeps the block when the object has ended.
static const char *counts_until_the_end(void) {
  csizer_target.unowned_retain(life.object);
  const uint64_t two = counts_of(life.object);
  csizer_target.release(life.object);
  const uint64_t dead = counts_of(life.object);
  csizer_target.unowned_release(life.object);
  if (two != FIRST_COUNTS + ONE_UNOWNED) return "an unowned reference is counted elsewhere";
  if (!life.ends) return NULL;  // another matter
  if (life.counts >> 32 != SWIFT_DEINITING >> 32 || (life.counts >> 1 & INT32_MAX) != UNOWNED_OF_TWO)
    return "that an object's life has ended is said elsewhere";
  const bool is_dead = (dead & (SWIFT_SLOW_REFERENCES | SWIFT_DEINITING)) == SWIFT_DEINITING;
  return is_dead ? NULL : "a dead object's counts are others";
}

static const char *immortal_counts(void) {
  if (!csizer_target.empty_array) return NULL;
  const uint64_t counts = counts_of(&csizer_target.empty_array->header);
  const bool is_immortal = counts & SWIFT_SLOW_REFERENCES && (counts & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK;
  return is_immortal ? NULL : "that an object is immortal is said elsewhere";
}

static const char *endings(void) {
  if (life.ends_elsewhere) return "the end of an object calls another slot of its metadata";
  if (life.ends != 1) return "the end of an object calls no slot of its metadata";
  return life.has_other_object ? "the end of an object is told elsewhere which object it is" : NULL;
}

static void ask_counts(void) {
  const csizer_target_runtime *target = &csizer_target;
  begin();
  csizer_assumption_judge(CSIZER_ASSUMES_HEADERS, has_type() ? NULL : "an object's metadata is not its first word");
  if (!target->retain || !target->release || !target->dealloc_class_instance || !target->unowned_retain ||
      !target->unowned_release) {
    static const char reason[] = "the program has not got what would end an object";
    csizer_assumption_note(CSIZER_ASSUMES_ENDINGS, CSIZER_UNCHECKED, reason);
    csizer_assumption_note(CSIZER_ASSUMES_COUNTS, CSIZER_UNCHECKED, reason);
    target->slow_dealloc(life.object, BYTES, ALIGN_MASK);
    return;
  }
  const char *strong = strong_counts(), *last = counts_until_the_end();
  const char *broken = strong ? strong : last ? last : immortal_counts();
  csizer_assumption_judge(CSIZER_ASSUMES_COUNTS, broken);
  csizer_assumption_judge(CSIZER_ASSUMES_ENDINGS, endings());
}

// ---- Side tables ----

static const char *table_counts(const swift_side_table *table) {
  swift_side_table copy;
  if (!csizer_checked_copy(table, &copy, sizeof copy)) return "a side table is elsewhere";
  if (copy.object != life.object) return "a side table's object is elsewhere";
  if (copy.references != FIRST_COUNTS) return "the counts in a side table are elsewhere";
  if (copy.weak_references != 2) return "a weak reference is counted elsewhere";
  csizer_target.retain(life.object);
  const uint64_t two = counts_in(table);
  csizer_target.release(life.object);
  return two == FIRST_COUNTS + ONE_STRONG ? NULL : "a strong reference is not counted in the side table";
}

static const char *side_table(const uintptr_t *weak) {
  const uint64_t word = counts_of(life.object);
  if ((word & (SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK)) != (SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK))
    return "that an object has a side table is said elsewhere";
  const uintptr_t address = (uintptr_t)(word << 2 << 1);  // without the two marks, in units of 8 bytes
  if (address != *weak) return "a weak reference or its object has not the side table's address";
  const char *broken = table_counts((const swift_side_table *)address);
  if (!broken) life.side_table = (const swift_side_table *)address;
  return broken;
}

static void ask_side_table(void) {
  const csizer_target_runtime *target = &csizer_target;
  uintptr_t weak[2] = {0};  // one word on Linux; room for a runtime that takes two
  // Where no slot is called no object is freed either.
  if (!csizer_holds(CSIZER_ASSUMES_ENDINGS) || !csizer_holds(CSIZER_ASSUMES_COUNTS)) return;
  if (!target->weak_init || !target->weak_destroy || !target->retain || !target->release ||
      !target->dealloc_class_instance) {
    csizer_assumption_note(CSIZER_ASSUMES_SIDE_TABLES, CSIZER_UNCHECKED, "the program makes no weak reference");
    return;
  }
  begin();
  target->weak_init(weak, life.object);
  const char *broken = side_table(weak);
  target->release(life.object);
  target->weak_destroy(weak);
  if (!broken && !(life.counts & SWIFT_DEINITING)) broken = "that an object's life has ended is not in its side table";
  csizer_assumption_judge(CSIZER_ASSUMES_SIDE_TABLES, broken);
}

// ---- Boxes ----

static const char *box(const swift_box_pair *pair, const swift_metadata *type) {
  const swift_generic_box *metadata = (const swift_generic_box *)pair->object->metadata;
  if (metadata->kind != SWIFT_GENERIC_BOX) return "a box's metadata is of another kind";
  if (metadata->type != type) return "a box's metadata has the type elsewhere";
  return (char *)pair->object + metadata->offset == (char *)pair->value ? NULL : "a box's value is elsewhere";
}

static const char *error_box(const swift_box_pair *pair, const swift_metadata *type) {
  const swift_error_object *error = (const swift_error_object *)pair->object;
  if (error->header.metadata->kind != SWIFT_ERROR_OBJECT) return "an error's metadata is of another kind";
  if (error->type != type) return "an error has its type elsewhere";
  const size_t mask = swift_witnesses_of(type)->flags & SWIFT_ALIGNMENT_MASK;
  const char *value = (const char *)error + swift_round_up(sizeof *error, mask);
  return value == (char *)pair->value ? NULL : "an error's value is elsewhere";
}

static void ask_boxes(void) {
  const csizer_target_runtime *target = &csizer_target;
  static const char reason[] = "the program makes none";
  const bool can_box = target->int_type && target->alloc_box && target->dealloc_box;
  const bool can_throw = target->int_type && target->alloc_error && target->dealloc_error;
  if (can_box) {
    const swift_box_pair pair = target->alloc_box(target->int_type);
    csizer_assumption_judge(CSIZER_ASSUMES_BOXES, box(&pair, target->int_type));
    target->dealloc_box(pair.object);
  } else {
    csizer_assumption_note(CSIZER_ASSUMES_BOXES, CSIZER_UNCHECKED, reason);
  }
  if (can_throw) {
    const swift_box_pair pair = target->alloc_error(target->int_type, NULL, NULL, false);
    csizer_assumption_judge(CSIZER_ASSUMES_ERRORS, error_box(&pair, target->int_type));
    target->dealloc_error(pair.object, target->int_type);
  } else {
    csizer_assumption_note(CSIZER_ASSUMES_ERRORS, CSIZER_UNCHECKED, reason);
  }
}

void csizer_assumptions_ask_objects(void) {
  if (!SWIFT_CALL_IS_KNOWN || csizer_target_missing(&csizer_target)) return;
  ask_counts();
  // All that follows has metadata, counts and an end.
  if (csizer_holds(CSIZER_ASSUMES_HEADERS)) {
    ask_side_table();
    ask_boxes();
    csizer_assumptions_ask_empty();
  }
  forget();
}
