// SPDX-License-Identifier: Apache-2.0
#include "csizer_symbols.h"

#include "platform/pages.h"
#include "platform/refusals.h"
#include "runtime/functions.h"

// Names, files and lines of code addresses, from the debug information that libdw reads.

#ifdef CSIZER_HAS_LIBDW
#include <stdlib.h>
#include <string.h>

enum { deepest_inlining = 64 };

struct csizer_symbols {
  const csizer_libdw *dw;
  Dwfl *session;
  csizer_functions described, named;
};

// With DEBUGINFOD_URLS set libdw asks servers for debug files and waits: a guest must not make its host wait for a
// network.
static int find_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
                           const char *link, GElf_Word checksum, char **found) {
  const char *servers = getenv("DEBUGINFOD_URLS");
  if (servers && servers[0]) return -1;
  // The C library is in every trace; its lines cost 0.3 s and 20 MB to read, and say nothing about the program.
  const char *last = strrchr(name, '/');
  if (!strncmp(last ? last + 1 : name, "libc.so", 7)) return -1;
  csizer_refusal_look();
  return csizer_libdw_get()->dwfl_standard_find_debuginfo(module, user, name, base, file, link, checksum, found);
}

// Images are added with their file; without one there is nothing to find.
static int find_no_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, char **file, Elf **elf) {
  (void)module, (void)user, (void)name, (void)base, (void)file, (void)elf;
  return -1;
}

void csizer_symbols_load(void) { csizer_libdw_get(); }

csizer_status csizer_symbols_open(csizer_symbols **made) {
  static const Dwfl_Callbacks callbacks = {.find_elf = find_no_file, .find_debuginfo = find_debug_file};
  const csizer_libdw *dw = csizer_libdw_get();
  if (!dw) return CSIZER_UNSUPPORTED;
  csizer_symbols *symbols = csizer_pages_map(sizeof *symbols);
  if (!symbols) return CSIZER_NO_MEMORY;
  symbols->dw = dw;
  symbols->session = dw->dwfl_begin(&callbacks);
  if (!symbols->session) {
    csizer_pages_unmap(symbols, sizeof *symbols);
    return CSIZER_NO_MEMORY;
  }
  *made = symbols;
  return CSIZER_OK;
}

// What a module's user pointer says of it; NULL: nothing yet.
static char is_indexed, is_foreign;

static void **note_on(const csizer_libdw *dw, Dwfl_Module *module) {
  void **note = NULL;
  dw->dwfl_module_info(module, &note, NULL, NULL, NULL, NULL, NULL, NULL);
  return note;
}

// A program that was built anew while it ran has a file that says nothing about it.
static bool is_what_was_loaded(const csizer_libdw *dw, Dwfl_Module *module, const csizer_loaded_image *image) {
  const unsigned char *id = NULL;
  Dwarf_Addr bias;
  GElf_Addr where;
  if (!dw->dwfl_module_getelf(module, &bias)) return false;
  int length = dw->dwfl_module_build_id(module, &id, &where);
  if (length <= 0) return image->build_id_length == 0;
  return (size_t)length == image->build_id_length && !memcmp(id, image->build_id, (size_t)length);
}

void csizer_symbols_add(csizer_symbols *symbols, const csizer_loaded_image *image) {
  const csizer_libdw *dw = symbols->dw;
  csizer_refusal_look();
  dw->dwfl_report_begin_add(symbols->session);
  Dwfl_Module *module = dw->dwfl_report_elf(symbols->session, image->path, image->path, -1, image->bias, true);
  dw->dwfl_report_end(symbols->session, NULL, NULL);
  if (module && !is_what_was_loaded(dw, module, image)) *note_on(dw, module) = &is_foreign;
}

// A search under way: the functions around one address, and where in them.
typedef struct search {
  const csizer_libdw *dw;
  Dwarf_Addr address;               // in the file's own count
  Dwarf_Die chain[deepest_inlining];  // the function, then what was inlined, outermost first
  int count;
} search;

static bool is_scope(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine;
}

// Goes down to the innermost scope that holds the address, and notes what was inlined on the way.
static void follow_inlined(search *search) {
  const csizer_libdw *dw = search->dw;
  Dwarf_Die scope = search->chain[0], child;
  for (int depth = 0; depth < 4 * deepest_inlining && dw->dwarf_child(&scope, &child) == 0; depth++) {
    bool is_inside;
    do {
      is_inside = is_scope(dw->dwarf_tag(&child)) && dw->dwarf_haspc(&child, search->address) > 0;
    } while (!is_inside && dw->dwarf_siblingof(&child, &child) == 0);
    if (!is_inside) return;
    if (dw->dwarf_tag(&child) == DW_TAG_inlined_subroutine) {
      if (search->count == deepest_inlining) return;
      search->chain[search->count++] = child;
    }
    scope = child;
  }
}

static const char *symbol_of(const csizer_libdw *dw, Dwarf_Die *function) {
  Dwarf_Attribute attribute;
  if (dw->dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute)) return dw->dwarf_formstring(&attribute);
  return dw->dwarf_diename(function);
}

static int number_of(const csizer_libdw *dw, Dwarf_Die *die, unsigned int name) {
  Dwarf_Attribute attribute;
  Dwarf_Word number = 0;
  if (!dw->dwarf_attr(die, name, &attribute) || dw->dwarf_formudata(&attribute, &number) != 0) return 0;
  return number <= INT32_MAX ? (int)number : 0;
}

static void place_by_line_table(const search *search, Dwarf_Die *unit, csizer_call *call) {
  const csizer_libdw *dw = search->dw;
  Dwarf_Line *line = dw->dwarf_getsrc_die(unit, search->address);
  if (!line) return;
  call->file = dw->dwarf_linesrc(line, NULL, NULL);
  if (dw->dwarf_lineno(line, &call->line) != 0) call->line = 0;
  if (dw->dwarf_linecol(line, &call->column) != 0) call->column = 0;
}

static void place_by_call_site(const csizer_libdw *dw, Dwarf_Die *unit, Dwarf_Die *inlined, csizer_call *call) {
  Dwarf_Files *files;
  size_t count;
  *call = (csizer_call){.line = number_of(dw, inlined, DW_AT_call_line),
                        .column = number_of(dw, inlined, DW_AT_call_column)};
  size_t file = (size_t)number_of(dw, inlined, DW_AT_call_file);
  if (dw->dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
    call->file = dw->dwarf_filesrc(files, file, NULL, NULL);
  }
}

static csizer_status index_once(csizer_symbols *symbols, Dwfl_Module *module) {
  void **note = note_on(symbols->dw, module);
  if (*note == &is_indexed) return CSIZER_OK;
  *note = &is_indexed;
  csizer_status status = csizer_functions_add_described(&symbols->described, symbols->dw, module);
  if (!status) status = csizer_functions_add_symbols(&symbols->named, symbols->dw, module);
  if (status) csizer_refusal_note();
  return status;
}

// From the innermost inlined call to the function itself: each was called where the one before says.
static void show_calls(const csizer_libdw *dw, Dwfl_Module *module, const struct csizer_function *function,
                       Dwarf_Addr address, csizer_call call, void (*visit)(const csizer_call *, void *),
                       void *context) {
  Dwarf_Die unit;
  Dwarf_Addr bias = 0;
  const char *symbol = call.symbol;
  search search = {.dw = dw, .chain = {function->die}, .count = 1};
  dw->dwfl_module_info(module, NULL, NULL, NULL, &bias, NULL, NULL, NULL);
  search.address = address - bias;
  if (dw->dwarf_diecu(&search.chain[0], &unit, NULL, NULL)) {
    follow_inlined(&search);
    place_by_line_table(&search, &unit, &call);
    for (int i = search.count - 1; i > 0; i--) {
      call.symbol = symbol_of(dw, &search.chain[i]);
      call.inlined = true;
      visit(&call, context);
      place_by_call_site(dw, &unit, &search.chain[i], &call);
    }
  }
  // The symbol table knows what the optimiser made of the function; debug information has the name it came from.
  call.symbol = symbol ? symbol : symbol_of(dw, &search.chain[0]);
  visit(&call, context);
}

csizer_status csizer_symbols_look_up(csizer_symbols *symbols, uintptr_t return_address,
                                     void (*visit)(const csizer_call *call, void *context), void *context) {
  const csizer_libdw *dw = symbols->dw;
  if (!return_address) return CSIZER_OK;
  // The call is before the address it returns to; that may be in another function when the call never returns.
  Dwarf_Addr address = return_address - 1;
  Dwfl_Module *module = dw->dwfl_addrmodule(symbols->session, address);
  if (!module || *note_on(dw, module) == &is_foreign) return CSIZER_OK;
  csizer_status status = index_once(symbols, module);
  const struct csizer_function *named = csizer_functions_find(&symbols->named, address);
  const struct csizer_function *described = csizer_functions_find(&symbols->described, address);
  csizer_call call = {.symbol = named ? named->symbol : NULL};
  if (described) show_calls(dw, module, described, address, call, visit, context);
  else if (named) visit(&call, context);
  return status;
}

void csizer_symbols_close(csizer_symbols *symbols) {
  if (!symbols) return;
  csizer_functions_deinit(&symbols->described);
  csizer_functions_deinit(&symbols->named);
  symbols->dw->dwfl_end(symbols->session);
  csizer_pages_unmap(symbols, sizeof *symbols);
}

#else

void csizer_symbols_load(void) {}

csizer_status csizer_symbols_open(csizer_symbols **made) {
  (void)made;
  return CSIZER_UNSUPPORTED;
}

void csizer_symbols_add(csizer_symbols *symbols, const csizer_loaded_image *image) {
  (void)symbols, (void)image;
}

csizer_status csizer_symbols_look_up(csizer_symbols *symbols, uintptr_t return_address,
                                     void (*visit)(const csizer_call *call, void *context), void *context) {
  (void)symbols, (void)return_address, (void)visit, (void)context;
  return CSIZER_UNSUPPORTED;
}

void csizer_symbols_close(csizer_symbols *symbols) {
  (void)symbols;
}

#endif
