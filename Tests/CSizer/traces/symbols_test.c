// SPDX-License-Identifier: Apache-2.0
#include "csizer_symbols.h"

#include <string.h>

#include "platform/pages.h"
#include "support/check.h"

// Where the one image is kept that holds a given address.
typedef struct wanted {
  uintptr_t address;
  csizer_loaded_image image;
  size_t count;
} wanted;

static void keep(const csizer_loaded_image *image, void *context) {
  wanted *wanted = context;
  if (wanted->address < image->start || wanted->address >= image->end) return;
  wanted->image = *image;
  wanted->count++;
}

typedef struct question {
  uintptr_t address;
  const uint8_t *build_id;  // NULL: the image's own
  char symbol[64];
  int calls;
  size_t refused;  // the request for memory that fails; 0: none
  csizer_status status;
} question;

static void note(const csizer_call *call, void *context) {
  question *question = context;
  question->calls++;
  strncpy(question->symbol, call->symbol ? call->symbol : "", sizeof question->symbol - 1);
}

static void ask(const csizer_loaded_image *image, void *context) {
  question *question = context;
  if (question->address < image->start || question->address >= image->end) return;
  csizer_loaded_image other = *image;
  if (question->build_id) {
    other.build_id = question->build_id;
    other.build_id_length = 20;
  }
  csizer_symbols *symbols = NULL;
  question->status = csizer_symbols_open(&symbols);
  if (question->status != CSIZER_OK) return;
  csizer_symbols_add(symbols, &other);
  question->status = csizer_symbols_look_up(symbols, question->address, note, question);
  csizer_symbols_close(symbols);
}

// The main program's path lives no longer than the visit: all is asked inside it, with libdw already loaded.
static void ask_the_program(question *question) {
  csizer_symbols *symbols = NULL;
  if (csizer_symbols_open(&symbols) == CSIZER_OK) csizer_symbols_close(symbols);
  csizer_pages_fail_at = question->refused;
  csizer_loaded_images(ask, question);
  csizer_pages_fail_at = 0;
}

__attribute__((noinline)) static uintptr_t a_place(void) {
  return (uintptr_t)__builtin_return_address(0);
}

TEST(an_address_is_in_one_image) {
  wanted own = {.address = a_place()};
  csizer_loaded_images(keep, &own);
  CHECK_EQUAL(own.count, 1);
  wanted nowhere = {.address = 1};
  csizer_loaded_images(keep, &nowhere);
  CHECK_EQUAL(nowhere.count, 0);
}

TEST(a_return_address_has_its_function_and_symbol) {
  question question = {.address = a_place()};
  ask_the_program(&question);
  CHECK_EQUAL(question.status, CSIZER_OK);
  CHECK(question.calls > 0);
  CHECK(strstr(question.symbol, "a_return_address_has_its_function_and_symbol") != NULL);
}

TEST(a_file_with_another_build_id_is_left_out) {
  static const uint8_t other[64];
  question question = {.address = a_place(), .build_id = other};
  ask_the_program(&question);
  CHECK_EQUAL(question.status, CSIZER_OK);
  CHECK_EQUAL(question.calls, 0);
}

TEST(refused_memory_is_told_and_nothing_stays) {
  size_t held = csizer_pages_held();
  int refused = 0;
  for (size_t n = 1; n < 16; n++) {
    question question = {.address = a_place(), .refused = n};
    ask_the_program(&question);
    CHECK(question.status == CSIZER_OK || question.status == CSIZER_NO_MEMORY);
    if (question.status == CSIZER_NO_MEMORY) refused++;
    CHECK_EQUAL(csizer_pages_held(), held);
  }
  CHECK(refused >= 2);  // the session's own memory, and the first table's
}

TEST(closing_nothing_is_fine) {
  csizer_symbols_close(NULL);
}
