// SPDX-License-Identifier: Apache-2.0
#include "traces/cfi.h"

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

// Sections made by hand, in memory that ends where they end: AddressSanitizer sees every read beyond.

enum { FUNCTION = 0x1000, LENGTH = 100 };  // where the function begins, from the section on

typedef struct section {
  uint8_t *bytes;
  size_t count, room;
  lasting_image image;
} section;

static void put(section *section, uint64_t value, size_t bytes) {
  CHECK(section->count + bytes <= section->room);
  memcpy(section->bytes + section->count, &value, bytes);
  section->count += bytes;
}

static void put_at(section *section, size_t at, int64_t value) {
  const int32_t word = (int32_t)value;
  memcpy(section->bytes + at, &word, sizeof word);
}

// What begins with its length is as long as what was put since.
static void close_entry(section *section, size_t from) {
  put_at(section, from, (int64_t)(section->count - from - 4));
}

typedef struct made {
  const char *letters;
  uint8_t shared[16], own[64];
  size_t shared_count, own_count;
} made;

static section make_section(const made *made) {
  section section = {.bytes = malloc(512), .room = 512};
  put(&section, 0x3B031B01, 4);  // version, encodings
  put(&section, 0, 4);
  put(&section, 1, 4);
  put(&section, FUNCTION, 4);
  put(&section, 0, 4);
  const size_t shared = section.count;
  put(&section, 0, 4);
  put(&section, 0, 4);
  put(&section, 1, 1);
  for (const char *letter = made->letters; *letter; letter++) put(&section, (uint8_t)*letter, 1);
  put(&section, 0, 1);
  put(&section, 1, 1);
  put(&section, 0x78, 1);  // -8
  put(&section, CFI_RA, 1);
  put(&section, strlen(made->letters) - 1, 1);
  for (const char *letter = made->letters + 1; *letter; letter++) if (*letter == 'R') put(&section, 0x1B, 1);
  for (size_t i = 0; i < made->shared_count; i++) put(&section, made->shared[i], 1);
  close_entry(&section, shared);
  put_at(&section, 16, (int64_t)section.count);
  const size_t own = section.count;
  put(&section, 0, 4);
  put(&section, section.count - shared, 4);
  put(&section, (uint64_t)(int64_t)(FUNCTION - (int64_t)section.count), 4);
  put(&section, LENGTH, 4);
  put(&section, 0, 1);
  for (size_t i = 0; i < made->own_count; i++) put(&section, made->own[i], 1);
  close_entry(&section, own);
  section.bytes = realloc(section.bytes, section.count);
  section.image = (lasting_image){.table = section.bytes, .count = 1, .from = section.bytes,
                                  .until = section.bytes + section.count};
  return section;
}

static bool row_at(const section *section, size_t offset, cfi_row *ret_row) {
  cfi_entry entry;
  const uintptr_t pc = (uintptr_t)section->bytes + FUNCTION + offset;
  return csizer_cfi_find(&section->image, pc, &entry) && csizer_cfi_run(&entry, pc, ret_row);
}

// As compilers write it: def_cfa rsp+8, the return address at -8.
#define USUAL .letters = "zR", .shared = {0x0C, 7, 8, 0x90, 1}, .shared_count = 5

static void check_row(const section *section, size_t offset, uint64_t cfa, int64_t cfa_offset, cfi_place rbp,
                      int64_t rbp_offset) {
  cfi_row row;
  CHECK(row_at(section, offset, &row));
  CHECK_EQUAL(row.cfa_register, cfa);
  CHECK_EQUAL(row.cfa_offset, cfa_offset);
  CHECK_EQUAL(row.rbp.place, rbp);
  if (rbp == CFI_SAVED) CHECK_EQUAL(row.rbp.offset, rbp_offset);
  CHECK_EQUAL(row.ra.place, CFI_SAVED);
  CHECK_EQUAL(row.ra.offset, -8);
}

TEST(rows_hold_from_where_they_are_said) {
  // push rbp; mov rsp, rbp; …; an epilogue in the middle; the rest.
  const made made = {
      USUAL, .own = {0x41, 0x0E, 16, 0x86, 2, 0x43, 0x0D, 6, 0x02, 16, 0x0A, 0x0C, 7, 8, 0xC6, 0x41, 0x0B},
      .own_count = 17};
  section section = make_section(&made);
  check_row(&section, 0, CFI_RSP, 8, CFI_SAME, 0);
  check_row(&section, 1, CFI_RSP, 16, CFI_SAVED, -16);
  check_row(&section, 3, CFI_RSP, 16, CFI_SAVED, -16);
  check_row(&section, 4, CFI_RBP, 16, CFI_SAVED, -16);
  check_row(&section, 19, CFI_RBP, 16, CFI_SAVED, -16);
  check_row(&section, 20, CFI_RSP, 8, CFI_SAME, 0);
  check_row(&section, 21, CFI_RBP, 16, CFI_SAVED, -16);
  check_row(&section, LENGTH - 1, CFI_RBP, 16, CFI_SAVED, -16);
  cfi_row row;
  CHECK(!row_at(&section, LENGTH, &row));
  CHECK(!row_at(&section, (size_t)-1, &row));
  free(section.bytes);
}

TEST(what_is_computed_is_told) {
  // undefined ra; an expression for the frame's end; one for rbp, and an unknown instruction behind it.
  const made made = {USUAL, .own = {0x41, 0x07, 16, 0x41, 0x0F, 2, 0x77, 0, 0x41, 0x10, 6, 1, 0x30, 0x41, 0x3F},
                     .own_count = 15};
  section section = make_section(&made);
  cfi_row row;
  CHECK(row_at(&section, 1, &row) && row.ra.place == CFI_UNDEFINED && row.cfa_register == CFI_RSP);
  CHECK(row_at(&section, 2, &row) && row.cfa_register == UINT64_MAX && row.rbp.place == CFI_SAME);
  CHECK(row_at(&section, 3, &row) && row.rbp.place == CFI_STRANGE);
  CHECK(!row_at(&section, 4, &row));
  free(section.bytes);
}

TEST(frames_of_signals_are_told) {
  made made = {USUAL, .own_count = 0};
  made.letters = "zRS";
  section section = make_section(&made);
  cfi_entry entry;
  CHECK(csizer_cfi_find(&section.image, (uintptr_t)section.bytes + FUNCTION, &entry) && entry.is_signal);
  free(section.bytes);
  made.letters = "zRB";  // of a kind that nobody knows here
  section = make_section(&made);
  CHECK(!csizer_cfi_find(&section.image, (uintptr_t)section.bytes + FUNCTION, &entry));
  free(section.bytes);
}

static const made long_one = {
    USUAL, .own = {0x41, 0x0E, 16, 0x86, 2, 0x43, 0x0D, 6, 0x03, 5, 0, 0x04, 5, 0, 0, 0, 0x05, 6, 3, 0x11, 6, 2, 0x0A,
                   0x12, 7, 0x7F, 0x13, 0x7F, 0x0B, 0x2E, 16, 0x16, 3, 2, 0x77, 8, 0x14, 3, 1, 0x09, 3, 4, 0x08,
                   6, 0x44},
    .own_count = 45};

TEST(what_is_cut_off_is_read_to_its_end) {
  section whole = make_section(&long_one);
  cfi_row row;
  CHECK(row_at(&whole, LENGTH - 1, &row));
  for (size_t count = 20; count < whole.count; count++) {
    section cut = {.bytes = malloc(count), .count = count};
    memcpy(cut.bytes, whole.bytes, count);
    cut.image = (lasting_image){cut.image.start, cut.image.end, cut.bytes, 1, cut.bytes, cut.bytes + count};
    CHECK(!row_at(&cut, LENGTH - 1, &row));
    free(cut.bytes);
  }
  free(whole.bytes);
}

TEST(any_bytes_can_be_read) {
  section section = make_section(&long_one);
  uint8_t *whole = malloc(section.count);
  memcpy(whole, section.bytes, section.count);
  uint32_t state = 1;
  size_t answers = 0;
  for (int round = 0; round < 300000; round++) {
    memcpy(section.bytes, whole, section.count);
    for (int change = 0; change <= round % 3; change++) {
      state = state * 1664525u + 1013904223u;
      section.bytes[12 + (state >> 8) % (section.count - 12)] = (uint8_t)(state >> 24);
    }
    cfi_row row;
    answers += row_at(&section, (size_t)round % LENGTH, &row);
  }
  CHECK(answers > 1000 && answers < 300000);
  free(whole);
  free(section.bytes);
}
