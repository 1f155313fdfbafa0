// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include "platform/elf.h"
#include "platform/pages.h"
#include "runtime/typetext.h"

// Stored properties that can't be copied: what their symbols say, found once.

enum { TEXT_ROOM = 2048 };

// How much of a symbol's text behind "get_type_metadata " is the type: " noncopyable" follows, not in Swift 6.2, and a
// number.
static size_t type_length(const char *text) {
  const char *end = strstr(text, " noncopyable");
  if (!end) end = strrchr(text, '.');
  return end ? (size_t)(end - text) : strlen(text);
}

static const swift_metadata *read_noncopyable_field(const char *type_name, const csizer_type_scope *scope) {
  static const char prefix[] = "get_type_metadata ";
  csizer_elf elf;
  if (!scope->runtime->demangle || !csizer_elf_open((uintptr_t)type_name, &elf)) return NULL;
  const char *symbol = csizer_elf_symbol_at(&elf, (uintptr_t)type_name, prefix);
  char mangled[TEXT_ROOM] = "$s", text[TEXT_ROOM];
  size_t length = symbol ? type_length(symbol + sizeof prefix - 1) : 0;
  bool fits = symbol && length < sizeof mangled - 2;
  if (fits) memcpy(mangled + 2, symbol + sizeof prefix - 1, length);
  csizer_elf_close(&elf);
  if (!fits) return NULL;
  // The runtime reads over the signature that may stand before the type. It can tell unless something in it is private.
  const swift_metadata *type =
      scope->runtime->type_in_context(mangled + 2, length, scope->owner, scope->arguments);
  if (type) return type;
  return scope->runtime->demangle(mangled, text, sizeof text) ? csizer_type_of_text(text, scope) : NULL;
}

// What was found, for each field of each type with generic arguments of its own. For ever, as types are; guarded by the
// lock.
static struct {
  pthread_mutex_t lock;
  csizer_pool pool;
  const struct found_field {
    const struct found_field *next;
    const char *type_name;
    const void *const *arguments;
    const swift_metadata *type;
  } *first;
} found = {.lock = PTHREAD_MUTEX_INITIALIZER};

const swift_metadata *csizer_type_of_noncopyable_field(const char *type_name, const csizer_type_scope *scope) {
  pthread_mutex_lock(&found.lock);
  const struct found_field *at = found.first;
  while (at && (at->type_name != type_name || at->arguments != scope->arguments)) at = at->next;
  pthread_mutex_unlock(&found.lock);
  if (at) return at->type;
  const swift_metadata *type = read_noncopyable_field(type_name, scope);
  pthread_mutex_lock(&found.lock);
  struct found_field *entry = csizer_pool_allocate(&found.pool, sizeof *entry);
  if (entry) {
    *entry = (struct found_field){found.first, type_name, scope->arguments, type};
    found.first = entry;
  }
  pthread_mutex_unlock(&found.lock);
  return type;
}
