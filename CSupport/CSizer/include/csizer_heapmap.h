// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_H
#define CSIZER_HEAPMAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// A map of the address space with room for every heap block: per 16 bytes one bit *live* (a Swift object starts here)
/// and one bit *seen* (the walk under way has counted the block that starts here); per page a byte for the page memo.
///
/// Two levels: a table with one entry per GiB, and a leaf per GiB that is in use. A leaf is mapped when the first bit
/// in its GiB is set and stays for the life of the map; the kernel gives it memory page by page, so dense heaps pay
/// 1/64 of their size (1/128 for the bits live, 1/128 for the bits seen) and untouched addresses nothing.
///
/// Addresses are those of user space; others are never in the map. Blocks that start at 8 modulo 16 (jemalloc's 8-byte
/// class only) have no bit of their own: callers keep these apart.
typedef struct csizer_heapmap csizer_heapmap;

/// An empty map. Free with csizer_heapmap_destroy. Memory comes from mmap, never from the measured heap.
csizer_status csizer_heapmap_create(csizer_heapmap **ret_map);

/// Unmaps everything; NULL is fine. No other thread may use the map any more.
void csizer_heapmap_destroy(csizer_heapmap *map);

/// Sets the bit live of `address`. Any thread, at any time; wait-free but for the first bit in a GiB (one mmap).
/// false when the address can't be in a map or the system refused a leaf: the object is then not in the map.
bool csizer_heapmap_insert(csizer_heapmap *map, const void *address);

/// Clears the bit live of `address`; whether it was set. Any thread, wait-free, never allocates.
bool csizer_heapmap_remove(csizer_heapmap *map, const void *address);

/// Whether the bit live of `address` is set. Any thread, wait-free.
bool csizer_heapmap_contains(const csizer_heapmap *map, const void *address);

/// Sets the bit seen of `address`; true when it was clear, so that exactly one caller counts a block.
/// One thread at a time per map.
bool csizer_heapmap_mark(csizer_heapmap *map, const void *address);

/// Clears every bit seen and every page's byte. One thread at a time per map. Time: a look at a byte for each page in
/// use, and the pages touched since.
void csizer_heapmap_forget_marks(csizer_heapmap *map);

/// How many bits live are set. Exact when no other thread inserts or removes meanwhile. Time: the map's memory in use.
size_t csizer_heapmap_count(const csizer_heapmap *map);

/// Calls `visit` for every bit live in ascending order of address until it answers false. Other threads may insert and
/// remove meanwhile; what they change may or may not be seen.
void csizer_heapmap_enumerate(const csizer_heapmap *map, bool (*visit)(void *context, const void *address),
                              void *context);

/// Bytes of memory that the map has been given so far, from the kernel's account (mincore).
size_t csizer_heapmap_resident_bytes(const csizer_heapmap *map);

/// Bytes of address space that the map has taken: an upper bound of csizer_heapmap_resident_bytes.
size_t csizer_heapmap_mapped_bytes(const csizer_heapmap *map);

#endif
