// SPDX-License-Identifier: Apache-2.0
// The little programs of .eh_frame, run up to one place in a function.
#include "traces/cfi.h"

enum { DEEPEST = 8 };  // rows that are put aside; compilers put aside one

typedef struct run {
  const cfi_entry *entry;
  cfi_reader code;
  uintptr_t at, pc;
  const cfi_row *initial;  // NULL: these are the shared instructions
  cfi_row row, aside[DEEPEST];
  unsigned aside_count;
} run;

// NULL for one that no stack is read by.
static cfi_register *register_of(cfi_row *row, uint64_t number) {
  switch (number) {
  case CFI_RBP: return &row->rbp;
  case CFI_RSP: return &row->rsp;
  case CFI_RA: return &row->ra;
  default: return NULL;
  }
}

static void place(run *run, uint64_t number, cfi_place place, int64_t offset) {
  cfi_register *changed = register_of(&run->row, number);
  if (changed) *changed = (cfi_register){place, offset};
}

static void restore(run *run, uint64_t number) {
  cfi_register *changed = register_of(&run->row, number);
  if (!run->initial) run->code.is_bad = true;
  else if (changed) *changed = *register_of((cfi_row *)(uintptr_t)run->initial, number);
}

static int64_t stepped(const run *run, uint64_t offset) {
  int64_t product;
  return __builtin_mul_overflow((int64_t)offset, run->entry->data_step, &product) ? INT64_MAX : product;
}

static void advance(run *run, uint64_t steps) { run->at += steps * run->entry->code_step; }

static void put_aside(run *run) {
  if (run->aside_count == DEEPEST) run->code.is_bad = true;
  else run->aside[run->aside_count++] = run->row;
}

static void take_back(run *run) {
  if (!run->aside_count) run->code.is_bad = true;
  else run->row = run->aside[--run->aside_count];
}

// An instruction's operands are read in order, which a call's arguments are not.
static void place_at(run *run, cfi_place where, bool is_signed) {
  uint64_t number = cfi_unsigned(&run->code);
  place(run, number, where, stepped(run, cfi_leb(&run->code, is_signed)));
}

static void place_by_expression(run *run) {
  place(run, cfi_unsigned(&run->code), CFI_STRANGE, 0);
  cfi_skip(&run->code, cfi_unsigned(&run->code));
}

static void compute_cfa(run *run) {
  run->row.cfa_register = UINT64_MAX;
  cfi_skip(&run->code, cfi_unsigned(&run->code));
}

static void define_cfa(run *run, bool is_signed) {
  run->row.cfa_register = cfi_unsigned(&run->code);
  uint64_t offset = cfi_leb(&run->code, is_signed);
  run->row.cfa_offset = is_signed ? stepped(run, offset) : (int64_t)offset;
}

// DWARF 5, 7.24, and what GNU added.
static void step_extended(run *run, uint8_t operation) {
  cfi_reader *code = &run->code;
  switch (operation) {
  case 0x00: break;                                                                    // nop
  case 0x01: run->at = cfi_address(code, run->entry->encoding, false); break;          // set_loc
  case 0x02: advance(run, cfi_number(code, 1)); break;                                 // advance_loc1
  case 0x03: advance(run, cfi_number(code, 2)); break;                                 // advance_loc2
  case 0x04: advance(run, cfi_number(code, 4)); break;                                 // advance_loc4
  case 0x05: place_at(run, CFI_SAVED, false); break;                                   // offset_extended
  case 0x06: restore(run, cfi_unsigned(code)); break;                                  // restore_extended
  case 0x07: place(run, cfi_unsigned(code), CFI_UNDEFINED, 0); break;                  // undefined
  case 0x08: place(run, cfi_unsigned(code), CFI_SAME, 0); break;                       // same_value
  case 0x09: place(run, cfi_unsigned(code), CFI_STRANGE, 0); cfi_unsigned(code); break;  // register
  case 0x0A: put_aside(run); break;                                                    // remember_state
  case 0x0B: take_back(run); break;                                                    // restore_state
  case 0x0C: define_cfa(run, false); break;                                            // def_cfa
  case 0x0D: run->row.cfa_register = cfi_unsigned(code); break;                        // def_cfa_register
  case 0x0E: run->row.cfa_offset = (int64_t)cfi_unsigned(code); break;                 // def_cfa_offset
  case 0x0F: compute_cfa(run); break;                                                  // def_cfa_expression
  case 0x10: case 0x16: place_by_expression(run); break;                               // expression, val_expression
  case 0x11: place_at(run, CFI_SAVED, true); break;                                    // offset_extended_sf
  case 0x12: define_cfa(run, true); break;                                             // def_cfa_sf
  case 0x13: run->row.cfa_offset = stepped(run, cfi_leb(code, true)); break;           // def_cfa_offset_sf
  case 0x14: place_at(run, CFI_STRANGE, false); break;                                 // val_offset
  case 0x15: place_at(run, CFI_STRANGE, true); break;                                  // val_offset_sf
  case 0x2E: cfi_unsigned(code); break;                                                // GNU_args_size
  default: code->is_bad = true;
  }
}

static void step(run *run) {
  uint8_t operation = (uint8_t)cfi_number(&run->code, 1);
  uint8_t operand = operation & 63;
  switch (operation >> 6) {
  case 1: advance(run, operand); break;                                                     // advance_loc
  case 2: place(run, operand, CFI_SAVED, stepped(run, cfi_unsigned(&run->code))); break;    // offset
  case 3: restore(run, operand); break;                                                     // restore
  default: step_extended(run, operation);
  }
}

// What follows an advance beyond `pc` is of later places.
static void run_code(run *run) {
  while (!run->code.is_bad && run->code.at < run->code.end && run->at <= run->pc) step(run);
}

bool csizer_cfi_run(const cfi_entry *entry, uintptr_t pc, cfi_row *ret_row) {
  run shared = {.entry = entry, .code = entry->first, .pc = UINTPTR_MAX, .row = {.cfa_register = UINT64_MAX}};
  shared.row.ra.place = CFI_STRANGE;  // nothing is known of it until it is said
  run_code(&shared);
  run own = {.entry = entry, .code = entry->rest, .at = entry->start, .pc = pc, .initial = &shared.row};
  own.row = shared.row;
  run_code(&own);
  *ret_row = own.row;
  return !shared.code.is_bad && !own.code.is_bad;
}
