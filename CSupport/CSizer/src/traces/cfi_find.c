// SPDX-License-Identifier: Apache-2.0
// The entry of a function in .eh_frame, and the one that it shares with others.
#include "traces/cfi.h"

// The last function that begins at or before `pc`: where its entry is, from the header on.
static bool search(const lasting_image *image, uintptr_t pc, int32_t *ret_entry) {
  enum { HEADER = 12, PAIR = 8 };
  const uint8_t *pairs = image->table + HEADER;
  int64_t wanted = (int64_t)(pc - (uintptr_t)image->table);
  size_t low = 0, high = image->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int32_t start;
    memcpy(&start, pairs + middle * PAIR, sizeof start);
    if (start <= wanted) low = middle + 1;
    else high = middle;
  }
  if (!low) return false;
  memcpy(ret_entry, pairs + (low - 1) * PAIR + 4, sizeof *ret_entry);
  return true;
}

// An entry begins with its length. False for the end of the section and for entries of more than 4 GiB.
static bool open_entry(const lasting_image *image, uintptr_t at, cfi_reader *ret_reader) {
  if (at < (uintptr_t)image->from || at >= (uintptr_t)image->until) return false;
  *ret_reader = (cfi_reader){.at = (const uint8_t *)at, .end = image->until};
  uint64_t length = cfi_number(ret_reader, 4);
  if (!length || length == UINT32_MAX || !cfi_has(ret_reader, length)) return false;
  ret_reader->end = ret_reader->at + length;
  return true;
}

// `letters` says what follows, one after the other.
static void read_augmentation(cfi_reader *reader, const char *letters, cfi_entry *entry) {
  uint64_t length = cfi_unsigned(reader);
  if (!cfi_has(reader, length)) return;
  cfi_reader inner = {.at = reader->at, .end = reader->at + length};
  reader->at += length;
  for (; *letters && !inner.is_bad; letters++) {
    switch (*letters) {
    case 'R': entry->encoding = (uint8_t)cfi_number(&inner, 1); break;
    case 'L': cfi_skip(&inner, 1); break;
    case 'S': entry->is_signal = true; break;
    case 'P': cfi_address(&inner, (uint8_t)cfi_number(&inner, 1) & 15, true); break;  // only to pass it
    default: inner.is_bad = true;
    }
  }
  reader->is_bad |= inner.is_bad;
}

static bool read_shared(const lasting_image *image, uintptr_t at, cfi_entry *entry, bool *ret_is_augmented) {
  cfi_reader reader;
  if (!open_entry(image, at, &reader) || cfi_number(&reader, 4) != 0) return false;
  uint64_t version = cfi_number(&reader, 1);
  const char *letters = (const char *)reader.at;
  const uint8_t *end = memchr(reader.at, 0, (size_t)(reader.end - reader.at));
  if (reader.is_bad || (version != 1 && version != 3) || !end || (*letters && *letters != 'z')) return false;
  reader.at = end + 1;
  entry->code_step = cfi_unsigned(&reader);
  entry->data_step = cfi_signed(&reader);
  uint64_t ra = version == 1 ? cfi_number(&reader, 1) : cfi_unsigned(&reader);
  *ret_is_augmented = *letters == 'z';
  if (*ret_is_augmented) read_augmentation(&reader, letters + 1, entry);
  entry->first = reader;
  return !reader.is_bad && ra == CFI_RA;
}

bool csizer_cfi_find(const lasting_image *image, uintptr_t pc, cfi_entry *ret_entry) {
  int32_t offset;
  cfi_reader reader;
  if (!image->table || !search(image, pc, &offset)) return false;
  if (!open_entry(image, (uintptr_t)image->table + (uintptr_t)(intptr_t)offset, &reader)) return false;
  uintptr_t here = (uintptr_t)reader.at;
  uint64_t back = cfi_number(&reader, 4);
  bool is_augmented;
  *ret_entry = (cfi_entry){0};
  if (!back || !read_shared(image, here - back, ret_entry, &is_augmented)) return false;
  ret_entry->start = cfi_address(&reader, ret_entry->encoding, false);
  uintptr_t length = cfi_address(&reader, ret_entry->encoding, true);
  if (is_augmented) cfi_skip(&reader, cfi_unsigned(&reader));
  ret_entry->rest = reader;
  return !reader.is_bad && pc - ret_entry->start < length;
}
