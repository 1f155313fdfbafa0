// SPDX-License-Identifier: Apache-2.0
#include "runtime/block_names.h"

#include <string.h>

#include "runtime/mangling.h"

// ---- Reading ----

typedef struct reader {
  const char *at, *end;
} reader;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static char peek(const reader *reader) { return reader->at < reader->end ? *reader->at : 0; }

static bool take(reader *reader, char c) {
  if (peek(reader) != c) return false;
  reader->at++;
  return true;
}

static size_t read_natural(reader *reader) {
  size_t number = 0;
  while (is_digit(peek(reader)) && number < 1 << 16) number = number * 10 + (size_t)(*reader->at++ - '0');
  return number;
}

static void skip_index(reader *reader) {
  read_natural(reader);
  take(reader, '_');
}

// An identifier's letters mean nothing, but for those that stand for words before: lib/Demangling/Demangler.cpp,
// demangleIdentifier.
static void skip_identifier(reader *reader) {
  bool has_words = false;
  if (take(reader, '0') && !take(reader, '0')) has_words = true;
  do {
    while (has_words && is_letter(peek(reader))) has_words = *reader->at++ >= 'a';
    if (take(reader, '0')) return;
    size_t length = read_natural(reader);
    if (!length) return;
    take(reader, '_');
    reader->at += length < (size_t)(reader->end - reader->at) ? length : (size_t)(reader->end - reader->at);
  } while (has_words);
}

// `A3bC`, `S2i`, `AA_`: what was named before, perhaps several times.
static void skip_substitution(reader *reader) {
  for (;;) {
    read_natural(reader);
    if (take(reader, '_') || !is_letter(peek(reader))) return;
    if (*reader->at++ < 'a') return;
  }
}

static bool takes_standard_type(reader *reader) {
  if (!take(reader, 'S')) return false;
  read_natural(reader);
  if (is_letter(peek(reader))) reader->at++;
  return true;
}

// `…I<attributes>_`, of which `B` is a block's.
static bool is_lowered_block(reader *reader) {
  bool is_block = false;
  for (; is_letter(peek(reader)); reader->at++) is_block |= *reader->at == 'B';
  return take(reader, '_') && is_block;
}

static bool step(reader *reader) {
  char c = *reader->at;
  if (is_digit(c)) {
    skip_identifier(reader);
  } else if (c > 0 && c < ' ') {
    size_t bytes = csizer_mangled_step(reader->at);
    reader->at += bytes < (size_t)(reader->end - reader->at) ? bytes : (size_t)(reader->end - reader->at);
  } else if (c == 'X') {
    reader->at++;
    take(reader, 'z');  // the C type is spelt out behind
    return take(reader, 'B') || take(reader, 'L');
  } else if (c == 'I') {
    reader->at++;
    return is_lowered_block(reader);
  } else if (c == 'A') {
    reader->at++;
    skip_substitution(reader);
  } else if (c == 'q') {
    reader->at++;
    if (take(reader, 'd')) skip_index(reader);
    skip_index(reader);
  } else if (!takes_standard_type(reader)) {
    reader->at++;
  }
  return false;
}

bool csizer_name_mentions_block(const char *name, size_t length) {
  reader reader = {name, name + length};
  while (reader.at < reader.end)
    if (step(&reader)) return true;
  return false;
}

// ---- Stand-ins ----

static bool ends_with(const char *name, size_t length, const char *end) {
  size_t count = strlen(end);
  return length >= count && memcmp(name + length - count, end, count) == 0;
}

// What has the layout of a name that is no optional.
static const char *stand_in(const char *name, size_t length) {
  if (ends_with(name, length, "XC")) return "yyXC";
  if (ends_with(name, length, "c")) return "yyc";
  bool is_collection = length > 3 && name[0] == 'S' && strchr("aDh", name[1]) && name[2] == 'y';
  return is_collection && ends_with(name, length, "G") ? "SayyXlG" : NULL;
}

bool csizer_name_without_blocks(const char *name, size_t length, char room[CSIZER_STAND_IN_ROOM]) {
  enum { MOST_OPTIONALS = 8 };
  size_t optionals = 0;
  for (; ends_with(name, length, "Sg"); length -= 2) optionals++;
  bool is_block = csizer_mangled_holding(name, length) == CSIZER_HOLDS_BLOCK;
  // Of a block itself there is metadata; an optional one has none, but has a block's layout.
  const char *found = is_block ? "yyXB" : stand_in(name, length);
  if (!found || optionals > MOST_OPTIONALS) return false;
  strcpy(room, found);
  for (; !is_block && optionals; optionals--) strcat(room, "Sg");
  return true;
}
