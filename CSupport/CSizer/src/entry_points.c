// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "entry_points.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swift_abi.h"

// stdlib/public/runtime/{Heap,HeapObject}.cpp in swiftlang/swift. Weak: plain C programs link no Swift runtime.
#define WEAK __attribute__((weak))
#define SWIFT_CALL __attribute__((swiftcall))

typedef struct swift_box_pair {
  swift_object *object;
  void *value;
} swift_box_pair;

extern WEAK void *swift_slowAlloc(size_t bytes, size_t align_mask);
extern WEAK void swift_slowDealloc(void *block, size_t bytes, size_t align_mask);
extern WEAK SWIFT_CALL swift_box_pair swift_allocBox(const swift_metadata *type);
extern WEAK void swift_deallocBox(swift_object *box);
extern WEAK const swift_metadata swift_int_metadata __asm__("$sSiN");

// Read by the replacements at every allocation; set once, before they can be called.
static csizer_heapmap *living;

static void *allocate_object(const void *metadata, size_t bytes, size_t align_mask) {
  enum { FIRST_REFERENCE_COUNT = 3 };  // one strong, one unowned: RefCount.h; the self-test compares it with the runtime's
  swift_object *object = swift_slowAlloc(bytes, align_mask);
  object->metadata = metadata;
  object->references = FIRST_REFERENCE_COUNT;
  if (living) csizer_heapmap_insert(living, object);
  return object;
}

static void slow_dealloc(void *block, size_t bytes, size_t align_mask) {
  (void)bytes, (void)align_mask;
  csizer_heapmap_remove(living, block);
  free(block);
}

/// Callers outside libswiftCore.so find this definition first. Where the runtime is linked statically its own is strong and wins.
WEAK void *swift_allocObject(const void *metadata, size_t bytes, size_t align_mask) {
  return allocate_object(metadata, bytes, align_mask);
}

bool csizer_runtime_is_present(void) { return swift_slowAlloc && swift_slowDealloc && swift_allocBox; }

typedef void *(*allocator_function)(const void *, size_t, size_t);

// With the dynamic runtime our weak definition comes first and the runtime's is the next; with the static runtime there is none
// other than the runtime's.
static allocator_function runtime_allocator(void) {
  void *next = dlsym(RTLD_NEXT, "swift_allocObject");
  allocator_function found;
  if (!next) return swift_allocObject;
  memcpy(&found, &next, sizeof found);
  return found;
}

bool csizer_interposition_is_live(void) { return runtime_allocator() != swift_allocObject; }

#if defined(__x86_64__)

enum { JUMP_BYTES = 14 };

typedef struct patch {
  unsigned char *target;
  unsigned char saved[JUMP_BYTES];
} patch;

static bool write_code(unsigned char *target, const unsigned char *bytes) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)target & ~(page - 1);
  size_t length = (uintptr_t)target + JUMP_BYTES - start;
  if (mprotect((void *)start, length, PROT_READ | PROT_WRITE | PROT_EXEC)) return false;
  memcpy(target, bytes, JUMP_BYTES);
  return mprotect((void *)start, length, PROT_READ | PROT_EXEC) == 0;
}

// jmp *[rip + 0], then the address. Functions start at multiples of 16, so 14 bytes never reach the next one.
static const char *redirect(void *target, void *replacement, patch *ret) {
  unsigned char jump[JUMP_BYTES] = {0xFF, 0x25, 0, 0, 0, 0};
  memcpy(jump + 6, &replacement, sizeof replacement);
  ret->target = target;
  if ((uintptr_t)target & 15) return "the runtime's functions are not aligned to 16 bytes";
  memcpy(ret->saved, target, JUMP_BYTES);
  if (!write_code(target, jump)) {
    ret->target = NULL;
    return "the kernel refused to make the runtime's code writable (mprotect)";
  }
  return NULL;
}

static void restore(const patch *patch) {
  if (patch->target) write_code(patch->target, patch->saved);
}

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

// An object made by a caller outside the runtime's library, and one made and freed by the library itself.
static const char *self_test(const csizer_heapmap *map, allocator_function allocate) {
  static const uintptr_t metadata = 0;
  if (!sees_life(map, allocate(&metadata, 32, 7), end_object)) return "the self-test's object was not seen";
  if (!sees_life(map, swift_allocBox(&swift_int_metadata).object, swift_deallocBox))
    return "an object that the runtime's own library makes was not seen";
  return NULL;
}

static bool has_one_thread(void) {
  struct stat tasks;
  return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;  // itself, its parent, one thread
}

static void *address_of(void (*function)(void)) {
  void *address;
  memcpy(&address, &function, sizeof address);
  return address;
}

const char *csizer_entry_points_replace(csizer_heapmap *map) {
  allocator_function allocate = runtime_allocator();
  if (!has_one_thread()) return "the library was loaded when the process had other threads";
  if (!header_is_as_expected(allocate)) return "this Swift runtime starts objects in another way";
  patch birth = {0}, death = {0};
  living = map;
  const char *refusal =
      redirect(address_of((void (*)(void))allocate), address_of((void (*)(void))allocate_object), &birth);
  if (!refusal)
    refusal = redirect(address_of((void (*)(void))swift_slowDealloc), address_of((void (*)(void))slow_dealloc), &death);
  if (!refusal) refusal = self_test(map, allocate);
  if (refusal) {
    restore(&birth);
    restore(&death);
    living = NULL;
  }
  return refusal;
}

#else

const char *csizer_entry_points_replace(csizer_heapmap *map) {
  (void)map, (void)living;
  return "entry points can be replaced on x86-64 only";
}

#endif
