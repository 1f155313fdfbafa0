// SPDX-License-Identifier: Apache-2.0
// Rules by which a stack is read, one for each return address.
#include "traces/caller_rules.h"

#include "platform/pages.h"
#include "traces/cfi.h"

static bool fits(int64_t bytes, unsigned bits) {
  return bytes >= 0 && bytes % (int64_t)sizeof(uintptr_t) == 0 &&
         bytes / (int64_t)sizeof(uintptr_t) < (int64_t)1 << bits;
}

// The return address is the last word of a frame and rsp is where the frame ends: so the processor leaves a function.
static caller_rule pack(const cfi_row *row) {
  enum { RA_AT = -8 };
  if (row->ra.place == CFI_UNDEFINED) return RULE_END;
  if (row->ra.place != CFI_SAVED || row->ra.offset != RA_AT || row->rsp.place != CFI_SAME) return RULE_OTHER;
  if (row->rbp.place != CFI_SAME && row->rbp.place != CFI_SAVED) return RULE_OTHER;
  if (row->cfa_register != CFI_RSP && row->cfa_register != CFI_RBP) return RULE_OTHER;
  const int64_t saved = row->rbp.place == CFI_SAVED && row->rbp.offset > INT32_MIN ? -row->rbp.offset : 0;
  if (row->rbp.place == CFI_SAVED && saved <= -RA_AT) return RULE_OTHER;
  if (!fits(row->cfa_offset, RULE_SIZE_BITS) || !fits(saved, RULE_SAVED_BITS)) return RULE_OTHER;
  const rule_kind kind = row->cfa_register == CFI_RSP ? RULE_BY_RSP : RULE_BY_RBP;
  return (caller_rule)kind | (caller_rule)(saved / 8) << RULE_KIND_BITS |
         (caller_rule)(row->cfa_offset / 8) << (RULE_KIND_BITS + RULE_SAVED_BITS);
}

caller_rule csizer_caller_rules_compile(const lasting_images *images, uintptr_t return_address) {
  uintptr_t pc = return_address - 1;  // in the call: where it returns to may be another function
  const lasting_image *image = csizer_lasting_images_find(images, pc);
  cfi_entry entry;
  cfi_row row;
  if (!image || !csizer_cfi_find(image, pc, &entry)) return RULE_OTHER;
  // What a signal interrupted has no call before it, and all of its registers elsewhere.
  if (entry.is_signal || !csizer_cfi_run(&entry, pc, &row)) return RULE_OTHER;
  return pack(&row);
}

// Relaxed, as in caller_rules_find: a rule and whose it is are one word.
caller_rule csizer_caller_rules_add(caller_rules *rules, uintptr_t return_address) {
  if (return_address >> RULE_ADDRESS_BITS) return RULE_OTHER;
  const caller_rule rule = csizer_caller_rules_compile(rules->images, return_address);
  const uint64_t mixed = (return_address * HASH_FACTOR) & (((uint64_t)1 << RULE_ADDRESS_BITS) - 1);
  const uint64_t tag = mixed & (((uint64_t)1 << RULE_TAG_BITS) - 1);
  uint64_t *places = __atomic_load_n(&rules->places, __ATOMIC_RELAXED);
  __atomic_store_n(&places[mixed >> RULE_TAG_BITS], tag << RULE_BITS | rule, __ATOMIC_RELAXED);
  return rule;
}

caller_rules *csizer_caller_rules_kept;

void csizer_caller_rules_start(void) {
  caller_rules *made = csizer_pages_map(sizeof *made);
  if (!made) return;
  made->images = csizer_lasting_images_create();
  if (made->images) csizer_caller_rules_kept = made;
  else csizer_pages_unmap(made, sizeof *made);
}

bool csizer_caller_rules_make_room(void) {
  uint64_t **places = &csizer_caller_rules_kept->places, *none = NULL;
  if (__atomic_load_n(places, __ATOMIC_ACQUIRE)) return true;
  uint64_t *made = csizer_pages_map(RULE_TABLE_BYTES);
  if (!made) return false;
  // Another thread may have been first: nobody waits for anybody here.
  if (!__atomic_compare_exchange_n(places, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    csizer_pages_unmap(made, RULE_TABLE_BYTES);
  return true;
}

size_t csizer_caller_rules_bytes(void) {
  const caller_rules *rules = csizer_caller_rules_kept;
  if (!rules) return 0;
  const bool has_table = __atomic_load_n(&rules->places, __ATOMIC_ACQUIRE) != NULL;
  return sizeof *rules + rules->images->bytes + (has_table ? RULE_TABLE_BYTES : 0);
}
