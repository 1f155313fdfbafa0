// SPDX-License-Identifier: Apache-2.0
#include "runtime/mangling.h"

#include <string.h>

#include "support/check.h"

// Symbolic references in front of what the names end with: their operands hold zeros and letters that mean something
// elsewhere.
#define NEAR "\x01\x00\x5F\x49\x00"                              // control byte, 4 bytes
#define FAR "\x1E\x00\x00\x58\x77\x00\x5F\x49\x00"               // control byte, 8 bytes
#define FUNCTION_LIKE "\x02\x49\x65\x67\x5F"                     // the operand reads "Ieg_"
#define NAME(text) {text, sizeof(text) - 1}

typedef struct name {
  const char *text;
  size_t length;
} name;

TEST(length_ends_at_the_terminator_only) {
  static const name names[] = {
      NAME(""),
      NAME("Si"),
      NAME(NEAR),
      NAME(FAR),
      NAME("Say" NEAR "G"),
      NAME(NEAR NEAR "t"),
      NAME(FAR "Sg"),
      NAME(NEAR FAR "SgXw"),
      NAME("x"),
      NAME("\x17"
           "\0\0\0\0"),
      NAME("\x18"
           "\0\0\0\0\0\0\0\0"),
      NAME("\x1F"
           "\0\0\0\0\0\0\0\0"
           "G"),
      NAME("\x20"
           "G"),
      NAME("\xFF"
           "G"),
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    CHECK_EQUAL(csizer_mangled_length(names[i].text), names[i].length);
}

static void check_all(const name *names, size_t count, csizer_holding expected) {
  for (size_t i = 0; i < count; i++) {
    csizer_holding actual = csizer_mangled_holding(names[i].text, names[i].length);
    if (actual != expected) check_fail(__FILE__, __LINE__, "holding", names[i].text);
    CHECK_EQUAL(csizer_mangled_length(names[i].text), names[i].length);
  }
}

#define CHECK_HELD(expected, ...)                                         \
  do {                                                                    \
    static const name names[] = {__VA_ARGS__};                            \
    check_all(names, sizeof names / sizeof *names, expected);             \
  } while (0)

TEST(accessors_are_told_from_names) {
  CHECK(csizer_mangled_is_accessor("\x09\x5F\x49\x00\x00"));
  CHECK(csizer_mangled_is_accessor("\xFF\x09\x5F\x49\x00\x00"));  // Swift 6.2
  CHECK(!csizer_mangled_is_accessor(""));
  CHECK(!csizer_mangled_is_accessor("\xFF"));
  CHECK(!csizer_mangled_is_accessor("\xFF" NEAR "\x09"));
  CHECK(!csizer_mangled_is_accessor(NEAR "Sg"));
}

TEST(ordinary_types_are_values) {
  CHECK_HELD(CSIZER_HOLDS_VALUE, NAME(""), NAME("Si"), NAME("x"), NAME("q_"), NAME("q0_"), NAME("qd__"), NAME("qd_0_"),
             NAME("qd0__"), NAME("qd0_0_"), NAME("xSg"), NAME("SSSg"), NAME("SayxG"), NAME("SDyxq_G"), NAME(NEAR),
             NAME(FAR), NAME(NEAR "Sg"), NAME("yXl"), NAME("yp"), NAME(NEAR "_p"), NAME("s5Error_p"), NAME("Si_SSt"),
             NAME("1A" NEAR "Qz"), NAME("yyc"), NAME("yyYac"), NAME(FUNCTION_LIKE), NAME("Say" FUNCTION_LIKE "G"));
}

TEST(weak_unowned_and_unmanaged) {
  CHECK_HELD(CSIZER_HOLDS_WEAK, NAME(NEAR "SgXw"), NAME(FAR "SgXw"), NAME("yXlSgXw"), NAME("xSgXw"),
             NAME(NEAR "_pSgXw"));
  CHECK_HELD(CSIZER_HOLDS_UNOWNED, NAME(NEAR "Xo"), NAME(FAR "Xo"), NAME("yXlXo"), NAME(NEAR "SgXo"));
  CHECK_HELD(CSIZER_HOLDS_UNMANAGED, NAME(NEAR "Xu"), NAME(FAR "Xu"), NAME("xXu"));
}

TEST(boxes) {
  CHECK_HELD(CSIZER_HOLDS_BOX, NAME("Siz_Xx"), NAME("SSz_Xx"), NAME(NEAR "Sgz_Xx"), NAME(FAR "Sgz_Xx"),
             NAME("xz_x_lXX"), NAME("xz_SS_lXX"), NAME(NEAR "yxGSgXwz_x_lXX"));
}

TEST(metatypes) {
  CHECK_HELD(CSIZER_HOLDS_METATYPE, NAME(NEAR "XMT"), NAME("ypXmT"), NAME(NEAR "_pXmT"), NAME("xmT"), NAME("ypXmt"));
  CHECK_HELD(CSIZER_HOLDS_THIN_METATYPE, NAME(NEAR "XMt"), NAME("SiXMt"));
}

TEST(escaping_functions_hold_their_context) {
  CHECK_HELD(CSIZER_HOLDS_FUNCTION, NAME("Ieg_"), NAME("SiIegd_"), NAME("SiIegr_"), NAME("SiSSIegyo_"),
             NAME(NEAR "SS" NEAR "_pIeggozo_"), NAME("Si" NEAR FAR "_pIeghHlxzo_"), NAME("xRlzCRi_zRi0_zlyxIsego_"),
             NAME("SiIeAgHr_"), NAME(FUNCTION_LIKE "Ieg_"));
}

TEST(other_functions_hold_nothing) {
  CHECK_HELD(CSIZER_HOLDS_LENT_FUNCTION, NAME("Ig_"), NAME("SiIgd_"), NAME(NEAR "SSIggo_"));
  CHECK_HELD(CSIZER_HOLDS_CODE, NAME("S2iIetCyd_"), NAME("Iet_"), NAME("SiIetd_"));
}

TEST(what_is_inside_a_reference_decides_nothing) {
  // Cut inside the operand the same bytes would be "Xw" or "_": the end of the name must be the end of a symbol.
  static const char far_weak[] = "\x18\0\0\0\0\0\0Xw";
  CHECK_EQUAL(csizer_mangled_length(far_weak), sizeof far_weak - 1);
  CHECK_EQUAL(csizer_mangled_holding(far_weak, sizeof far_weak - 1), CSIZER_HOLDS_VALUE);
  static const char near_function[] = "\x01IIg_";
  CHECK_EQUAL(csizer_mangled_holding(near_function, sizeof near_function - 1), CSIZER_HOLDS_VALUE);
}

TEST(packs_are_recognised) {
  static const name packs[] = {NAME("xxQp_t"), NAME("SayxGxQp_t"), NAME("q_q_Qp_t"), NAME(NEAR "yxxQp_QPG"),
                               NAME("xxQp_QP")};
  for (size_t i = 0; i < sizeof packs / sizeof *packs; i++)
    CHECK(csizer_mangled_expands_pack(packs[i].text, packs[i].length));
  static const name others[] = {
      NAME(""), NAME("Q"), NAME("x"), NAME("1A" NEAR "Qz"), NAME("\x01QpQp"), NAME("\x18QpQpQpQpG")};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    CHECK(!csizer_mangled_expands_pack(others[i].text, others[i].length));
}

TEST(lowered_functions_say_how_many_types_they_take) {
  static const struct {
    const char *text;
    uint32_t types;
    bool is_thin;
  } forms[] = {
      {"egd_", 1, false}, {"eghHgozo_", 3, false}, {"eglx_", 2, false}, {"eggyo_", 3, false}, {"etyd_", 2, true}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    csizer_lowered_function function;
    CHECK(csizer_mangled_lowered_function(forms[i].text, strlen(forms[i].text), &function));
    CHECK_EQUAL(function.type_count, forms[i].types);
    CHECK_EQUAL(function.length, strlen(forms[i].text));
    CHECK_EQUAL(function.is_thin, forms[i].is_thin);
    // Cut anywhere it is none, and nothing behind its end is read.
    for (size_t length = 0; length < strlen(forms[i].text); length++)
      CHECK(!csizer_mangled_lowered_function(forms[i].text, length, &function));
  }
  csizer_lowered_function lent;
  CHECK(!csizer_mangled_lowered_function("gd_", 3, &lent));
}

TEST(thin_metatypes_are_told_from_thick_ones) {
  CHECK(csizer_mangled_has_thin_metatype("Si_SiXMtSSt", 11));
  CHECK(!csizer_mangled_has_thin_metatype("Si_SiXMTSSt", 11));
  CHECK(!csizer_mangled_has_thin_metatype("XM", 2));
}
