// SPDX-License-Identifier: Apache-2.0
// Reading and writing the destroy slot of a class.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <features.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lifetimes/destroy_slot.h"

#if __GLIBC_PREREQ(2, 35)
extern __typeof__(_dl_find_object) _dl_find_object __attribute__((weak));

typedef struct segments {
  const ElfW(Phdr) *first;
  size_t count;
} segments;

// The main program's are where the kernel says; a library begins with its ELF header.
static segments segments_of(const struct dl_find_object *image) {
  if (!image->dlfo_link_map->l_prev) return (segments){(const void *)getauxval(AT_PHDR), getauxval(AT_PHNUM)};
  const ElfW(Ehdr) *header = image->dlfo_map_start;
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return (segments){NULL, 0};
  return (segments){(const void *)((const char *)header + header->e_phoff), header->e_phnum};
}

// Whether the loader made the page read-only after relocating it. Without dl_iterate_phdr(3): the loader's lock may be
// held by a thread that makes an object meanwhile and waits for the shards that this one holds. _dl_find_object takes
// no lock.
slot_protection csizer_slot_protection(uintptr_t address) {
  struct dl_find_object image;
  if (!_dl_find_object) return SLOT_UNKNOWN;
  if (_dl_find_object((void *)address, &image)) return SLOT_WRITABLE;  // the runtime made it
  segments segments = segments_of(&image);
  slot_protection protection = SLOT_UNKNOWN;  // unless some segment has it
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), offset = address - image.dlfo_link_map->l_addr;
  for (size_t i = 0; i < segments.count; i++) {
    const ElfW(Phdr) *segment = &segments.first[i];
    if (offset - segment->p_vaddr >= segment->p_memsz) continue;
    // Linkers end it with the commonest pages. Where the kernel's are larger, the last one is not the segment's alone
    // and stays writable (glibc, _dl_protect_relro).
    uintptr_t protected_end = (segment->p_vaddr + segment->p_memsz) & ~(page - 1);
    if (segment->p_type == PT_GNU_RELRO && offset < protected_end) return SLOT_PROTECTED;
    if (segment->p_type == PT_LOAD) protection = SLOT_WRITABLE;
  }
  return protection;
}
#else
slot_protection csizer_slot_protection(uintptr_t address) {
  (void)address;
  return SLOT_UNKNOWN;
}
#endif

// Metadata that needs no work at run time may lie in pages that the loader made read-only after relocating them. The
// last objects of two classes may die at once, under different shards, and their slots share a page: one at a time
// opens and closes it. Who is in here holds a shard, so no fork finds it taken.
static bool write_protected(class_destroyer *slot, class_destroyer function, bool closes) {
  static bool is_open;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *start = (void *)((uintptr_t)slot & ~(page - 1));
  while (__atomic_test_and_set(&is_open, __ATOMIC_ACQUIRE)) sched_yield();
  bool is_writable = mprotect(start, page, PROT_READ | PROT_WRITE) == 0;
  if (is_writable) {
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
    if (closes) mprotect(start, page, PROT_READ);
  }
  __atomic_clear(&is_open, __ATOMIC_RELEASE);
  return is_writable;
}

bool csizer_slot_write(const class_entry *entry, class_destroyer function) {
  if (entry->slot_protection != SLOT_WRITABLE)
    return write_protected(class_slot_of(entry->type), function, entry->slot_protection == SLOT_PROTECTED);
  __atomic_store_n(class_slot_of(entry->type), function, __ATOMIC_RELEASE);
  return true;
}
