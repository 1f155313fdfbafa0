// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "watching.h"

// The destroy slot of class metadata: what swift_release calls when the last strong reference is gone. Two words before the address
// point (Metadata.h: TypeMetadataHeader, HeapMetadataHeaderPrefix), swiftcall, the object in the context register.

static class_destroyer *slot_of(const swift_class *type) { return (class_destroyer *)((uintptr_t)type - 16); }

// A class whose metadata took its superclass's slot over after that was hooked has no entry of its own.
static class_destroyer original_of(const swift_class *type) {
  for (; type; type = type->superclass) {
    const class_entry *entry = csizer_class_find(type);
    if (entry && entry->destroy) return entry->destroy;
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

// Metadata that needs no work at run time may lie in pages that the loader made read-only after relocating them.
static bool write_slot(const class_entry *entry, class_destroyer function) {
  class_destroyer *slot = slot_of(entry->type);
  if (entry->slot_is_protected) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot & ~(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE)) return false;
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
    mprotect(start, page, PROT_READ);
  } else {
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
  }
  return true;
}

bool csizer_class_hook(class_entry *entry) {
  class_destroyer found = *slot_of(entry->type);
  if (found == destroy) return true;
  if (!SWIFT_CALL_IS_KNOWN) return false;
  relro_query query = {.address = (uintptr_t)slot_of(entry->type)};
  dl_iterate_phdr(look_for_relro, &query);
  entry->slot_is_protected = query.is_protected;
  entry->destroy = found;
  return write_slot(entry, destroy);
}

void csizer_class_unhook(class_entry *entry) {
  if (entry->destroy && *slot_of(entry->type) == destroy) write_slot(entry, entry->destroy);
}
