// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CFI_H
#define CSIZER_CFI_H
#include "traces/cfi_reader.h"
#include "traces/lasting_images.h"

// Call frame information (DWARF 5, 6.4; Linux Standard Base, Core, 10.6): how the caller's registers are had back from
// a place in a function. Of x86-64, and of the few registers that a stack is read by.

/// What an entry of .eh_frame and the one that it shares with others say.
typedef struct cfi_entry {
  uintptr_t start;         // where the function begins
  uint64_t code_step;      // advances are multiples of this
  int64_t data_step;       // and offsets of this
  uint8_t encoding;        // of addresses
  bool is_signal;          // called by the kernel, between any two instructions
  cfi_reader first, rest;  // instructions: shared ones, the function's own
} cfi_entry;

/// Finds the entry of the function around `pc`. False when there is none, or it is of a kind that is not known.
bool csizer_cfi_find(const lasting_image *image, uintptr_t pc, cfi_entry *ret_entry);

/// Where a register's value for the caller is.
typedef enum cfi_place {
  CFI_SAME,       // still in the register
  CFI_SAVED,      // in memory, `offset` from the frame's end
  CFI_UNDEFINED,  // nowhere
  CFI_STRANGE,    // to be computed in some other way
} cfi_place;

typedef struct cfi_register {
  cfi_place place;
  int64_t offset;
} cfi_register;

enum { CFI_RBP = 6, CFI_RSP = 7, CFI_RA = 16 };  // System V ABI, AMD64 supplement, figure 3.36

/// What holds at one place in a function.
typedef struct cfi_row {
  uint64_t cfa_register;  // the frame ends at this one and `cfa_offset`; UINT64_MAX: to be computed in some other way
  int64_t cfa_offset;
  cfi_register rbp, rsp, ra;
} cfi_row;

/// Runs an entry's instructions up to `pc`. False when one of them is not known, or they are cut off.
bool csizer_cfi_run(const cfi_entry *entry, uintptr_t pc, cfi_row *ret_row);

#endif
