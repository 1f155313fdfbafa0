// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HASH_H
#define CSIZER_HASH_H
#include <stddef.h>
#include <stdint.h>

// What the tables with open addressing share: the hash, and the order in which places are tried. A capacity is a power
// of two, and a table always has a free place: that is where a search ends.

/// 2^64 divided by the golden ratio, odd (Knuth, The Art of Computer Programming, volume 3, 6.4).
#define HASH_FACTOR 0x9E3779B97F4A7C15u

/// Spreads a word over all 64 bits; its low bits are the worst.
static inline uint64_t hash_word(uint64_t word) { return word * HASH_FACTOR; }

/// The same for an address of something that is aligned to a word.
static inline uint64_t hash_address(const void *address) { return hash_word((uintptr_t)address >> 3); }

/// The place to look at first: by the hash's bits from 32 on.
static inline size_t hash_first(uint64_t hash, size_t capacity) { return (size_t)(hash >> 32) & (capacity - 1); }

/// The place to look at behind that at `place`.
static inline size_t hash_next(size_t place, size_t capacity) { return (place + 1) & (capacity - 1); }

#endif
