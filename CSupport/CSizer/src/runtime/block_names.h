// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BLOCK_NAMES_H
#define CSIZER_BLOCK_NAMES_H
#include <stdbool.h>
#include <stddef.h>

// Blocks (`@convention(block)`) have no value witnesses on Linux: the runtime's metadata for them has none
// (stdlib/public/runtime/MetadataCache.cpp, FunctionCacheEntry), and the runtime itself faults when it is asked for an
// optional, a tuple or a generic value of blocks, which it would have to lay out. Such names are looked at here before
// the runtime is asked.

/// Whether a block's type stands anywhere in the mangled name, lowered or not.
bool csizer_name_mentions_block(const char *name, size_t length);

enum { CSIZER_STAND_IN_ROOM = 32 };

/// A name without blocks whose type has the layout of `name`'s, which mentions one: functions and the standard
/// library's collections have one layout each. Terminated, in `room`. False when there is none: then nobody may be
/// asked.
bool csizer_name_without_blocks(const char *name, size_t length, char room[CSIZER_STAND_IN_ROOM]);

#endif
