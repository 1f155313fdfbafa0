// SPDX-License-Identifier: Apache-2.0
#include "runtime/swift_abi.h"

// Value witnesses for types that have none. As a value a block is one word that refers to an object or is nil: its
// extra inhabitants are the addresses below the first that can be valid, as for all such words
// (stdlib/public/SwiftShims/swift/shims/HeapObject.h).

enum { BLOCK_SPARES = 4096 };

static unsigned get_block_tag(const void *value, unsigned empty_cases, const swift_metadata *type) {
  (void)type;
  uintptr_t word = *(const uintptr_t *)value;
  return word < empty_cases ? (unsigned)word + 1 : 0;
}

static void store_block_tag(void *value, unsigned tag, unsigned empty_cases, const swift_metadata *type) {
  (void)empty_cases;
  (void)type;
  if (tag) *(uintptr_t *)value = tag - 1;
}

const swift_witnesses csizer_block_witnesses = {
    .get_tag_single_payload = (void *)get_block_tag,
    .store_tag_single_payload = (void *)store_block_tag,
    .size = sizeof(void *),
    .stride = sizeof(void *),
    .flags = (sizeof(void *) - 1) | SWIFT_NOT_POD,
    .extra_inhabitants = BLOCK_SPARES,
};

// A value of no known size: whoever holds one holds something unknown.
const swift_witnesses csizer_unknown_witnesses = {.stride = 1, .flags = SWIFT_NOT_POD};
