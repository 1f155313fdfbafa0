// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FRAGMENTATION_H
#define CSIZER_FRAGMENTATION_H
#include <stddef.h>
#include <stdint.h>

#include "csizer_heapmap.h"
#include "csizer_status.h"

/// The slabs that the living objects of one class pin. A slab is a run of pages with places of one size for blocks:
/// jemalloc can give it back only when all of them are free. A block above 14 KiB has pages of its own, which count as
/// a slab with one place.
typedef struct csizer_slab_use {
  /// Objects whose slabs are known, and bytes of their places.
  size_t objects, object_bytes;
  /// The slabs they are in, each once, and their bytes. A slab with objects of several classes is in the sum of each.
  size_t slabs, slab_bytes;
  /// Bytes of the slabs' places that are taken, by anyone; blocks in threads' caches count as taken.
  size_t taken_bytes;
  /// Objects whose slabs could not be told: no blocks of jemalloc, or of a size class whose slabs the user made larger
  /// (`opt.slab_sizes`).
  size_t unresolved;
} csizer_slab_use;

/// Adds up the slabs of `count` living objects. `objects[i]` is the address of one, `classes[i]` its class, below
/// `class_count`; `uses` has room for `class_count`, and is overwritten. The census `map` says where jemalloc surely
/// owns something; of other addresses jemalloc is not asked, for it would crash.
///
/// Time: some 50 ns per object. Memory from mmap: 32 to 64 bytes per pair of a class and a slab. Never allocates in the
/// measured heap. Objects that die meanwhile are harmless: they may count as unresolved, or as the slab that is now in
/// their place.
/// CSIZER_UNSUPPORTED: the allocator can't be asked. CSIZER_INVALID: a class out of range. CSIZER_NO_MEMORY. `uses` is
/// then undefined.
csizer_status csizer_fragmentation_read(const csizer_heapmap *map, const uintptr_t *objects, const uint32_t *classes,
                                        size_t count, size_t class_count, csizer_slab_use *uses);

#endif
