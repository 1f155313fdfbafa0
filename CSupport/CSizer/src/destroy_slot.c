// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
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

typedef struct relro_query {
  uintptr_t address;
  bool is_protected;
} relro_query;

static int look_for_relro(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  relro_query *query = context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_GNU_RELRO) continue;
    uintptr_t start = info->dlpi_addr + segment->p_vaddr;
    query->is_protected |= query->address >= start && query->address < start + segment->p_memsz;
  }
  return query->is_protected;
}

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
    mprotect(start, page, PROT_READ);
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
  relro_query query = {.address = (uintptr_t)slot_of(entry->type)};
  dl_iterate_phdr(look_for_relro, &query);
  entry->slot_is_protected = query.is_protected;
  __atomic_store_n(&entry->destroy, found, __ATOMIC_RELEASE);  // objects may be dying
  return write_slot(entry, destroy);
}

void csizer_class_unhook(class_entry *entry) {
  if (entry->destroy && *slot_of(entry->type) == destroy) write_slot(entry, entry->destroy);
}
