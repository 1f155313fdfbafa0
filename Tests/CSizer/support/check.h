// SPDX-License-Identifier: Apache-2.0
#ifndef CHECK_H
#define CHECK_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// What the C tests need of a framework. A test program is a file of TESTs, linked with check.c; run with a test's name
// it runs that test, without one all of them. The first check that fails ends the program with status 1 and says where.

typedef struct check_test {
  const char *name;
  void (*run)(void);
  struct check_test *next;
} check_test;

/// Adds a test; TEST does that before main.
void check_register(check_test *test);

/// Ends the program: a check at `file`:`line` did not hold.
_Noreturn void check_fail(const char *file, int line, const char *what, const char *details);

/// Defines a test. cmake reads the names from the sources: one `TEST(name) {` to a line.
#define TEST(test_name)                                                 \
  static void test_name(void);                                          \
  __attribute__((constructor)) static void register_##test_name(void) { \
    static check_test test = {.name = #test_name, .run = test_name};    \
    check_register(&test);                                              \
  }                                                                     \
  static void test_name(void)

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) check_fail(__FILE__, __LINE__, #condition, NULL); \
  } while (0)

/// Two integers are equal; both are printed when they are not.
#define CHECK_EQUAL(actual, expected)                                                                     \
  do {                                                                                                    \
    unsigned long long check_actual = (unsigned long long)(actual);                                       \
    unsigned long long check_expected = (unsigned long long)(expected);                                   \
    if (check_actual != check_expected) {                                                                 \
      char check_details[96];                                                                             \
      snprintf(check_details, sizeof check_details, "%llu, expected %llu", check_actual, check_expected); \
      check_fail(__FILE__, __LINE__, #actual, check_details);                                             \
    }                                                                                                     \
  } while (0)

/// Two texts are equal; NULL is equal to NULL alone.
#define CHECK_TEXT(actual, expected) check_text(__FILE__, __LINE__, #actual, actual, expected)
void check_text(const char *file, int line, const char *what, const char *actual, const char *expected);

/// Why the last call of the engine's was refused: its answer, the system's number and the file, or NULL. The test
/// includes csizer_refusals.h.
#define CHECK_REFUSAL(answer, error, file)                \
  do {                                                    \
    csizer_refusal check_refusal = csizer_refusal_last(); \
    CHECK_EQUAL(check_refusal.status, answer);            \
    CHECK_EQUAL(check_refusal.number, error);             \
    CHECK_TEXT(check_refusal.path, file);                 \
  } while (0)

/// Nothing is broken: `broken` is an invariant's check (CSIZER_CHECKS), which answers NULL or what does not hold.
#define CHECK_SOUND(broken)                                                \
  do {                                                                     \
    const char *check_broken = (broken);                                   \
    if (check_broken) check_fail(__FILE__, __LINE__, #broken, check_broken); \
  } while (0)

/// Bytes of the kernel's pages.
static inline size_t check_page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/// The next of a sequence that is the same in every run. `state` starts with any seed.
static inline uint64_t check_random(uint64_t *state) {
  uint64_t mixed = (*state += 0x9E3779B97F4A7C15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

#endif
