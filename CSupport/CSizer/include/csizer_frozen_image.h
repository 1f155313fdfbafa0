// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FROZEN_IMAGE_H
#define CSIZER_FROZEN_IMAGE_H
#include <stdint.h>

#include "csizer_frozen.h"
#include "csizer_image.h"

/// The heap graph of one instant: a frozen child (csizer_frozen.h) captures it and writes it as a heap image, while the
/// process goes on.

/// What came of it.
typedef struct csizer_frozen_image {
  /// A file in memory that holds the image, at its begin; the caller closes it. -1 when there is none.
  int file;
  uint64_t bytes;
  /// Nanoseconds that the calling thread stood still for the last child to be made.
  uint64_t stopped;
  /// Objects that could not be read: they are there, as objects of an unknown type.
  uint64_t unreadable;
  /// How the last child ended, and what there was too little of.
  csizer_child_end end;
  csizer_shortage shortage;
} csizer_frozen_image;

/// Takes the image of all objects that `map` knows. Types that are met the first time cost one more child. `facts` are
/// written but for those that come of it. CSIZER_REFUSED when there was no child, or it did not do its work: `end` says
/// why; CSIZER_NO_ROOM when the image would not fit into memory: `shortage` says how; CSIZER_UNREADABLE when no file
/// could be made, or the head room could not be looked at. No other thread may use `layouts`.
csizer_status csizer_frozen_image_take(csizer_heapmap *map, csizer_layouts *layouts, const csizer_image_facts *facts,
                                       uint64_t patience, csizer_frozen_image *ret_image);

#endif
