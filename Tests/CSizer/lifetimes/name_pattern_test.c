// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "lifetimes/name_pattern.h"
#include "support/check.h"

// Patterns against a matcher that tries everything.

static bool means(const char *pattern, const char *name) {
  if (!*pattern) return !*name;
  if (*pattern != '*') return *pattern == *name && means(pattern + 1, name + 1);
  return means(pattern + 1, name) || (*name && means(pattern, name + 1));
}

static void check(const char *pattern, const char *name) {
  if (csizer_name_matches(pattern, name) == means(pattern, name)) return;
  fprintf(stderr, "%s and %s\n", pattern, name);
  CHECK(false);
}

TEST(names_are_meant_as_they_stand) {
  CHECK(csizer_name_matches("Shop.Order", "Shop.Order"));
  CHECK(!csizer_name_matches("Shop.Order", "Shop.Orders"));
  CHECK(!csizer_name_matches("Shop.Orders", "Shop.Order"));
  CHECK(!csizer_name_matches("shop.Order", "Shop.Order"));
  CHECK(!csizer_name_matches("Shop?Order", "Shop.Order"));
  CHECK(!csizer_name_matches("", "Shop.Order"));
  CHECK(csizer_name_matches("", ""));
}

TEST(a_star_stands_for_anything_and_for_nothing) {
  CHECK(csizer_name_matches("*", ""));
  CHECK(csizer_name_matches("*", "Shop.Outer.Inner"));
  CHECK(csizer_name_matches("Shop.*", "Shop.Outer.Inner"));
  CHECK(csizer_name_matches("Shop.*", "Shop."));
  CHECK(!csizer_name_matches("Shop.*", "ShopCore.Order"));
  CHECK(csizer_name_matches("*.Order", "Shop.Outer.Order"));
  CHECK(!csizer_name_matches("*.Order", "Shop.Orders"));
  CHECK(csizer_name_matches("Shop*Or*r", "ShopCore.Order"));
  CHECK(csizer_name_matches("*Größe*", "Maß.Größenklasse"));
}

// All patterns and all names of up to six and seven of two letters.
TEST(short_names_as_the_model_says) {
  static const char letters[] = "a.*";
  char pattern[8], name[8];
  for (unsigned p = 0; p < 3 * 3 * 3 * 3 * 3 * 3; p++) {
    size_t length = 0;
    for (unsigned rest = p; length < 6; rest /= 3) pattern[length++] = letters[rest % 3];
    for (size_t end = 6; end + 1 > 0; end--) {
      pattern[end] = 0;
      for (unsigned n = 0; n < 1u << 8; n++) {
        unsigned bits = n | 1;  // the highest bit that is set ends the name
        size_t width = 0;
        for (; bits > 1 && width < 7; bits >>= 1) name[width++] = letters[bits & 1];
        name[width] = 0;
        check(pattern, name);
      }
    }
  }
}

TEST(random_names_as_the_model_says) {
  uint64_t random = 7;
  char pattern[16], name[24];
  unsigned matches = 0;
  for (int round = 0; round < 30000; round++) {
    size_t width = check_random(&random) % sizeof name, length = 0;
    for (size_t i = 0; i < width; i++) name[i] = "ab."[check_random(&random) % 3];
    name[width] = 0;
    // Half of them are made of the name.
    bool is_made = check_random(&random) % 2;
    for (size_t at = 0; length + 1 < sizeof pattern && (is_made ? at < width : check_random(&random) % 8); at++) {
      if (check_random(&random) % 3) {
        pattern[length++] = is_made ? name[at] : "ab.*"[check_random(&random) % 4];
      } else {
        pattern[length++] = '*';
        at += check_random(&random) % 4;
      }
    }
    pattern[length] = 0;
    check(pattern, name);
    matches += csizer_name_matches(pattern, name);
  }
  CHECK(matches > 5000);
}

// What would take a matcher that tries everything longer than the universe has been there.
TEST(many_stars_take_no_time) {
  static char pattern[801], name[1001];
  for (size_t i = 0; i < 800; i += 2) memcpy(pattern + i, "*a", 2);
  memset(name, 'a', 1000);
  CHECK(csizer_name_matches(pattern, name));
  memcpy(pattern + 798, "*b", 2);
  for (int i = 0; i < 100; i++) CHECK(!csizer_name_matches(pattern, name));
}
