// SPDX-License-Identifier: Apache-2.0
#include "runtime/assumptions.h"

#include <string.h>

#include "runtime/target.h"
#include "support/check.h"
#include "support/made_swift.h"

// What is assumed of Swift, asked of a stand-in that keeps its words elsewhere: the one thing that is otherwise is
// found, it is told, and nothing is left behind.

static void ask(made_fault fault) {
  made_swift_use(fault);
  csizer_assumptions_ask_objects();
  csizer_assumptions_ask_task();
}

static void expect(csizer_assumption assumption, csizer_assumption_state state, const char *reason) {
  const csizer_assumption_finding finding = csizer_assumption_read(assumption);
  CHECK_TEXT(finding.reason, reason);
  CHECK_EQUAL(finding.state, state);
  CHECK_EQUAL(*finding.consequence != 0, state == CSIZER_BROKEN);
  CHECK_EQUAL(csizer_holds(assumption), state != CSIZER_BROKEN);
}

static void expect_none_broken_but(csizer_assumption one, csizer_assumption other) {
  for (int i = 0; i < CSIZER_ASSUMPTIONS; i++)
    if (i != (int)one && i != (int)other) CHECK(csizer_holds((csizer_assumption)i));
}

TEST(a_runtime_as_it_is_known_holds_all_that_it_can_be_asked) {
  ask(MADE_NO_FAULT);
  CHECK_EQUAL(made_swift_blocks(), 0);
  if (!SWIFT_CALL_IS_KNOWN) {
    for (int i = 0; i < CSIZER_ASSUMES_TASKS; i++)
      expect((csizer_assumption)i, CSIZER_UNCHECKED, "nobody has asked yet");
    return;
  }
  for (int i = 0; i < CSIZER_ASSUMES_ARRAYS; i++) expect((csizer_assumption)i, CSIZER_HOLDS, "");
  for (int i = CSIZER_ASSUMES_ARRAYS; i < CSIZER_ASSUMES_STRINGS; i++)
    expect((csizer_assumption)i, CSIZER_UNCHECKED, "none but an empty one was asked yet");
  expect(CSIZER_ASSUMES_STRINGS, CSIZER_UNCHECKED, "nobody has asked yet");
}

static const struct {
  made_fault fault;
  csizer_assumption broken;
  const char *reason;
} faults[] = {
    {MADE_METADATA_SECOND, CSIZER_ASSUMES_HEADERS, "an object's metadata is not its first word"},
    {MADE_OTHER_FIRST_COUNT, CSIZER_ASSUMES_COUNTS, "a new object's counts are others"},
    {MADE_STRONG_ELSEWHERE, CSIZER_ASSUMES_COUNTS, "a strong reference is counted elsewhere"},
    {MADE_UNOWNED_ELSEWHERE, CSIZER_ASSUMES_COUNTS, "an unowned reference is counted elsewhere"},
    {MADE_DEAD_ELSEWHERE, CSIZER_ASSUMES_COUNTS, "that an object's life has ended is said elsewhere"},
    {MADE_IMMORTAL_ELSEWHERE, CSIZER_ASSUMES_COUNTS, "that an object is immortal is said elsewhere"},
    {MADE_OTHER_SLOT, CSIZER_ASSUMES_ENDINGS, "the end of an object calls another slot of its metadata"},
    {MADE_OTHER_REGISTER, CSIZER_ASSUMES_ENDINGS, "the end of an object is told elsewhere which object it is"},
    {MADE_NO_MARK, CSIZER_ASSUMES_SIDE_TABLES, "that an object has a side table is said elsewhere"},
    {MADE_TABLE_OBJECT, CSIZER_ASSUMES_SIDE_TABLES, "a side table's object is elsewhere"},
    {MADE_TABLE_COUNTS, CSIZER_ASSUMES_SIDE_TABLES, "the counts in a side table are elsewhere"},
    {MADE_TABLE_WEAK, CSIZER_ASSUMES_SIDE_TABLES, "a weak reference is counted elsewhere"},
    {MADE_BOX_KIND, CSIZER_ASSUMES_BOXES, "a box's metadata is of another kind"},
    {MADE_BOX_TYPE, CSIZER_ASSUMES_BOXES, "a box's metadata has the type elsewhere"},
    {MADE_BOX_VALUE, CSIZER_ASSUMES_BOXES, "a box's value is elsewhere"},
    {MADE_ERROR_TYPE, CSIZER_ASSUMES_ERRORS, "an error has its type elsewhere"},
    {MADE_ERROR_VALUE, CSIZER_ASSUMES_ERRORS, "an error's value is elsewhere"},
    {MADE_TASK_VERSION, CSIZER_ASSUMES_TASKS, "the runtime says that its tasks have another layout"},
    {MADE_TASK_BYTES, CSIZER_ASSUMES_TASKS, "the runtime says that its tasks have fewer words"},
    {MADE_TASK_KIND, CSIZER_ASSUMES_TASKS, "a task's metadata is of another kind"},
    {MADE_TASK_FLAGS, CSIZER_ASSUMES_TASKS, "a task's flags are elsewhere"},
    {MADE_TASK_CONTEXT, CSIZER_ASSUMES_TASKS, "a task's context is elsewhere"},
    {MADE_TASK_STATUS, CSIZER_ASSUMES_TASKS, "a task's status is elsewhere"},
    {MADE_TASK_SLAB, CSIZER_ASSUMES_TASKS, "a slab's mark is elsewhere"},
    {MADE_EMPTY_ARRAY, CSIZER_ASSUMES_ARRAYS, "an empty one's counts are elsewhere"},
    {MADE_EMPTY_DICTIONARY, CSIZER_ASSUMES_DICTIONARIES, "an empty one's keys are elsewhere"},
    {MADE_EMPTY_SET, CSIZER_ASSUMES_SETS, "an empty one's keys are elsewhere"},
};

TEST(what_is_otherwise_is_told_and_nothing_else_is_doubted) {
  for (size_t i = 0; SWIFT_CALL_IS_KNOWN && i < sizeof faults / sizeof *faults; i++) {
    const csizer_assumption broken = faults[i].broken;
    ask(faults[i].fault);
    expect(broken, CSIZER_BROKEN, faults[i].reason);
    // An object's counts say whether it has a side table, and do not stand first where its metadata does not.
    const bool rests_on_counts = broken == CSIZER_ASSUMES_COUNTS || broken == CSIZER_ASSUMES_HEADERS;
    CHECK_EQUAL(csizer_holds(CSIZER_ASSUMES_SIDE_TABLES), !rests_on_counts && broken != CSIZER_ASSUMES_SIDE_TABLES);
    if (broken == CSIZER_ASSUMES_HEADERS) CHECK(!csizer_holds(CSIZER_ASSUMES_COUNTS));
    else expect_none_broken_but(broken, CSIZER_ASSUMES_SIDE_TABLES);
    CHECK_EQUAL(made_swift_blocks(), 0);
  }
}

TEST(what_the_program_lacks_is_not_asked_and_said_to_be) {
  if (!SWIFT_CALL_IS_KNOWN) return;
  made_swift_use(MADE_NO_FAULT);
  csizer_target_runtime runtime = csizer_target;
  runtime.unowned_retain = NULL;
  runtime.weak_init = NULL;
  runtime.alloc_box = NULL;
  runtime.alloc_error = NULL;
  runtime.task_create = NULL;
  csizer_target_use(&runtime, CSIZER_TARGET_GIVEN);
  csizer_assumptions_ask_objects();
  csizer_assumptions_ask_task();
  csizer_assumptions_leave_collections("far away");
  expect(CSIZER_ASSUMES_HEADERS, CSIZER_HOLDS, "");
  expect(CSIZER_ASSUMES_COUNTS, CSIZER_UNCHECKED, "the program has not got what would end an object");
  expect(CSIZER_ASSUMES_SIDE_TABLES, CSIZER_UNCHECKED, "the program makes no weak reference");
  expect(CSIZER_ASSUMES_BOXES, CSIZER_UNCHECKED, "the program makes none");
  expect(CSIZER_ASSUMES_ERRORS, CSIZER_UNCHECKED, "the program makes none");
  expect(CSIZER_ASSUMES_TASKS, CSIZER_UNCHECKED, "the program makes no tasks");
  for (int i = CSIZER_ASSUMES_ARRAYS; i < CSIZER_ASSUMPTIONS; i++)
    expect((csizer_assumption)i, CSIZER_UNCHECKED, "far away");
  CHECK_EQUAL(made_swift_blocks(), 0);
}

// ---- Collections ----

static const char *reason_of(csizer_assumption assumption) { return csizer_assumption_read(assumption).reason; }

static const char *ask_array(size_t count, size_t capacity, size_t first) {
  const uint64_t words[16] = {0, 0, 5, 23};  // five elements, room for eleven, and a flag
  csizer_assumptions_forget();
  csizer_assumptions_ask_array(words, sizeof words, count, capacity, words + first);
  return reason_of(CSIZER_ASSUMES_ARRAYS);
}

TEST(arrays_are_asked_for_their_counts_and_their_first_element) {
  CHECK_TEXT(ask_array(5, 11, 4), "");
  CHECK(csizer_assumption_read(CSIZER_ASSUMES_ARRAYS).state == CSIZER_HOLDS);
  CHECK_TEXT(ask_array(6, 11, 4), "an array's count is elsewhere");
  CHECK_TEXT(ask_array(5, 12, 4), "an array's capacity is elsewhere");
  CHECK_TEXT(ask_array(5, 11, 5), "an array's elements are elsewhere");
}

enum { TABLE = 24 };

// Eight buckets, of which two are in use: 3 and 6, with the keys 100 and 200 and the values 7 and 9.
static const char *ask_dictionary(uint64_t words[TABLE], size_t bytes, uint64_t key_sum) {
  const csizer_hash_contents contents = {.count = 2, .capacity = 6, .key_sum = key_sum, .value_sum = 16};
  csizer_assumptions_forget();
  csizer_assumptions_ask_hash(CSIZER_ASSUMES_DICTIONARIES, words, bytes, &contents);
  return reason_of(CSIZER_ASSUMES_DICTIONARIES);
}

static void make_dictionary(uint64_t words[TABLE]) {
  const uint64_t table[TABLE] = {0, 0, 2, 6, 3, 0, (uintptr_t)(words + 9), (uintptr_t)(words + 17), 1 << 3 | 1 << 6};
  memcpy(words, table, sizeof table);
  for (int i = 0; i < 8; i++) words[9 + i] = 55;
  words[9 + 3] = 100;
  words[9 + 6] = 200;
  ((unsigned char *)(words + 17))[3] = 7;
  ((unsigned char *)(words + 17))[6] = 9;
}

TEST(dictionaries_are_asked_for_all_that_they_hold) {
  uint64_t words[TABLE];
  make_dictionary(words);
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "");
  CHECK_TEXT(ask_dictionary(words, sizeof words, 301), "their keys are elsewhere");
  CHECK_TEXT(ask_dictionary(words, 100, 300), "their keys are elsewhere");  // they would reach over the end
  CHECK_TEXT(ask_dictionary(words, 64, 300), "their storage is smaller");
  words[2] = 3;
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "their count is elsewhere");
  make_dictionary(words);
  words[3] = 8;
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "their capacity is elsewhere");
  make_dictionary(words);
  words[4] = 63;  // buckets
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "their keys are elsewhere");
  make_dictionary(words);
  words[6] = ~(uint64_t)7;
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "their keys are elsewhere");
  make_dictionary(words);
  words[7] = words[6];  // zeros
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "their values are elsewhere");
  make_dictionary(words);
  words[8] = 1 << 3;
  CHECK_TEXT(ask_dictionary(words, sizeof words, 300), "which of their buckets are in use is said elsewhere");
}

TEST(sets_are_asked_without_values) {
  uint64_t words[TABLE] = {0, 0, 1, 6, 3, 0, 0, 1 << 5};
  csizer_hash_contents contents = {.count = 1, .capacity = 6, .key_sum = 42};
  words[6] = (uintptr_t)(words + 8);
  words[8 + 5] = 42;
  csizer_assumptions_forget();
  csizer_assumptions_ask_hash(CSIZER_ASSUMES_SETS, words, sizeof words, &contents);
  expect(CSIZER_ASSUMES_SETS, CSIZER_HOLDS, "");
  contents.key_sum = 43;
  csizer_assumptions_ask_hash(CSIZER_ASSUMES_SETS, words, sizeof words, &contents);
  expect(CSIZER_ASSUMES_SETS, CSIZER_BROKEN, "their keys are elsewhere");
  contents.key_sum = 42;
  csizer_assumptions_ask_hash(CSIZER_ASSUMES_SETS, words, sizeof words, &contents);
  expect(CSIZER_ASSUMES_SETS, CSIZER_BROKEN, "their keys are elsewhere");  // once is enough
}

static const char *ask_string(const uint64_t value[2], const char *text, size_t length) {
  csizer_assumptions_forget();
  csizer_assumptions_ask_string(value, text, length, 60);
  return reason_of(CSIZER_ASSUMES_STRINGS);
}

TEST(strings_are_asked_for_their_text_and_its_storage) {
  uint64_t words[16] = {0, 0, (uint64_t)0x80 << 56 | 63, (uint64_t)0xF0 << 56 | 40};
  const char *text = (const char *)(words + 4);
  const uint64_t value[2] = {(uint64_t)0xF0 << 56 | 40, (uint64_t)(uintptr_t)words};
  CHECK_TEXT(ask_string(value, text, 40), "");
  CHECK_TEXT(ask_string(value, text + 8, 40), "their text is elsewhere");
  CHECK_TEXT(ask_string(value, text, 41), "a string's count is elsewhere");
  words[3]++;
  CHECK_TEXT(ask_string(value, text, 40), "their count is elsewhere");
  words[3]--;
  words[2] = 40;
  CHECK_TEXT(ask_string(value, text, 40), "their capacity is elsewhere");
}
