// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <features.h>
#include <link.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "watching.h"

// The destroy slot of class metadata: what swift_release calls when the last strong reference is gone. Two words before the address
// point (Metadata.h: TypeMetadataHeader, HeapMetadataHeaderPrefix), swiftcall, the object in the context register.

static class_destroyer *slot_of(const swift_class *type) { return (class_destroyer *)((uintptr_t)type - 16); }

// A class whose metadata took its superclass's slot over after that was hooked has no entry of its own.
static class_destroyer original_of(const swift_class *type) {
  for (; type; type = type->superclass) {
    const class_entry *entry = class_find(type);
    class_destroyer original = entry ? __atomic_load_n(&entry->destroy, __ATOMIC_ACQUIRE) : NULL;
    if (original) return original;
  }
  return NULL;
}

static SWIFT_CALL void destroy(SWIFT_CONTEXT_PARAMETER void *object) {
  csizer_lifetimes_ended(object);
  original_of((const swift_class *)(const void *)((swift_object *)object)->metadata)(object);
}

#if __GLIBC_PREREQ(2, 35)
extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak));

// Whether the loader made the page read-only after relocating it. Without dl_iterate_phdr(3): the loader's lock may be held by a thread
// that makes an object meanwhile and waits for the shards that this one holds. _dl_find_object takes no lock.
static bool is_protected(uintptr_t address) {
  struct dl_find_object image;
  if (_dl_find_object((void *)address, &image)) return false;  // the runtime made it
  const ElfW(Ehdr) *header = image.dlfo_map_start;
  const ElfW(Phdr) *segments = (const void *)((const char *)header + header->e_phoff);
  for (int i = 0; i < header->e_phnum; i++) {
    uintptr_t start = image.dlfo_link_map->l_addr + segments[i].p_vaddr;
    if (segments[i].p_type == PT_GNU_RELRO && address - start < segments[i].p_memsz) return true;
  }
  return false;
}

static bool can_tell(void) { return _dl_find_object != NULL; }
#else
static bool is_protected(uintptr_t address) { return address != 0; }
static bool can_tell(void) { return false; }
#endif

// Metadata that needs no work at run time may lie in pages that the loader made read-only after relocating them. The last objects of
// two classes may die at once, under different shards, and their slots share a page: one at a time opens and closes it. Who is
// in here holds a shard, so no fork finds it taken.
static bool write_protected(class_destroyer *slot, class_destroyer function) {
  static bool is_open;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *start = (void *)((uintptr_t)slot & ~(page - 1));
  while (__atomic_test_and_set(&is_open, __ATOMIC_ACQUIRE)) sched_yield();
  bool is_writable = mprotect(start, page, PROT_READ | PROT_WRITE) == 0;
  if (is_writable) {
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
    if (can_tell()) mprotect(start, page, PROT_READ);
  }
  __atomic_clear(&is_open, __ATOMIC_RELEASE);
  return is_writable;
}

static bool write_slot(const class_entry *entry, class_destroyer function) {
  if (entry->slot_is_protected) return write_protected(slot_of(entry->type), function);
  __atomic_store_n(slot_of(entry->type), function, __ATOMIC_RELEASE);
  return true;
}

bool csizer_class_hook(class_entry *entry) {
  class_destroyer found = __atomic_load_n(slot_of(entry->type), __ATOMIC_RELAXED);
  if (found == destroy) return true;
  entry->slot_is_protected = !can_tell() || is_protected((uintptr_t)slot_of(entry->type));
  __atomic_store_n(&entry->destroy, found, __ATOMIC_RELEASE);  // objects may be dying
  return write_slot(entry, destroy);
}

void csizer_class_unhook(class_entry *entry) {
  if (entry->destroy && *slot_of(entry->type) == destroy) write_slot(entry, entry->destroy);
}
