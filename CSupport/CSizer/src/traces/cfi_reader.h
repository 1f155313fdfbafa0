// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CFI_READER_H
#define CSIZER_CFI_READER_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Reading call frame information, which may be anything: a read that would leave the bytes is zero, and is remembered.

typedef struct cfi_reader {
  const uint8_t *at, *end;
  bool is_bad;  // something was not there, or is of a kind that is not known
} cfi_reader;

static inline bool cfi_has(cfi_reader *reader, uint64_t bytes) {
  if (!reader->is_bad && bytes <= (uint64_t)(reader->end - reader->at)) return true;
  reader->is_bad = true;
  reader->at = reader->end;
  return false;
}

static inline void cfi_skip(cfi_reader *reader, uint64_t bytes) {
  if (cfi_has(reader, bytes)) reader->at += bytes;
}

/// A number of 1, 2, 4 or 8 bytes without a sign, as x86-64 writes it.
static inline uint64_t cfi_number(cfi_reader *reader, unsigned bytes) {
  uint64_t value = 0;
  if (!cfi_has(reader, bytes)) return 0;
  memcpy(&value, reader->at, bytes);
  reader->at += bytes;
  return value;
}

static inline uint64_t cfi_leb(cfi_reader *reader, bool is_signed) {
  uint64_t value = 0;
  unsigned shift = 0;
  uint8_t byte;
  do {
    byte = (uint8_t)cfi_number(reader, 1);
    if (shift < 64) value |= (uint64_t)(byte & 127) << shift;
    shift += 7;
  } while (byte & 128);
  if (is_signed && byte & 64 && shift < 64) value |= ~(uint64_t)0 << shift;
  return value;
}
static inline uint64_t cfi_unsigned(cfi_reader *reader) { return cfi_leb(reader, false); }
static inline int64_t cfi_signed(cfi_reader *reader) { return (int64_t)cfi_leb(reader, true); }

/// An address in one of the encodings that compilers use for x86-64 (Linux Standard Base, Core, 10.5.1). `size_only`: a
/// length, which has the same size and begins nowhere.
static inline uintptr_t cfi_address(cfi_reader *reader, uint8_t encoding, bool size_only) {
  enum { FORMAT = 15, FROM = 0x70, FROM_HERE = 0x10, INDIRECT = 0x80 };
  uintptr_t here = (uintptr_t)reader->at, value = 0;
  switch (encoding & FORMAT) {
  case 0: case 4: case 12: value = cfi_number(reader, 8); break;
  case 3: value = cfi_number(reader, 4); break;
  case 11: value = (uintptr_t)(intptr_t)(int32_t)(uint32_t)cfi_number(reader, 4); break;
  default: reader->is_bad = true;
  }
  if (size_only) return value;
  if (encoding & INDIRECT || ((encoding & FROM) && (encoding & FROM) != FROM_HERE)) reader->is_bad = true;
  return (encoding & FROM) == FROM_HERE ? value + here : value;
}

#endif
