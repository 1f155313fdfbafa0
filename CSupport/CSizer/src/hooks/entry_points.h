// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ENTRY_POINTS_H
#define CSIZER_ENTRY_POINTS_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_heapmap.h"

/// What callers outside libswiftCore.so find under this name; where the runtime is linked statically, the runtime's.
void *swift_allocObject(const void *metadata, size_t bytes, size_t align_mask);

/// Whether this process has a Swift runtime.
bool csizer_runtime_is_present(void);

/// Whether callers outside the runtime's library reach our `swift_allocObject`.
bool csizer_interposition_is_live(void);

/// Replaces the runtime's entry points by ours, which keep `map`. NULL, or why it can't be done; then nothing is
/// changed. Only while the process has one thread.
const char *csizer_entry_points_replace(csizer_heapmap *map);

#endif
