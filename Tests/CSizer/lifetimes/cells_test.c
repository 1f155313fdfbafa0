// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/mman.h>

#include "csizer_sizing.h"
#include "lifetimes/deaths.h"
#include "lifetimes/numbers.h"
#include "platform/membarrier.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Cells where tracked objects come and go. These lie where the test puts them: what is known of each by its number is
// compared with a plain list of who lives.

enum { STEP = 32, PLACES = 1 << 20, BLOCK = 64 << 10 };

typedef struct field {
  csizer_lifetimes *tracker;
  const swift_class *type;
  char *memory;
  bool lives[PLACES];
} field;

static field shared;  // too large for a stack

static field *begin(void) {
  field *field = &shared;
  memset(field->lives, 0, sizeof field->lives);
  field->tracker = made_tracker();
  field->type = made_life_class(NULL);
  made_track(field->tracker, field->type, 1);
  field->memory = mmap(NULL, (size_t)PLACES * STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(field->memory != MAP_FAILED);
  return field;
}

static void *object_at(const field *field, size_t place) { return field->memory + place * STEP; }

static void birth(field *field, size_t place) {
  csizer_lifetimes_born(object_at(field, place), field->type, NULL);
  field->lives[place] = true;
}

static void death(field *field, size_t place) {
  csizer_lifetimes_ended(object_at(field, place));
  field->lives[place] = false;
}

// Who lives is found by his address, and nobody else is.
static void check(const field *field, size_t places) {
  for (size_t i = 0; i < places; i++) {
    const lifetime_record *record = csizer_living_find((uintptr_t)object_at(field, i), field->tracker->number);
    CHECK_EQUAL(record != NULL, field->lives[i]);
    if (record) CHECK_EQUAL(lifetime_address(record), (uintptr_t)object_at(field, i));
  }
  made_check_lives();
}

static void end(field *field) {
  for (size_t i = 0; i < PLACES; i++)
    if (field->lives[i]) death(field, i);
  csizer_lifetimes_destroy(field->tracker);
  munmap(field->memory, (size_t)PLACES * STEP);
  CHECK_EQUAL(csizer_living_bytes(), 0);
}

// ---- Giving back ----

// A server's objects come and go, and every time they lie elsewhere. Some stay: no block is ever given back whole.
TEST(objects_that_wander_take_no_more_cells) {
  enum { ALIVE = 8192, ROUNDS = PLACES / ALIVE, STAY = 512 };
  field *field = begin();
  const uint64_t held = csizer_pages_held();
  size_t most = 0;
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < ALIVE; i++) birth(field, round * ALIVE + i);
    if (round) {
      for (size_t i = 0; i < ALIVE; i++)
        if (i % STAY) death(field, (round - 1) * ALIVE + i);
      CHECK_EQUAL(csizer_sizing_list(field->tracker), CSIZER_OK);
    }
    if (csizer_cells_bytes() > most) most = csizer_cells_bytes();
  }
  check(field, PLACES);
  // Two rounds' are 2 * 8192 * 8 bytes, and 32 for each that stayed; the thread has some at hand, and a quarter may be
  // empty.
  CHECK(most >= 2 * ALIVE * 8 && most <= (2 * ALIVE * 8 + PLACES / STAY * 32) * 4 / 3 + BLOCK);
  CHECK(csizer_pages_held() - held >= most / 2);
  end(field);
}

TEST(what_all_died_is_given_back_whole) {
  enum { BORN = 100000 };
  field *field = begin();
  for (size_t i = 0; i < BORN; i++) birth(field, i);
  CHECK(csizer_cells_bytes() >= BORN * 8);
  const size_t held = csizer_pages_held(), resident = csizer_heapmap_resident_bytes(csizer_census_kept.map);
  for (size_t i = 0; i < BORN; i++) death(field, i);
  csizer_cells_give_back();
  // What the thread has at hand is in one block.
  CHECK(csizer_cells_bytes() <= BLOCK);
  CHECK(held - csizer_pages_held() >= BORN * 8 - BLOCK);
  // What cells are found by, four bytes for 128 of the heap, is gone, too.
  CHECK(csizer_heapmap_resident_bytes(csizer_census_kept.map) + BORN * STEP / 128 * 4 <= resident);
  check(field, BORN);
  birth(field, 7);
  check(field, BORN);
  end(field);
}

TEST(who_lives_keeps_his_number) {
  enum { ALIVE = 20000, ROUNDS = 40 };
  field *field = begin();
  uint64_t random = 1;
  for (int round = 0; round < ROUNDS; round++) {
    // Dense and sparse by turns, over the same places.
    const size_t places = round % 2 ? PLACES : ALIVE;
    for (int i = 0; i < ALIVE; i++) {
      const size_t place = check_random(&random) % places;
      if (field->lives[place]) death(field, place);
      else birth(field, place);
    }
    const size_t before = csizer_cells_bytes();
    csizer_cells_give_back();
    CHECK(csizer_cells_bytes() <= before);
    if (round % 8 == 0) check(field, PLACES);
  }
  check(field, PLACES);
  end(field);
}

// ---- When ----

TEST(few_deaths_are_not_worth_a_look) {
  enum { BORN = 40000, FEW = 1000 };
  field *field = begin();
  for (size_t i = 0; i < BORN; i++) birth(field, i);
  CHECK_EQUAL(csizer_sizing_list(field->tracker), CSIZER_OK);
  const size_t all = csizer_cells_bytes();
  for (size_t i = 0; i < FEW; i++) death(field, i);
  CHECK_EQUAL(csizer_sizing_list(field->tracker), CSIZER_OK);
  CHECK(number_find((uintptr_t)object_at(field, 0)) != NULL);
  for (size_t i = FEW; i < BORN; i++) death(field, i);
  CHECK_EQUAL(csizer_sizing_list(field->tracker), CSIZER_OK);
  CHECK(number_find((uintptr_t)object_at(field, 0)) == NULL);
  CHECK(csizer_cells_bytes() < all);
  end(field);
}

// An object of two trackers is in the index, and its number says so: the cell stays.
TEST(what_is_in_the_index_keeps_its_cell) {
  field *field = begin();
  csizer_lifetimes *second = made_tracker();
  made_track(second, field->type, 2);
  birth(field, 3);
  csizer_cells_give_back();
  CHECK_EQUAL(number_read(number_find((uintptr_t)object_at(field, 3))), NUMBER_INDEXED);
  CHECK_EQUAL(made_tracking_of(second, object_at(field, 3)), 2);
  check(field, 100);
  death(field, 3);
  csizer_cells_give_back();
  CHECK(number_find((uintptr_t)object_at(field, 3)) == NULL);
  csizer_lifetimes_destroy(second);
  end(field);
}

// What a thread has at hand is forgotten with all others, or it would be given out twice.
TEST(nobody_has_a_cell_from_before_all_were_forgotten) {
  enum { BORN = 5000 };
  field *field = begin();
  birth(field, 0);
  CHECK(csizer_cells_bytes() > 0);
  end(field);
  field = begin();
  for (size_t i = 0; i < BORN; i++) birth(field, i);
  check(field, BORN);
  end(field);
}
