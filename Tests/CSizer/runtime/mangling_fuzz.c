// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/mangling.h"

// libFuzzer: whatever bytes stand where a name is expected, reading it ends at its terminator and within the bytes
// there are.

enum { LONGEST_REFERENCE = 9 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  // The compiler never cuts a reference short; a terminator follows the last whole one.
  char *name = calloc(1, size + LONGEST_REFERENCE);
  if (!name) return 0;
  memcpy(name, bytes, size);
  size_t length = csizer_mangled_length(name);
  if (length >= size + LONGEST_REFERENCE || name[length]) __builtin_trap();
  if (csizer_mangled_holding(name, length) > CSIZER_HOLDS_BLOCK) __builtin_trap();
  csizer_mangled_expands_pack(name, length);
  // A prefix that ends between two symbols is a name too: nothing is read beyond it.
  char *exact = malloc(length ? length : 1);
  if (exact) {
    memcpy(exact, name, length);
    csizer_mangled_holding(exact, length);
    csizer_mangled_expands_pack(exact, length);
  }
  free(exact);
  free(name);
  return 0;
}
