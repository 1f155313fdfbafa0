// SPDX-License-Identifier: Apache-2.0
// What the Swift runtime's entry points are replaced by: objects are noted when they are made and when they are freed.
#define _GNU_SOURCE
#include "hooks/entry_points.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "census/census_internal.h"
#include "csizer_process.h"
#include "lifetimes/births.h"
#include "lifetimes/deaths.h"
#include "platform/code_patch.h"
#include "runtime/swift_abi.h"
#include "runtime/swift_call.h"

// stdlib/public/runtime/{Heap,HeapObject}.cpp in swiftlang/swift. Weak: plain C programs link no Swift runtime.
#define WEAK __attribute__((weak))

typedef struct swift_box_pair {
  swift_object *object;
  void *value;
} swift_box_pair;

extern WEAK void *swift_slowAlloc(size_t bytes, size_t align_mask);
extern WEAK swift_object *swift_bufferAllocate(const swift_metadata *metadata, size_t bytes, size_t align_mask);
extern WEAK void swift_slowDealloc(void *block, size_t bytes, size_t align_mask);
extern WEAK SWIFT_CALL swift_box_pair swift_allocBox(const swift_metadata *type);
extern WEAK void swift_deallocBox(swift_object *box);
extern WEAK SWIFT_CALL swift_box_pair swift_allocError(const swift_metadata *type, const void *conformance, void *value,
                                                       bool is_take);
extern WEAK SWIFT_CALL void swift_deallocError(swift_object *error, const swift_metadata *type);
extern WEAK const swift_metadata swift_int_metadata SWIFT_SYMBOL("$sSiN");

// Read by the replacements at every allocation; set once, before they can be called.
static csizer_heapmap *living;

static inline void note_birth(const void *object) {
  if (__builtin_expect(!heapmap_insert(living, (uintptr_t)object), 0))
    __atomic_store_n(&csizer_census_kept.has_lost_objects, true, __ATOMIC_RELAXED);
}

// The function that called the entry point: a trace starts there.
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

static inline void *make_object(const void *metadata, size_t bytes, size_t align_mask, const void *caller) {
  // One strong, one unowned: RefCount.h; the self-test compares it with the runtime's
  enum { FIRST_REFERENCE_COUNT = 3 };
  // Looked up first: behind the census's locked instruction these loads would wait for each other.
  class_entry *entry = births_are_tracked() ? class_find(metadata) : &csizer_class_untracked;
  bool is_passed_by = class_is_passed_by(entry);
  swift_object *object = swift_slowAlloc(bytes, align_mask);
  object->metadata = metadata;
  object->references = FIRST_REFERENCE_COUNT;
  if (living) note_birth(object);
  if (__builtin_expect(!is_passed_by, 0)) csizer_lifetimes_born_of(entry, object, metadata, caller);
  return object;
}

static void *allocate_object(const void *metadata, size_t bytes, size_t align_mask) {
  return make_object(metadata, bytes, align_mask, CALLER);
}

// Whether it is tracked is read first: behind the census's locked instruction the load would wait.
static inline void note_death(void *block) {
  uintptr_t address = (uintptr_t)block;
  const heapmap_leaf *leaf = heapmap_leaf_of(living, address);
  if (!leaf) return;
  bool is_tracked = deaths_are_tracked() && heapmap_may_be_tracked(leaf, address);
  if (heapmap_remove(living, address) && __builtin_expect(is_tracked, 0)) csizer_lifetimes_ended(block);
}

static void slow_dealloc(void *block, size_t bytes, size_t align_mask) {
  (void)bytes, (void)align_mask;
  if (living) note_death(block);
  free(block);
}

// The runtime's own, moved out of the way: it knows where the metadata of boxes are kept.
static SWIFT_CALL swift_box_pair (*runtime_alloc_box)(const swift_metadata *type);

static SWIFT_CALL swift_box_pair alloc_box(const swift_metadata *type) {
  swift_box_pair pair = runtime_alloc_box(type);
  if (living) note_birth(pair.object);
  return pair;
}

/// Callers outside libswiftCore.so find this definition first. Where the runtime is linked statically its own is strong
/// and wins.
WEAK void *swift_allocObject(const void *metadata, size_t bytes, size_t align_mask) {
  return make_object(metadata, bytes, align_mask, CALLER);
}

bool csizer_runtime_is_present(void) {
  return SWIFT_CALL_IS_KNOWN && swift_slowAlloc && swift_slowDealloc && swift_allocBox && swift_bufferAllocate;
}

typedef void *(*allocator_function)(const void *, size_t, size_t);

// With the dynamic runtime our weak definition comes first and the runtime's is the next; with the static runtime there
// is none other than the runtime's.
static allocator_function runtime_allocator(void) {
  void *next = dlsym(RTLD_NEXT, "swift_allocObject");
  allocator_function found;
  if (!next) return swift_allocObject;
  memcpy(&found, &next, sizeof found);
  return found;
}

bool csizer_interposition_is_live(void) { return runtime_allocator() != swift_allocObject; }

// Before anything is changed: does the runtime make objects as ours does?
static bool header_is_as_expected(allocator_function allocate) {
  static const uintptr_t metadata = 0;
  swift_object *object = allocate(&metadata, 32, 7);
  bool expected = object->metadata == (const void *)&metadata && object->references == 3;
  swift_slowDealloc(object, 32, 7);
  return expected;
}

static bool sees_life(const csizer_heapmap *map, swift_object *object, void (*end)(swift_object *)) {
  bool born = csizer_heapmap_contains(map, object);
  end(object);
  return born && !csizer_heapmap_contains(map, object);
}

static void end_object(swift_object *object) { swift_slowDealloc(object, 32, 7); }
static void end_error(swift_object *object) { swift_deallocError(object, &swift_int_metadata); }

// An object made by a caller outside the runtime's library, and one made and freed by the library itself.
static const char *self_test(const csizer_heapmap *map, allocator_function allocate) {
  static const uintptr_t metadata = 0;
  if (!sees_life(map, allocate(&metadata, 32, 7), end_object)) return "the self-test's object was not seen";
  if (!sees_life(map, swift_allocBox(&swift_int_metadata).object, swift_deallocBox))
    return "the self-test's box was not seen";
  if (!sees_life(map, swift_allocError(&swift_int_metadata, NULL, NULL, false).object, end_error))
    return "an object that the runtime's own library makes was not seen";
  return NULL;
}

#define ADDRESS(function) ((void *)(uintptr_t)(function))

// All functions of the runtime that make objects by themselves: the compiler inlined swift_allocObject into the two
// others of its file. Everybody else calls it.
static const char *replace_all(csizer_patch patches[4], allocator_function allocate) {
  void *moved = NULL;
  const char *refusal = csizer_code_redirect(ADDRESS(allocate), ADDRESS(allocate_object), &patches[0]);
  if (!refusal) refusal = csizer_code_redirect(ADDRESS(swift_bufferAllocate), ADDRESS(allocate_object), &patches[1]);
  if (!refusal) refusal = csizer_code_detour(ADDRESS(swift_allocBox), ADDRESS(alloc_box), &patches[2], &moved);
  memcpy(&runtime_alloc_box, &moved, sizeof moved);
  if (!refusal) refusal = csizer_code_redirect(ADDRESS(swift_slowDealloc), ADDRESS(slow_dealloc), &patches[3]);
  return refusal;
}

const char *csizer_entry_points_replace(csizer_heapmap *map) {
  allocator_function allocate = runtime_allocator();
  if (!csizer_process_has_one_thread())
    return "the library was loaded when the process had other threads, or without /proc may have had";
  if (!header_is_as_expected(allocate)) return "this Swift runtime starts objects in another way";
  csizer_patch patches[4] = {0};
  living = map;
  const char *refusal = replace_all(patches, allocate);
  if (!refusal) refusal = self_test(map, allocate);
  if (!refusal) return NULL;
  for (int i = 0; i < 4; i++) csizer_code_restore(&patches[i]);
  living = NULL;
  return refusal;
}
