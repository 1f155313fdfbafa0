// SPDX-License-Identifier: Apache-2.0
#include "runtime/functions.h"

#ifdef CSIZER_HAS_LIBDW
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "platform/pages.h"

// Deeper than scopes nest in what compilers write; what is deeper is not looked at.
enum { deepest_scope = 64 };

static csizer_status append(csizer_functions *functions, struct csizer_function row) {
  if (functions->count == functions->capacity) {
    size_t capacity = functions->capacity ? functions->capacity * 2 : 4096;
    struct csizer_function *rows = csizer_pages_map(capacity * sizeof *rows);
    if (!rows) return CSIZER_NO_MEMORY;
    if (functions->rows) {
      memcpy(rows, functions->rows, functions->count * sizeof *rows);
      csizer_pages_unmap(functions->rows, functions->capacity * sizeof *rows);
    }
    functions->rows = rows;
    functions->capacity = capacity;
  }
  functions->rows[functions->count++] = row;
  return CSIZER_OK;
}

// What the linker threw away keeps its debug information, at address 0 (or 1, in lists of ranges).
static csizer_status append_ranges(csizer_functions *functions, const csizer_libdw *dw, Dwarf_Die *die,
                                   Dwarf_Addr bias) {
  Dwarf_Addr base, start, end;
  csizer_status status = CSIZER_OK;
  for (ptrdiff_t next = 0; (next = dw->dwarf_ranges(die, next, &base, &start, &end)) > 0 && status == CSIZER_OK;) {
    if (start > 1 && start < end)
      status = append(functions, (struct csizer_function){start + bias, end + bias, NULL, *die});
  }
  return status;
}

static bool may_hold_functions(int tag) {
  switch (tag) {
  case DW_TAG_subprogram:
  case DW_TAG_lexical_block:
  case DW_TAG_module:
  case DW_TAG_namespace:
  case DW_TAG_structure_type:
  case DW_TAG_class_type:
  case DW_TAG_union_type:
  case DW_TAG_enumeration_type:
    return true;
  default:
    return false;
  }
}

static csizer_status append_unit(csizer_functions *functions, const csizer_libdw *dw, Dwarf_Die *unit,
                                 Dwarf_Addr bias) {
  Dwarf_Die path[deepest_scope];
  int depth = dw->dwarf_child(unit, &path[0]) == 0 ? 0 : -1;
  csizer_status status = CSIZER_OK;
  while (depth >= 0 && status == CSIZER_OK) {
    int tag = dw->dwarf_tag(&path[depth]);
    if (tag == DW_TAG_subprogram) status = append_ranges(functions, dw, &path[depth], bias);
    if (may_hold_functions(tag) && depth + 1 < deepest_scope && dw->dwarf_child(&path[depth], &path[depth + 1]) == 0) {
      depth++;
      continue;
    }
    while (depth >= 0 && dw->dwarf_siblingof(&path[depth], &path[depth]) != 0) depth--;
  }
  return status;
}

// Several names for one place stay in the order of their table.
static bool is_before(const struct csizer_function *one, const struct csizer_function *other) {
  return one->low != other->low ? one->low < other->low : (uintptr_t)one->symbol < (uintptr_t)other->symbol;
}

static void sift(struct csizer_function *rows, size_t root, size_t count) {
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && is_before(&rows[child], &rows[child + 1])) child++;
    if (!is_before(&rows[root], &rows[child])) return;
    struct csizer_function row = rows[root];
    rows[root] = rows[child];
    rows[child] = row;
  }
}

// A heap sort: qsort(3) takes memory from malloc.
static void sort(struct csizer_function *rows, size_t count) {
  for (size_t root = count / 2; root-- > 0;) sift(rows, root, count);
  for (size_t last = count; last-- > 1;) {
    struct csizer_function row = rows[0];
    rows[0] = rows[last];
    rows[last] = row;
    sift(rows, 0, last);
  }
}

csizer_status csizer_functions_add_described(csizer_functions *functions, const csizer_libdw *dw, Dwfl_Module *module) {
  csizer_status status = CSIZER_OK;
  Dwarf_Addr bias = 0;
  for (Dwarf_Die *unit = NULL; status == CSIZER_OK && (unit = dw->dwfl_module_nextcu(module, unit, &bias));) {
    status = append_unit(functions, dw, unit, bias);
  }
  sort(functions->rows, functions->count);
  return status;
}

csizer_status csizer_functions_add_symbols(csizer_functions *functions, const csizer_libdw *dw, Dwfl_Module *module) {
  csizer_status status = CSIZER_OK;
  int count = dw->dwfl_module_getsymtab(module);
  for (int i = 1; i < count && status == CSIZER_OK; i++) {
    GElf_Sym entry;
    GElf_Addr low;
    GElf_Word section;
    const char *symbol = dw->dwfl_module_getsym_info(module, i, &entry, &low, &section, NULL, NULL);
    int type = GELF_ST_TYPE(entry.st_info);
    if (!symbol || section == SHN_UNDEF || !entry.st_size) continue;
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) continue;
    status = append(functions, (struct csizer_function){.low = low, .high = low + entry.st_size, .symbol = symbol});
  }
  sort(functions->rows, functions->count);
  return status;
}

const struct csizer_function *csizer_functions_find(const csizer_functions *functions, Dwarf_Addr address) {
  size_t low = 0, high = functions->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (functions->rows[middle].low <= address) low = middle + 1;
    else high = middle;
  }
  return low && functions->rows[low - 1].high > address ? &functions->rows[low - 1] : NULL;
}

void csizer_functions_deinit(csizer_functions *functions) {
  csizer_pages_unmap(functions->rows, functions->capacity * sizeof *functions->rows);
  *functions = (csizer_functions){0};
}

#endif
