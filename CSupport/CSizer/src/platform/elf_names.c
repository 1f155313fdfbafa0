// SPDX-License-Identifier: Apache-2.0
// Symbols by the addresses that they hold: many addresses in one pass over a file's symbols. A file can be cut while it
// is mapped: it is read behind a guard, and what was found is copied.
#include <string.h>

#include "csizer_names.h"
#include "platform/elf.h"
#include "platform/fault_guard.h"
#include "platform/pages.h"

/// The smallest symbol that was found to hold an address.
typedef struct found {
  const char *name;  // NULL: none
  size_t length;     // with its end
  uint64_t start, size;
} found;

typedef struct look_up {
  csizer_elf elf;
  const uint8_t *build_id;
  size_t build_id_length;
  const uint64_t *addresses;
  size_t count;
  found *found;
  char *texts;
  size_t text_bytes;
} look_up;

// Where the first address that is not below `value` is.
static size_t first_from(const look_up *look_up, uint64_t value) {
  size_t low = 0, high = look_up->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (look_up->addresses[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Of two that hold an address the smaller one tells more; of equal ones a Swift name, or else the first. What has no
// size is where it is and nowhere else.
static void note(const char *name, uint64_t start, uint64_t size, void *context) {
  look_up *look_up = context;
  const uint64_t bytes = size ? size : 1;
  for (size_t i = first_from(look_up, start); i < look_up->count && look_up->addresses[i] - start < bytes; i++) {
    found *found = &look_up->found[i];
    const bool is_better = found->name && bytes == found->size && *name == '$' && *found->name != '$';
    if (found->name && bytes >= found->size && !is_better) continue;
    *found = (struct found){.name = name, .start = start, .size = bytes};
  }
}

static void find(void *context) {
  look_up *look_up = context;
  if (!csizer_elf_has_build_id(&look_up->elf, look_up->build_id, look_up->build_id_length)) return;
  csizer_elf_each_symbol(&look_up->elf, note, look_up);
  for (size_t i = 0; i < look_up->count; i++) {
    found *found = &look_up->found[i];
    if (found->name) look_up->text_bytes += found->length = strlen(found->name) + 1;
  }
}

// The file may have changed since: a name is as long as it was, or has ended.
static void copy(void *context) {
  look_up *look_up = context;
  char *text = look_up->texts;
  for (size_t i = 0; i < look_up->count; text += look_up->found[i++].length) {
    found *found = &look_up->found[i];
    if (!found->name) continue;
    memcpy(text, found->name, found->length - 1);
    text[found->length - 1] = 0;
    found->name = text;
  }
}

static csizer_status look_up_all(look_up *look_up, void (*visit)(const csizer_symbol *symbol, void *context),
                                 void *context) {
  if (!csizer_guard_call(find, look_up) || !look_up->text_bytes) return CSIZER_OK;
  look_up->texts = csizer_pages_map(look_up->text_bytes);
  if (!look_up->texts) return CSIZER_NO_MEMORY;
  const bool is_copied = csizer_guard_call(copy, look_up);
  for (size_t i = 0; is_copied && i < look_up->count; i++) {
    const found *found = &look_up->found[i];
    if (found->name) visit(&(csizer_symbol){i, found->name, look_up->addresses[i] - found->start}, context);
  }
  csizer_pages_unmap(look_up->texts, look_up->text_bytes);
  return CSIZER_OK;
}

csizer_status csizer_names_look_up(const char *path, const uint8_t *build_id, size_t build_id_length,
                                   const uint64_t *addresses, size_t count,
                                   void (*visit)(const csizer_symbol *symbol, void *context), void *context) {
  look_up look_up = {
      .build_id = build_id, .build_id_length = build_id_length, .addresses = addresses, .count = count};
  if (!count || !build_id_length || !csizer_elf_open_file(path, &look_up.elf)) return CSIZER_OK;
  look_up.found = csizer_pages_map(count * sizeof *look_up.found);
  const csizer_status status = look_up.found ? look_up_all(&look_up, visit, context) : CSIZER_NO_MEMORY;
  csizer_pages_unmap(look_up.found, count * sizeof *look_up.found);
  csizer_elf_close(&look_up.elf);
  return status;
}
