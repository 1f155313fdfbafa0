// SPDX-License-Identifier: Apache-2.0
// What an object's own counts say. include/swift/Runtime/RefCount.h in swiftlang/swift: bit 0 says that a pure Swift
// object is freed, 1 to 31 count unowned references, one of which is the strong ones' together, 32 says that deinit has
// begun, 33 to 62 count the strong references but one.
#include "graph/graph_internal.h"

static graph_account account_of(uint64_t references) {
  const uint32_t unowned = (uint32_t)(references >> 1 & 0x7FFFFFFF);
  graph_account account = {.unowned = unowned ? unowned - 1 : 0};
  if (references & SWIFT_DEINITING) account.flags = CSIZER_OBJECT_DEINITING;
  else account.strong = (uint32_t)(references >> 33 & 0x3FFFFFFF) + 1;
  return account;
}

static bool is_immortal(uint64_t references) {
  return (references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK;
}

graph_account csizer_graph_account_of_other(const swift_object *object) {
  const uint64_t references = object->references;
  // Counts that stand elsewhere prove nothing: as if it lived for ever.
  if (!csizer_holds(CSIZER_ASSUMES_COUNTS)) return (graph_account){.flags = CSIZER_OBJECT_IMMORTAL};
  if (is_immortal(references)) return (graph_account){.flags = CSIZER_OBJECT_IMMORTAL};
  if (!(references & SWIFT_SLOW_REFERENCES)) return account_of(references);
  // An object that is half made may have anything in its counts. What is no side table of its own proves nothing: it is
  // as if it lived for ever.
  const swift_side_table *table = (const swift_side_table *)walk_side_table_of(references);
  const bool is_own = table && table->object == object;
  if (!is_own || (table->references & SWIFT_SLOW_REFERENCES)) return (graph_account){.flags = CSIZER_OBJECT_IMMORTAL};
  graph_account account = account_of(table->references);
  account.flags |= CSIZER_OBJECT_HAS_SIDE_TABLE;
  if (table->weak_references) account.weak = table->weak_references - 1;
  return account;
}
