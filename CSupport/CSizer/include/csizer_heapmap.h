// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_H
#define CSIZER_HEAPMAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// A map of the address space with room for every heap block: per 16 bytes one byte *live* (1: a Swift object starts
/// here) and one bit *seen* (the walk under way has counted the block that starts here); per page a byte for the page
/// memo.
///
/// Two levels: a table with one entry per GiB, and a leaf per GiB that is in use: 113 MiB of address space, of which
/// hardly any is memory. A leaf is mapped when the first object in its GiB is inserted and stays for the life of the
/// map; the kernel gives it memory page by page. Dense heaps pay 1/16 of their size for the bytes live, or half or a
/// quarter of that where all blocks are of 32 or 64 bytes, and 1/128 for the bits seen when they are walked; untouched
/// addresses cost nothing. A page of bytes live is given back when nothing lives any more where it has its places
/// (csizer_heapmap_give_back).
///
/// Addresses are those of user space; others are never in the map. Blocks that start at 8 modulo 16 (jemalloc's 8-byte
/// class only) have no place of their own: callers keep these apart.
typedef struct csizer_heapmap csizer_heapmap;

/// An empty map. Free with csizer_heapmap_destroy. Memory comes from mmap, never from the measured heap.
csizer_status csizer_heapmap_create(csizer_heapmap **ret_map);

/// Unmaps everything; NULL is fine. No other thread may use the map any more.
void csizer_heapmap_destroy(csizer_heapmap *map);

/// Says that an object starts at `address`. Any thread, at any time, of different addresses at once; of one address one
/// after the other, as the allocator sees to it. Three loads and a plain store; a lock and perhaps mmap for the first
/// object at every fourth place of 256 KiB or in a GiB. false when the address can't be in a map or the system refused
/// a leaf: the object is then not in the map.
bool csizer_heapmap_insert(csizer_heapmap *map, const void *address);

/// Says that none starts there any more; whether one did. Any thread, as csizer_heapmap_insert; wait-free, never
/// allocates.
bool csizer_heapmap_remove(csizer_heapmap *map, const void *address);

/// Whether an object starts at `address`. Any thread, wait-free.
bool csizer_heapmap_contains(const csizer_heapmap *map, const void *address);

/// Gives the system back what bytes live it keeps for places where nothing lives; how many bytes, with those that were
/// never written and had no memory. Any thread, at any time; while somebody else does it nothing happens. It comes by
/// itself, some plots of 4 KiB at each birth that opens another, when so many came into use as were before, 256 at
/// least; and after walks, once a second at most: so no more plots are kept than twice those where something lives. One
/// object keeps the page of its plot. Time: a look at the first bytes of each plot in use, or as far as to the first
/// that is set, and where something can be given back a membarrier(2), some plots at a time: a thread that makes an
/// object there waits for as long as that takes. Where the system refuses membarrier(2), and of memory that the
/// program locked, nothing is ever given back (csizer_heapmap_reason).
size_t csizer_heapmap_give_back(csizer_heapmap *map);

/// Why nothing is given back in this process, as a static string; empty when it is. Any thread.
const char *csizer_heapmap_reason(void);

/// Sets the bit seen of `address`; true when it was clear, so that exactly one caller counts a block.
/// One thread at a time per map.
bool csizer_heapmap_mark(csizer_heapmap *map, const void *address);

/// Clears every bit seen and every page's byte. One thread at a time per map. Time: a look at a byte for each page in
/// use, and the pages touched since.
void csizer_heapmap_forget_marks(csizer_heapmap *map);

/// How many objects live. Exact when no other thread inserts or removes meanwhile. Time: the map's memory in use.
size_t csizer_heapmap_count(const csizer_heapmap *map);

/// Calls `visit` for every live object in ascending order of address until it answers false. Other threads may insert
/// and remove meanwhile; what they change may or may not be seen.
void csizer_heapmap_enumerate(const csizer_heapmap *map, bool (*visit)(void *context, const void *address),
                              void *context);

/// Bytes of memory that the map has been given so far, from the kernel's account (mincore).
size_t csizer_heapmap_resident_bytes(const csizer_heapmap *map);

/// Bytes of heap that objects lie in, as an estimate: half as many where all blocks are of 64 bytes, twice as many
/// where they are of 48. Any thread.
uint64_t csizer_heapmap_open_bytes(const csizer_heapmap *map);

/// Bytes of address space that the map has taken: an upper bound of csizer_heapmap_resident_bytes.
size_t csizer_heapmap_mapped_bytes(const csizer_heapmap *map);

#endif
