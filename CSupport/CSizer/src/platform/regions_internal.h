// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REGIONS_INTERNAL_H
#define CSIZER_REGIONS_INTERNAL_H
#include <stdbool.h>

#include "csizer_regions.h"

/// A private mapping that may be a stack or hold copies of a file's pages.
typedef struct csizer_area {
  uintptr_t start, end;
  /// How far up it is a stack; 0: it is none.
  uintptr_t stack_end;
  bool has_file, is_writable;
} csizer_area;

/// All that are writable, in ascending order, and read-only ones that stand directly before a writable one of a file: there is what
/// the loader relocates and then protects (RELRO).
typedef struct csizer_areas {
  csizer_area *areas;
  size_t count, capacity;
} csizer_areas;

/// Reads one line of `/proc/<pid>/maps`, without its end; true when the mapping is private and
/// is no code.
bool csizer_area_parse(const char *line, size_t length, csizer_area *ret);

/// The areas of the calling process; csizer_areas_deinit gives them back, after a failure too.
csizer_status csizer_areas_read(csizer_areas *areas);

void csizer_areas_deinit(csizer_areas *areas);

/// Adds one that lies above all there are. false: the system refused memory.
bool csizer_areas_append(csizer_areas *areas, csizer_area area);

/// The area that `address` is in, or NULL.
csizer_area *csizer_areas_find(const csizer_areas *areas, uintptr_t address);

#endif
