// SPDX-License-Identifier: Apache-2.0
// What the Swift runtime's entry points are replaced by: objects are noted when they are made and when they are freed.
#include "hooks/entry_points.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "census/census_internal.h"
#include "csizer_process.h"
#include "lifetimes/birth_scopes.h"
#include "lifetimes/births.h"
#include "lifetimes/deaths.h"
#include "platform/code_patch.h"
#include "platform/malloc_calls.h"
#include "runtime/assumptions.h"
#include "runtime/swift_abi.h"
#include "runtime/target.h"

// Read by the replacements at every allocation; there when these can be called.
static csizer_heapmap *living;

// Relaxed: census_lacks_objects says why.
static inline void note_birth(csizer_heapmap *map, const void *object) {
  if (__builtin_expect(!heapmap_insert(map, (uintptr_t)object), 0))
    __atomic_store_n(&csizer_census_kept.has_lost_objects, true, __ATOMIC_RELAXED);
}

// The function that called the entry point: a trace starts there.
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

// As swift_slowAlloc (stdlib/public/runtime/Heap.cpp), which asks malloc, too, unless a block is to be aligned to more,
// and ends the process where there is no memory.
static inline void *allocate(size_t bytes, size_t align_mask) {
  enum { FROM_MALLOC = 7 };  // some versions ask it for those of 15 as well
  void *block = __builtin_expect(align_mask <= FROM_MALLOC, 1) ? csizer_malloc.malloc(bytes) : NULL;
  return __builtin_expect(block != NULL, 1) ? block : csizer_target.slow_alloc(bytes, align_mask);
}

static inline swift_object *make_object(const void *metadata, size_t bytes, size_t align_mask) {
  // One strong, one unowned: RefCount.h; the self-test compares it with the runtime's
  enum { FIRST_REFERENCE_COUNT = 3 };
  swift_object *object = allocate(bytes, align_mask);
  object->metadata = metadata;
  object->references = FIRST_REFERENCE_COUNT;
  return object;
}

// While a class is tracked or a scope open, and without a census.
static __attribute__((noinline)) void *make_watched_object(const void *metadata, size_t bytes, size_t align_mask,
                                                           const void *caller) {
  class_entry *entry = births_are_tracked() ? class_find(metadata) : &csizer_class_untracked;
  bool is_passed_by = class_is_passed_by(entry);
  swift_object *object = make_object(metadata, bytes, align_mask);
  if (living) note_birth(living, object);
  if (__builtin_expect(births_are_scoped(), 0)) csizer_birth_scopes_born(object, caller);
  if (__builtin_expect(!is_passed_by, 0)) csizer_lifetimes_born_of(entry, object, metadata, caller);
  return object;
}

// What all objects of the process pass, mostly while nobody watches: as few instructions as can be.
static void *allocate_object(const void *metadata, size_t bytes, size_t align_mask) {
  if (__builtin_expect(births_are_tracked() || births_are_scoped(), 0))
    return make_watched_object(metadata, bytes, align_mask, CALLER);
  swift_object *object = make_object(metadata, bytes, align_mask);
  note_birth(living, object);
  // A scope that was opened meanwhile may have had another object at this address.
  if (__builtin_expect(births_are_scoped(), 0)) csizer_birth_scopes_born(object, CALLER);
  return object;
}

static __attribute__((noinline)) void end_tracked(void *block) {
  csizer_lifetimes_ended(block);
  csizer_malloc.free(block);
}

static void slow_dealloc(void *block, size_t bytes, size_t align_mask) {
  (void)bytes, (void)align_mask;
  const uintptr_t address = (uintptr_t)block;
  heapmap_leaf *leaf = heapmap_leaf_of(living, address);
  if (leaf && heapmap_remove(leaf, address) && deaths_are_tracked() &&
      __builtin_expect(heapmap_may_be_tracked(leaf, address), 0))
    end_tracked(block);
  else
    csizer_malloc.free(block);
}

// The runtime's own, moved out of the way: it knows where the metadata of boxes are kept.
static SWIFT_CALL swift_box_pair (*runtime_alloc_box)(const swift_metadata *type);

static SWIFT_CALL swift_box_pair alloc_box(const swift_metadata *type) {
  swift_box_pair pair = runtime_alloc_box(type);
  note_birth(living, pair.object);
  if (__builtin_expect(births_are_scoped(), 0)) csizer_birth_scopes_born(pair.object, CALLER);
  return pair;
}

/// Callers outside libswiftCore.so find this definition first. Where the runtime is linked statically its own is strong
/// and wins.
__attribute__((weak)) void *swift_allocObject(const void *metadata, size_t bytes, size_t align_mask) {
  return make_watched_object(metadata, bytes, align_mask, CALLER);
}

bool csizer_runtime_is_present(void) {
  return SWIFT_CALL_IS_KNOWN && !csizer_target_missing(&csizer_target);
}

// Of a runtime that was found elsewhere nobody is led here by a linker.
bool csizer_interposition_is_live(void) {
  return csizer_target_source_in_use() == CSIZER_TARGET_LINKED && csizer_target.alloc_object != swift_allocObject;
}

// Before anything is changed: does the runtime make objects as ours does?
static bool header_is_as_expected(void) {
  static const uintptr_t metadata = 0;
  swift_object *object = csizer_target.alloc_object(&metadata, 32, 7);
  bool expected = object->metadata == (const void *)&metadata && object->references == 3;
  csizer_target.slow_dealloc(object, 32, 7);
  return expected;
}

// What was not seen to end is not left in the map: it does not live.
static bool sees_life(csizer_heapmap *map, swift_object *object, void (*end)(swift_object *)) {
  const bool born = csizer_heapmap_contains(map, object);
  end(object);
  return !csizer_heapmap_remove(map, object) && born;
}

static void end_object(swift_object *object) { csizer_target.slow_dealloc(object, 32, 7); }

// Without a value of its own to end, an error is a block like any other.
static void end_error(swift_object *error) {
  if (csizer_target.dealloc_error) csizer_target.dealloc_error(error, csizer_target.int_type);
  else csizer_target.slow_dealloc(error, 0, 0);
}

// The ways that nearly all objects go: with the last strong reference, or with the last unowned one. A runtime of which
// either frees by itself would leave what was born alive for ever.
static const char *test_ends(csizer_heapmap *map) {
  if (!csizer_assumptions_can_end()) return NULL;
  if (!sees_life(map, csizer_assumptions_begin(), csizer_assumptions_end))
    return "an object that the runtime's own release ends was not seen";
  if (!sees_life(map, csizer_assumptions_begin(), csizer_assumptions_end_unowned))
    return "an object that ends with an unowned reference was not seen";
  return NULL;
}

// An object made by a caller outside the runtime's library, and two made and freed by the library itself, as far as the
// program has what makes them.
static const char *self_test(csizer_heapmap *map) {
  static const uintptr_t metadata = 0;
  if (!sees_life(map, csizer_target.alloc_object(&metadata, 32, 7), end_object))
    return "the self-test's object was not seen";
  const char *ends = test_ends(map);
  if (ends) return ends;
  const swift_metadata *type = csizer_target.int_type;
  if (!type) return "the self-test needs Int's metadata, which this program has not got";
  if (csizer_target.alloc_box && csizer_target.dealloc_box &&
      !sees_life(map, csizer_target.alloc_box(type).object, csizer_target.dealloc_box))
    return "the self-test's box was not seen";
  if (csizer_target.alloc_error &&
      !sees_life(map, csizer_target.alloc_error(type, NULL, NULL, false).object, end_error))
    return "an object that the runtime's own library makes was not seen";
  return NULL;
}

#define ADDRESS(function) ((void *)(uintptr_t)(function))

// All functions of the runtime that make objects by themselves: the compiler inlined swift_allocObject into the two
// others of its file. Everybody else calls it. What the program has not got nobody can call.
static const char *replace_all(csizer_patch patches[4]) {
  const csizer_target_runtime *target = &csizer_target;
  void *moved = NULL;
  const char *refusal = csizer_code_redirect(ADDRESS(target->alloc_object), ADDRESS(allocate_object), &patches[0]);
  if (!refusal && target->buffer_allocate)
    refusal = csizer_code_redirect(ADDRESS(target->buffer_allocate), ADDRESS(allocate_object), &patches[1]);
  if (!refusal && target->alloc_box)
    refusal = csizer_code_detour(ADDRESS(target->alloc_box), ADDRESS(alloc_box), &patches[2], &moved);
  memcpy(&runtime_alloc_box, &moved, sizeof moved);
  if (!refusal) refusal = csizer_code_redirect(ADDRESS(target->slow_dealloc), ADDRESS(slow_dealloc), &patches[3]);
  return refusal;
}

const char *csizer_entry_points_replace(csizer_heapmap *map) {
  if (!csizer_process_has_one_thread())
    return "the library was loaded when the process had other threads, or without /proc may have had";
  if (!header_is_as_expected()) return "this Swift runtime starts objects in another way";
  if (!csizer_holds(CSIZER_ASSUMES_ENDINGS)) return "this Swift runtime ends objects in another way";
  csizer_patch patches[4] = {0};
  living = map;
  const char *refusal = replace_all(patches);
  if (!refusal) refusal = self_test(map);
  if (!refusal) return NULL;
  for (int i = 0; i < 4; i++) csizer_code_restore(&patches[i]);
  living = NULL;
  return refusal;
}
