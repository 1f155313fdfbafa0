// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_SWIFT_H
#define MADE_SWIFT_H
#include <stdbool.h>
#include <stddef.h>

// A stand-in for the functions of a Swift runtime that make and end objects. It counts references by numbers of its
// own, and writes them where this version of Swift has them, or elsewhere.

/// What is otherwise than the engine assumes.
typedef enum made_fault {
  MADE_NO_FAULT,
  MADE_METADATA_SECOND,    // an object begins with its counts
  MADE_OTHER_FIRST_COUNT,  // a new object's counts say two unowned references
  MADE_STRONG_ELSEWHERE,
  MADE_UNOWNED_ELSEWHERE,
  MADE_DEAD_ELSEWHERE,
  MADE_IMMORTAL_ELSEWHERE,
  MADE_OTHER_SLOT,         // the end of an object calls the slot before the usual one
  MADE_OTHER_REGISTER,     // and tells the object elsewhere
  MADE_NO_MARK,            // a side table is told by another bit
  MADE_TABLE_OBJECT,       // its object is elsewhere
  MADE_TABLE_COUNTS,       // its counts are
  MADE_TABLE_WEAK,         // its count of weak references is
  MADE_BOX_KIND,
  MADE_BOX_TYPE,
  MADE_BOX_VALUE,
  MADE_ERROR_TYPE,
  MADE_ERROR_VALUE,
  MADE_TASK_VERSION,
  MADE_TASK_BYTES,
  MADE_TASK_KIND,
  MADE_TASK_FLAGS,
  MADE_TASK_CONTEXT,
  MADE_TASK_STATUS,
  MADE_TASK_SLAB,
  MADE_EMPTY_ARRAY,
  MADE_EMPTY_DICTIONARY,
  MADE_EMPTY_SET,
  MADE_FREES_AT_END,        // the end of an object frees it without asking swift_slowDealloc
  MADE_FREES_LAST_UNOWNED,  // the last unowned reference does
} made_fault;

/// Puts a stand-in with this fault into the table, and forgets what was found out before.
void made_swift_use(made_fault fault);

/// Blocks that the stand-in has given and that were not given back.
size_t made_swift_blocks(void);

#endif
