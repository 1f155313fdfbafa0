// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REGIONS_INTERNAL_H
#define CSIZER_REGIONS_INTERNAL_H
#include <stdbool.h>

#include "csizer_regions.h"

/// A private mapping that may be a stack or hold copies of a file's pages.
typedef struct csizer_mapping {
  uintptr_t start, end;
  /// How far up it is a stack; 0: it is none.
  uintptr_t stack_end;
  bool has_file, is_writable;
} csizer_mapping;

/// All that are writable, in ascending order, and read-only ones that stand directly before a writable one of a file:
/// there is what the loader relocates and then protects (RELRO).
typedef struct csizer_mappings {
  csizer_mapping *mappings;
  size_t count, capacity;
} csizer_mappings;

/// Reads one line of `/proc/<pid>/maps`, without its end; true when the mapping is private and
/// is no code.
bool csizer_mapping_parse(const char *line, size_t length, csizer_mapping *ret);

/// The mappings of the calling process; csizer_mappings_deinit gives them back, after a failure too.
csizer_status csizer_mappings_read(csizer_mappings *mappings);

/// The same from the text of /proc/…/maps, for kernels before 6.11; adds to what is there.
csizer_status csizer_mappings_read_lines(int file, csizer_mappings *mappings);

void csizer_mappings_deinit(csizer_mappings *mappings);

/// Adds one that lies above all there are. false: the system refused memory.
bool csizer_mappings_append(csizer_mappings *mappings, csizer_mapping mapping);

/// The mapping that `address` is in, or NULL.
csizer_mapping *csizer_mappings_find(const csizer_mappings *mappings, uintptr_t address);

#endif
