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
  /// The first room is the caller's own, who takes it back.
  bool is_lent;
  /// Only those of files are here; others are asked for one by one.
  bool asks;
} csizer_mappings;

/// Reads one line of `/proc/<pid>/maps`, without its end; true when the mapping is private and
/// is no code.
bool csizer_mapping_parse(const char *line, size_t length, csizer_mapping *ret);

/// The mappings of the calling process; csizer_mappings_deinit gives them back, after a failure too.
csizer_status csizer_mappings_read(csizer_mappings *mappings);

/// A file that the calls below ask; the caller closes it. CSIZER_UNREADABLE: no descriptor is left, or no /proc.
csizer_status csizer_mappings_open(int *ret_file);

/// Those that hold copies of files' pages, written to or before what is written to; a kernel before 6.11, which gives
/// its whole text, tells all, from the file's start on. `mappings` is empty and may have lent room.
csizer_status csizer_mappings_read_files(int file, csizer_mappings *mappings);

/// The writable private mapping that `address` is in, of those here or of the kernel's, which is added then; NULL when
/// there is none. CSIZER_NO_MEMORY.
csizer_status csizer_mappings_find_or_ask(int file, csizer_mappings *mappings, uintptr_t address,
                                          csizer_mapping **ret_mapping);

/// The same from the text of /proc/…/maps, for kernels before 6.11; adds to what is there.
csizer_status csizer_mappings_read_lines(int file, csizer_mappings *mappings);

void csizer_mappings_deinit(csizer_mappings *mappings);

/// Adds one that lies above all there are. false: the system refused memory.
bool csizer_mappings_append(csizer_mappings *mappings, csizer_mapping mapping);

/// The mapping that `address` is in, or NULL.
csizer_mapping *csizer_mappings_find(const csizer_mappings *mappings, uintptr_t address);

#endif
