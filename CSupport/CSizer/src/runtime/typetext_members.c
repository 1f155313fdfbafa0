// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "runtime/text_reader.h"
#include "runtime/descriptors.h"

// Generic parameters of the owner, by the names that the demangler gives them, and what hangs on them.

// docs/ABI/Mangling.rst: INDEX is "_" for 0, "0_" for 1.
static int write_index(char *room, size_t capacity, unsigned value) {
  return value ? snprintf(room, capacity, "%u_", value - 1) : snprintf(room, capacity, "_");
}

// Without the `q`: nothing for the first text_parameter of the first level, which is `x`.
static void write_place(text_parameter of, char *room, size_t capacity) {
  int used = 0;
  *room = 0;
  if (of.depth) {
    used = snprintf(room, capacity, "d");
    used += write_index(room + used, capacity - (size_t)used, of.depth - 1);
    write_index(room + used, capacity - (size_t)used, of.index);
  } else if (of.index) {
    write_index(room, capacity, of.index - 1);
  }
}

static const swift_metadata *in_scope(const text_reader *reader, const char *name, size_t length) {
  const csizer_type_scope *scope = reader->scope;
  if (!scope->arguments) return NULL;
  return scope->runtime->type_in_context(name, length, scope->owner, scope->arguments);
}

// ---- Associated types ----

enum { MOST_PROTOCOLS = 24 };

typedef struct protocols {
  const swift_descriptor *found[MOST_PROTOCOLS];
  size_t count;
} protocols;

// The protocols that the signature demands of a parameter: `<A, B where A: Swift.Sequence, B: Swift.Hashable>`.
static void find_demanded(const text_reader *reader, const char *parameter, size_t length, protocols *ret) {
  for (const char *at = reader->signature; at < reader->signature_end; at++) {
    bool begins = (at[-(at > reader->signature)] == ' ') && strncmp(at, parameter, length) == 0;
    if (!begins || strncmp(at + length, ": ", 2) != 0) continue;
    if (ret->count == MOST_PROTOCOLS) return;
    text_reader ahead = {.at = at + length + 2, .scope = reader->scope, .read_type = reader->read_type};
    const swift_descriptor *protocol = csizer_text_read_protocol(&ahead);
    if (protocol) ret->found[ret->count++] = protocol;
  }
}

// `7Element` <protocol> `Qz`: the protocol by a symbolic reference, control byte 2, to its descriptor's address.
static const swift_metadata *associated(const text_reader *reader, const char *name, size_t length, text_parameter of,
                                        const swift_descriptor *protocol) {
  struct {
    const swift_descriptor *address;
    char text[128];
  } mangled = {.address = protocol};
  char place[32];
  if (length > 64) return NULL;
  write_place(of, place, sizeof place);
  size_t used = (size_t)snprintf(mangled.text, sizeof mangled.text, "%zu%.*s", length, (int)length, name);
  mangled.text[used++] = 2;
  int32_t offset = (int32_t)((const char *)&mangled.address - &mangled.text[used]);
  memcpy(&mangled.text[used], &offset, sizeof offset);
  used += sizeof offset;
  used += (size_t)snprintf(&mangled.text[used], sizeof mangled.text - used, *place ? "Qy%s" : "Qz", place);
  return in_scope(reader, mangled.text, used);
}

static const swift_metadata *read_associated(text_reader *reader, const char *start, text_parameter of) {
  protocols demanded = {.count = 0};
  find_demanded(reader, start, (size_t)(reader->at - start), &demanded);
  if (!text_take(reader, ".")) return NULL;
  const char *name = reader->at;
  size_t length = strcspn(name, " .,<>()?:");
  reader->at += length;
  for (size_t i = 0; i < demanded.count; i++) {  // the list grows by what its protocols refine
    const swift_metadata *type = associated(reader, name, length, of, demanded.found[i]);
    if (type) return type;
    demanded.count += csizer_protocol_refines(demanded.found[i], demanded.found + demanded.count,
                                              MOST_PROTOCOLS - demanded.count);
  }
  return NULL;
}

// ---- Entry ----

static size_t write_parameter(text_parameter of, char *room, size_t capacity) {
  char place[32];
  write_place(of, place, sizeof place);
  return (size_t)snprintf(room, capacity, *place ? "q%s" : "x", place);
}

const swift_metadata *csizer_text_read_parameter(text_reader *reader) {
  const char *start = reader->at;
  text_parameter of = text_take_parameter(reader);
  if (*reader->at == '.' && strncmp(reader->at, ".Type", 5) != 0) return read_associated(reader, start, of);
  char name[32];
  return in_scope(reader, name, write_parameter(of, name, sizeof name));
}

const swift_metadata *csizer_text_read_expansion(text_reader *reader) {
  if (!text_at_parameter(reader->at)) return NULL;
  char name[32], mangled[96];
  text_parameter of = text_take_parameter(reader);
  write_parameter(of, name, sizeof name);
  int length = snprintf(mangled, sizeof mangled, "%s%sQp_t", name, name);
  return text_take(reader, ")") ? in_scope(reader, mangled, (size_t)length) : NULL;
}
