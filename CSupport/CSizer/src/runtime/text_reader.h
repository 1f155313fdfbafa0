// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TEXT_READER_H
#define CSIZER_TEXT_READER_H
#include <stdbool.h>
#include <string.h>

#include "runtime/typetext.h"

// Between typetext.c, typetext_names.c and typetext_members.c: a recursive descent over the demangler's text
// (lib/Demangling/NodePrinter.cpp). Its depth is that of a type's name.

typedef struct text_reader {
  const char *at;
  const csizer_type_scope *scope;
  /// A type; NULL when it is none that is known. Names hold types, and types are made of names.
  const swift_metadata *(*read_type)(struct text_reader *reader);
  const char *signature, *signature_end;  // "<A, let B where A: Swift.Sequence>" before the type; empty if it has none
  unsigned depth;
} text_reader;

enum { TEXT_DEEPEST = 64 };

static inline bool text_take(text_reader *reader, const char *text) {
  size_t length = strlen(text);
  if (strncmp(reader->at, text, length) != 0) return false;
  reader->at += length;
  return true;
}

/// The type that a mangled name means by itself.
static inline const swift_metadata *text_known(const text_reader *reader, const char *mangled) {
  return reader->scope->runtime->type_in_context(mangled, strlen(mangled), NULL, NULL);
}

/// Where the part of a type that begins at `at` ends: at the comma or the closing bracket that is not its own, or at
/// the end. The arrow of a function is no bracket.
static inline const char *text_end_of(const char *at) {
  for (int depth = 0; *at; at++) {
    if (at[0] == '-' && at[1] == '>') at++;
    else if (strchr("(<[{", *at)) depth++;
    else if (strchr(")>]}", *at) && depth-- == 0) return at;
    else if (*at == ',' && !depth) return at;
  }
  return at;
}

static inline bool text_is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a generic parameter stands here: `A`, `B1`.
static inline bool text_at_parameter(const char *at) {
  if (*at < 'A' || *at > 'Z') return false;
  for (at++; text_is_digit(*at); at++) {
  }
  return !*at || strchr(",>)?.", *at);
}

/// `A`, `B1`: place and level.
typedef struct text_parameter {
  unsigned index, depth;
} text_parameter;

static inline text_parameter text_take_parameter(text_reader *reader) {
  text_parameter found = {.index = (unsigned)(*reader->at++ - 'A')};
  while (text_is_digit(*reader->at) && found.depth < 100)
    found.depth = found.depth * 10 + (unsigned)(*reader->at++ - '0');
  return found;
}

/// A nominal type, a protocol or a composition of them. typetext_names.c
const swift_metadata *csizer_text_read_name(text_reader *reader);

/// What follows `any `: protocols, then what is demanded of their associated types, which has no say in the layout.
const swift_metadata *csizer_text_read_constrained(text_reader *reader);

/// A protocol's descriptor; NULL when the name is none of a protocol.
const swift_descriptor *csizer_text_read_protocol(text_reader *reader);

/// A generic parameter of the scope, or an associated type of one: `A`, `B1`, `A.Element`. typetext_members.c
const swift_metadata *csizer_text_read_parameter(text_reader *reader);
/// A tuple of a pack's elements, `(repeat A)`, behind `(repeat `.
const swift_metadata *csizer_text_read_expansion(text_reader *reader);
/// A generic argument that is an integer: `3`, or a parameter that stands for one. False, and nothing taken, when it
/// isn't. typetext_integers.c
bool csizer_text_read_integer(text_reader *reader, const void **ret_value);

#endif
