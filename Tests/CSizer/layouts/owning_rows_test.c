// SPDX-License-Identifier: Apache-2.0
#include "layouts/owning_internal.h"

#include <string.h>

#include "support/check.h"

// The rows that the engine brings say what they can say: a row with a mistake would be a wrong number, silently.

static size_t row_count(void) { return csizer_owning_table_count + csizer_owning_packages_count; }

static const csizer_owning_field *row_at(size_t i) {
  return i < csizer_owning_table_count ? &csizer_owning_table[i]
                                       : &csizer_owning_packages[i - csizer_owning_table_count];
}

static bool is_name(const char *text) {
  if (!text || !*text) return false;
  for (; *text; text++)
    if (strchr(" <>()[]:", *text)) return false;
  return true;
}

TEST(each_names_a_field_of_a_type_in_a_module) {
  CHECK(csizer_owning_table_count > 0 && csizer_owning_packages_count > 0);
  for (size_t i = 0; i < row_count(); i++) {
    const csizer_owning_field *row = row_at(i);
    CHECK(is_name(row->type) && is_name(row->field));
    const char *dot = strchr(row->type, '.');
    CHECK(dot && dot != row->type && dot[1] && strlen(row->type) < CSIZER_TYPE_NAME_BYTES);
    CHECK(!strchr(row->field, '.') && !strstr(row->type, ".."));
  }
}

TEST(no_field_has_two_rows) {
  for (size_t i = 0; i < row_count(); i++)
    for (size_t j = 0; j < i; j++)
      CHECK(strcmp(row_at(i)->type, row_at(j)->type) != 0 || strcmp(row_at(i)->field, row_at(j)->field) != 0);
}

TEST(siblings_are_others_and_belong_to_the_rule) {
  for (size_t i = 0; i < row_count(); i++) {
    const csizer_owning_field *row = row_at(i);
    const char *others[] = {row->count, row->first, row->lender};
    for (size_t j = 0; j < sizeof others / sizeof *others; j++)
      CHECK(!others[j] || (is_name(others[j]) && strcmp(others[j], row->field) != 0));
    CHECK(!row->doubt || is_name(row->doubt));
    bool has_values = row->rule == CSIZER_OWNS_VALUES, is_foreign = row->rule == CSIZER_OWNS_FOREIGN;
    CHECK(has_values || (!row->count && !row->first && !row->argument && !row->element));
    CHECK(!row->first || row->count);
    CHECK(is_foreign || !row->before);
    CHECK(row->lender ? row->lent_bits || row->unknown_bits : !row->lent_bits && !row->unknown_bits);
    CHECK(row->rule != CSIZER_BORROWS || (!row->lender && !row->doubt));
  }
}

TEST(rows_need_no_metadata) {
  for (size_t i = 0; i < row_count(); i++) CHECK(!row_at(i)->declared_by && !row_at(i)->element);
}
