// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_STRING_TEXT_H
#define CSIZER_STRING_TEXT_H
#include <stddef.h>
#include <stdint.h>

// Where a Swift String keeps its text. Source: stdlib/public/core/StringObject.swift in swiftlang/swift.

typedef struct swift_string {
  uint64_t count_and_flags;
  uint64_t object;  // the high four bits tell how the string is kept
} swift_string;

#define SWIFT_STRING_SMALL (1ull << 61)         // of `object`: the text is in the string's own words
#define SWIFT_STRING_FOREIGN (1ull << 60)       // of `object`: there is no UTF-8 in memory
#define SWIFT_STRING_TAIL \
  (1ull << 60)  // of `count_and_flags`: the text lies behind a header of 32 bytes, if only a made-up one
#define SWIFT_STRING_COUNT ((1ull << 48) - 1)   // of `count_and_flags`
#define SWIFT_STRING_ADDRESS ((1ull << 56) - 1) // of `object`

/// The string's UTF-8, not terminated, where it is; NULL when it is kept in a way that is not read here.
static inline const char *string_text(const void *string, size_t *ret_length) {
  enum { HEADER = 32 };
  const swift_string *words = string;
  if (words->object & SWIFT_STRING_SMALL) {
    *ret_length = words->object >> 56 & 15;
    return string;
  }
  if (words->object & SWIFT_STRING_FOREIGN || !(words->count_and_flags & SWIFT_STRING_TAIL)) return NULL;
  *ret_length = (size_t)(words->count_and_flags & SWIFT_STRING_COUNT);
  return (const char *)(uintptr_t)(words->object & SWIFT_STRING_ADDRESS) + HEADER;
}

/// How much of a text names a part: all, or what of it fits without cutting a character.
static inline size_t string_cut(const char *text, size_t length) {
  enum { MOST = 256 };
  if (length <= MOST) return length;
  length = MOST;
  while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
  return length;
}

#endif
