// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/described_type.h"
#include "layouts/compiling.h"

// A table of layouts, and the compilers that fill it.

// The types of a value's parts are compiled in the middle of compiling it: the table hands these down.
static const csizer_compilers compilers = {
    .value = csizer_compile_value, .object = csizer_compile_object, .described = csizer_described_make};

static const char *copy_text(csizer_layouts *layouts, const char *text) {
  size_t bytes = strlen(text) + 1;
  char *copy = csizer_layouts_allocate(layouts, bytes);
  return copy ? memcpy(copy, text, bytes) : "";
}

static void copy_exclusions(csizer_layouts *layouts, const csizer_exclusions *exclusions) {
  const void **types = csizer_layouts_allocate(layouts, exclusions->type_count * sizeof *types);
  const char **names = csizer_layouts_allocate(layouts, exclusions->name_count * sizeof *names);
  if (!types || !names) return;
  if (exclusions->type_count) memcpy(types, exclusions->types, exclusions->type_count * sizeof *types);
  for (size_t i = 0; i < exclusions->name_count; i++) names[i] = copy_text(layouts, exclusions->names[i]);
  layouts->exclusions = (csizer_exclusions){types, exclusions->type_count, names, exclusions->name_count};
}

csizer_status csizer_layouts_create(const csizer_exclusions *exclusions, csizer_layouts **ret_layouts) {
  csizer_pool pool = {0};
  csizer_layouts *layouts = csizer_pool_allocate(&pool, sizeof *layouts);
  if (!layouts) return CSIZER_NO_MEMORY;
  layouts->pool = pool;
  layouts->compilers = &compilers;
  layouts->runtime = csizer_runtime_current();
  layouts->side_table_kind = csizer_layouts_add_kind(layouts, (csizer_kind){.prefix = "side table"});
  if (exclusions) copy_exclusions(layouts, exclusions);
  if (layouts->failed) {
    csizer_layouts_destroy(layouts);
    return CSIZER_NO_MEMORY;
  }
  *ret_layouts = layouts;
  return CSIZER_OK;
}
