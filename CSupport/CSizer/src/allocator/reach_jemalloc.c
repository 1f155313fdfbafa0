// SPDX-License-Identifier: Apache-2.0
// How far around a block jemalloc may be asked about addresses.
//
// It keeps what it knows of pages in a tree (its rtree.h, 5.2 to 5.3), whose lowest nodes come to be where it owns
// something. The look-up takes it for granted that there is one, and reads a null pointer elsewhere. How many addresses
// a node serves goes by how many bits addresses had on the machine that jemalloc was *built* on: with 48 a node has 1
// GiB, with 57 (x86-64 with five levels of page tables) 128 MiB. Debian 12 has the one, Debian 13 the other, of one and
// the same version, and nothing that can be asked tells which. To try would not do, even if the fault were caught: the
// look-up first notes the null pointer for the thread, and jemalloc itself comes upon it later.
//
// So it is read. Among its variables a thread keeps the nodes that it met last: the first address of each, and where it
// is. Both kinds differ in what they have of a page, too. What is found nowhere as it should be gets the nearest reach.
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

#include "allocator/jemalloc.h"
#include "platform/checked_read.h"
#include "platform/malloc_calls.h"

typedef struct variables {
  const uintptr_t *words;
  size_t count;
} variables;

static bool has_code(const struct dl_phdr_info *image, uintptr_t address) {
  for (size_t i = 0; i < image->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &image->dlpi_phdr[i];
    if (header->p_type == PT_LOAD && address - image->dlpi_addr - header->p_vaddr < header->p_memsz) return true;
  }
  return false;
}

// What the image that has jemalloc keeps for the calling thread: dl_iterate_phdr(3).
static int note_variables(struct dl_phdr_info *image, size_t size, void *ret) {
  if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof image->dlpi_tls_data) return 1;
  if (!has_code(image, (uintptr_t)csizer_malloc.mallctl)) return 0;
  for (size_t i = 0; image->dlpi_tls_data && i < image->dlpi_phnum; i++)
    if (image->dlpi_phdr[i].p_type == PT_TLS)
      *(variables *)ret = (variables){image->dlpi_tls_data, image->dlpi_phdr[i].p_memsz / sizeof(uintptr_t)};
  return 1;
}

/// The two kinds of nodes. A compact one has a word for a page: the blocks' size class in the uppermost 16 bits, then
/// the address of what describes the extent. The other has that address and, in a word of its own, the rest.
typedef struct kind {
  unsigned address_bits;
  bool is_compact;
} kind;

static const kind kinds[] = {{57, false}, {48, true}};

// rtree.h, RTREE_HEIGHT and rtree_levels: one level, two or three, and the lowest has what can't be shared evenly.
static unsigned node_shift(unsigned address_bits, unsigned page_shift) {
  enum { ONE_LEVEL = 10, TWO_LEVELS = 36 };
  const unsigned bits = address_bits - page_shift;
  if (bits <= ONE_LEVEL) return address_bits;
  if (bits <= TWO_LEVELS) return page_shift + bits / 2 + bits % 2;
  return page_shift + bits / 3 + bits % 3 - bits % 3 / 2;
}

// Whether a node has something for the block's page. What is no node may not even be memory.
static bool has_page(const kind *kind, uintptr_t node, uintptr_t block, unsigned shift, unsigned page_shift) {
  enum { TOP_SHIFT = 48, ALIGNMENT = 64 };  // extents are described in lines of the processor's cache
  const uintptr_t page = (block & (((uintptr_t)1 << shift) - 1)) >> page_shift;
  uintptr_t entry[2] = {0};
  const size_t bytes = kind->is_compact ? sizeof *entry : sizeof entry;
  if (!csizer_checked_copy((const void *)(node + page * bytes), entry, bytes)) return false;
  const bool has_class = entry[0] >> TOP_SHIFT;
  if (kind->is_compact) return has_class && entry[0] << (64 - TOP_SHIFT) >> (64 - TOP_SHIFT) >= ALIGNMENT;
  return !has_class && entry[0] && entry[0] % ALIGNMENT == 0 && entry[1];
}

static bool is_in_node(const uintptr_t *words, size_t count, const kind *kind, uintptr_t block, unsigned page_shift) {
  const unsigned shift = node_shift(kind->address_bits, page_shift);
  const uintptr_t start = block >> shift << shift;
  for (size_t i = 0; i + 1 < count; i++) {
    const uintptr_t node = words[i + 1];
    const bool may_be = words[i] == start && node && node % sizeof(uintptr_t) == 0;
    if (may_be && has_page(kind, node, block, shift, page_shift)) return true;
  }
  return false;
}

unsigned csizer_jemalloc_reach_among(const uintptr_t *words, size_t count, uintptr_t block, size_t page_bytes) {
  const unsigned page_shift = (unsigned)__builtin_ctzl(page_bytes);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!is_in_node(words, count, &kinds[i], block, page_shift)) continue;
    const unsigned shift = node_shift(kinds[i].address_bits, page_shift);
    return shift < CSIZER_FARTHEST_REACH_SHIFT ? shift : CSIZER_FARTHEST_REACH_SHIFT;
  }
  return CSIZER_NEAREST_REACH_SHIFT;
}

unsigned csizer_jemalloc_reach_shift(const void *block, size_t page_bytes) {
  variables variables = {0};
  dl_iterate_phdr(note_variables, &variables);
  return csizer_jemalloc_reach_among(variables.words, variables.count, (uintptr_t)block, page_bytes);
}
