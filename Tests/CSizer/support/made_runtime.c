// SPDX-License-Identifier: Apache-2.0
#include "support/made_types.h"

#include <string.h>

#include "support/check.h"

static _Alignas(16) char room[8 << 20];
static size_t used;

void *made_memory(size_t *ret_bytes) {
  *ret_bytes = used;
  return room;
}

void *made_room(size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  CHECK(used + bytes <= sizeof room);
  used += bytes;
  return room + used - bytes;
}

void made_relative(swift_relative *at, const void *target) {
  *at = target ? (swift_relative)((const char *)target - (const char *)at) : 0;
}

const char *made_text(const char *text) {
  size_t bytes = strlen(text) + 1;
  // More than the text: a name may hold a control byte whose operand reaches past a careless end.
  return memcpy(made_room(bytes + 16), text, bytes);
}

swift_descriptor *made_descriptor(uint32_t flags, const char *name, const swift_descriptor *parent) {
  enum { GENERIC_PART = 64 };
  swift_descriptor *descriptor = made_room(sizeof *descriptor + GENERIC_PART);
  descriptor->flags = flags;
  made_relative(&descriptor->parent, parent);
  made_relative(&descriptor->name, name ? made_text(name) : NULL);
  return descriptor;
}

enum { MOST_TYPES = 2048 };
static struct {
  const char *name;
  const swift_metadata *type;
} known[MOST_TYPES];
static size_t known_count;

// A word that is an address of made memory is taken for a pointer.
ptrdiff_t made_move(void *to) {
  ptrdiff_t distance = (char *)to - room;
  memcpy(to, room, used);
  for (uintptr_t *word = to; word < (uintptr_t *)to + used / sizeof *word; word++)
    if (*word >= (uintptr_t)room && *word < (uintptr_t)room + used) *word += (uintptr_t)distance;
  for (size_t i = 0; i < known_count; i++) {
    known[i].name += distance;
    known[i].type = (const swift_metadata *)(const void *)((const char *)known[i].type + distance);
  }
  return distance;
}

void made_alias(const char *name, const swift_metadata *type) {
  CHECK(known_count < MOST_TYPES);
  known[known_count].name = made_text(name);
  known[known_count++].type = type;
}

static const swift_metadata *find(const char *name, size_t length) {
  for (size_t i = known_count; i-- > 0;)  // the newest of a name
    if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0) return known[i].type;
  return NULL;
}

const swift_metadata *made_type(const char *name) {
  const swift_metadata *type = find(name, strlen(name));
  if (!type) check_fail(__FILE__, __LINE__, "made_type", name);
  return type;
}

// The runtime drops how a reference is held.
static size_t without_holding(const char *name, size_t length) {
  bool held = length > 2 && name[length - 2] == 'X' && strchr("wou", name[length - 1]);
  return held ? length - 2 : length;
}

static const swift_metadata *type_in_context(const char *name, size_t length, const swift_descriptor *context,
                                             const void *const *arguments) {
  (void)context;
  if (length == 1 && *name == 'x') return arguments ? arguments[0] : NULL;
  return find(name, without_holding(name, length));
}

static const swift_metadata *type_in_environment(const char *name, size_t length, const void *environment,
                                                 const void *const *arguments) {
  (void)environment;
  if (length == 1 && *name == 'x') return arguments[0];
  if (length == 2 && memcmp(name, "q_", 2) == 0) return arguments[1];
  return find(name, without_holding(name, length));
}

static csizer_name name_of(const swift_metadata *type) {
  for (size_t i = 0; i < known_count; i++)
    if (known[i].type == type) return (csizer_name){known[i].name, strlen(known[i].name)};
  return (csizer_name){"?", 1};
}

const csizer_runtime made_runtime = {
    .type_in_context = type_in_context, .type_in_environment = type_in_environment, .name_of = name_of};
