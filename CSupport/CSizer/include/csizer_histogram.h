// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HISTOGRAM_H
#define CSIZER_HISTOGRAM_H
#include <stddef.h>
#include <stdint.h>

#include "csizer_heapmap.h"
#include "csizer_layout.h"
#include "csizer_status.h"
#include "csizer_walk.h"

/// What lives, by kind of block: all Swift objects that the census knows and the raw blocks that they own, without the
/// references between them. Rules for threads as for a walk (csizer_walk.h).
typedef struct csizer_histogram csizer_histogram;

/// A kind's blocks. Its name: csizer_layouts_kind_name.
typedef struct csizer_histogram_row {
  csizer_kind_totals living;
  /// Objects whose life has ended; unowned references keep their blocks. They are in no other sum.
  size_t dead_count, dead_bytes;
} csizer_histogram_row;

/// Counts all that `map` knows. `layouts` must outlive the histogram. Free with csizer_histogram_destroy.
csizer_status csizer_histogram_take(csizer_heapmap *map, csizer_layouts *layouts, csizer_histogram **ret_histogram);

/// Frees the histogram; NULL is fine.
void csizer_histogram_destroy(csizer_histogram *histogram);

/// How many kinds have a row: kinds from 0 on.
size_t csizer_histogram_count(const csizer_histogram *histogram);

/// A kind's row; all zero for kinds that were not met.
csizer_histogram_row csizer_histogram_row_at(const csizer_histogram *histogram, size_t kind);

/// The sums of all rows; `dead_bytes` is a part of `bytes`.
csizer_totals csizer_histogram_totals(const csizer_histogram *histogram);

#endif
