// SPDX-License-Identifier: Apache-2.0
#include "runtime/typetext.h"

#include "runtime/text_reader.h"

// Types by their form: functions, tuples, metatypes. Names are in typetext_names.c.

// ---- Functions ----

typedef enum convention { CONVENTION_SWIFT, CONVENTION_C, CONVENTION_BLOCK } convention;

// `@escaping `, `@Swift.MainActor `, `@isolated(any) `: only the convention has a say in a layout.
static convention take_attributes(text_reader *reader) {
  convention found = CONVENTION_SWIFT;
  for (;;) {
    if (text_take(reader, "nonisolated(nonsending) ") || text_take(reader, "sending ")) continue;
    if (*reader->at != '@') return found;
    if (strncmp(reader->at, "@convention(block", 17) == 0) found = CONVENTION_BLOCK;
    else if (strncmp(reader->at, "@convention(", 12) == 0) found = CONVENTION_C;
    for (int depth = 0; *reader->at && (depth || *reader->at != ' '); reader->at++)
      depth += *reader->at == '(', depth -= *reader->at == ')';
    if (!text_take(reader, " ")) return found;
  }
}

static bool take_arrow(text_reader *reader) {
  const char *start = reader->at;
  text_take(reader, " async");
  if (text_take(reader, " throws") && *reader->at == '(') {
    reader->at = text_end_of(reader->at + 1);
    text_take(reader, ")");
  }
  if (text_take(reader, " -> ")) return true;
  reader->at = start;
  return false;
}

// What functions take and give has no say in their layout: one function stands for all of a convention.
static const swift_metadata *read_function(text_reader *reader, convention convention) {
  static const char *const mangled[] = {"yyc", "yyXC", "yyXB"};
  reader->at = text_end_of(reader->at);
  return text_known(reader, mangled[convention]);
}

// Whether the parenthesis here holds a function's parameters: then the reader is behind the arrow.
static bool take_parameters(text_reader *reader) {
  const char *start = reader->at;
  const char *close = start + 1;
  while (*(close = text_end_of(close)) == ',') close++;
  reader->at = *close ? close + 1 : close;
  if (*close == ')' && take_arrow(reader)) return true;
  reader->at = start;
  return false;
}

// ---- Tuples ----

static void skip_label(text_reader *reader) {
  size_t length = strcspn(reader->at, " .,<>()?:");
  if (strncmp(reader->at + length, ": ", 2) == 0) reader->at += length + 2;
}

static const swift_metadata *read_tuple(text_reader *reader) {
  const swift_metadata *elements[16];
  size_t count = 0;
  text_take(reader, "(");
  if (text_take(reader, "repeat ")) return csizer_text_read_expansion(reader);
  while (!text_take(reader, ")")) {
    if (count == sizeof elements / sizeof *elements || (count && !text_take(reader, ", "))) return NULL;
    skip_label(reader);
    elements[count] = reader->read_type(reader);
    if (!elements[count++]) return NULL;
  }
  if (count == 1) return elements[0];
  if (!reader->scope->runtime->tuple_of) return NULL;
  return count ? reader->scope->runtime->tuple_of(elements, count) : text_known(reader, "yt");
}

// ---- Metatypes ----

// A word, and one for each witness table: as many as the existential has behind its value and its type.
static size_t metatype_words(const swift_metadata *type) {
  if (swift_kind_of(type) != SWIFT_EXISTENTIAL) return 1;
  const swift_existential *existential = (const swift_existential *)type;
  size_t words = swift_witnesses_of(type)->size / sizeof(void *);
  if ((existential->flags & SWIFT_EXISTENTIAL_SPECIAL) == SWIFT_EXISTENTIAL_ERROR) return 2;
  return existential->flags & SWIFT_EXISTENTIAL_NOT_CLASS ? words - 3 : words;
}

static const swift_metadata *metatype_of(const text_reader *reader, const swift_metadata *type) {
  const swift_metadata *words[16];
  size_t count = metatype_words(type);
  if (count > sizeof words / sizeof *words) return NULL;
  for (size_t i = 0; i < count; i++)
    if (!(words[i] = text_known(reader, "ypXp"))) return NULL;
  return count == 1 ? words[0] : reader->scope->runtime->tuple_of(words, count);
}

// ---- Entry ----

// Whether the parenthesis here opens a name: `(Name in discriminator)`, `(extension in Module):`.
static bool is_name(const char *at) {
  size_t length = strcspn(at + 1, " ,()<>");
  return length && strncmp(at + 1 + length, " in ", 4) == 0;
}

static const swift_metadata *read_form(text_reader *reader) {
  convention convention = take_attributes(reader);
  if (*reader->at == '(' && take_parameters(reader)) return read_function(reader, convention);
  if (*reader->at == '(' && !is_name(reader->at)) return read_tuple(reader);
  if (text_take(reader, "any ")) return csizer_text_read_constrained(reader);
  if (text_at_parameter(reader->at)) return csizer_text_read_parameter(reader);
  return csizer_text_read_name(reader);
}

static const swift_metadata *read_type(text_reader *reader) {
  if (reader->depth == TEXT_DEEPEST) return NULL;
  reader->depth++;
  const swift_metadata *type = read_form(reader);
  while (type && (text_take(reader, ".Type") || text_take(reader, ".Protocol"))) type = metatype_of(reader, type);
  reader->depth--;
  return type;
}

const swift_metadata *csizer_type_of_text(const char *text, const csizer_type_scope *scope) {
  text_reader reader = {.at = text, .scope = scope, .read_type = read_type, .signature = text, .signature_end = text};
  while (*reader.at == '<') {  // a part for each level of depth
    reader.at = text_end_of(reader.at + 1);
    while (*reader.at == ',') reader.at = text_end_of(reader.at + 1);
    if (!text_take(&reader, ">")) return NULL;
  }
  reader.signature_end = reader.at;
  const swift_metadata *type = read_type(&reader);
  return *reader.at ? NULL : type;
}
