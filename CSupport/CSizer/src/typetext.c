// SPDX-License-Identifier: Apache-2.0
#include "typetext.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "descriptors.h"
#include "elf.h"
#include "pages.h"

// A recursive descent over the demangler's text (lib/Demangling/NodePrinter.cpp). Its depth is that of a type's name.

enum { MOST_ARGUMENTS = 4, NAME_ROOM = 512, TEXT_ROOM = 2048 };

typedef struct reader {
  const char *at;
  const csizer_type_scope *scope;
} reader;

/// A nominal type's name as it is read.
typedef struct path {
  char name[NAME_ROOM];  // dotted
  size_t length;
  char discriminator[64];
  const swift_metadata *arguments[MOST_ARGUMENTS];
  size_t argument_count;
} path;

static const swift_metadata *read_type(reader *reader);

static bool take(reader *reader, const char *text) {
  size_t length = strlen(text);
  if (strncmp(reader->at, text, length) != 0) return false;
  reader->at += length;
  return true;
}

static const swift_metadata *known(const reader *reader, const char *mangled) {
  return reader->scope->runtime->type_in_context(mangled, strlen(mangled), NULL, NULL);
}

// ---- Nominal types ----

static const swift_metadata *finish_nominal(const reader *reader, const path *path) {
  const csizer_runtime *runtime = reader->scope->runtime;
  if (strcmp(path->name, "Any") == 0) return known(reader, "yp");
  if (strcmp(path->name, "Swift.AnyObject") == 0) return known(reader, "yXl");
  const swift_descriptor *descriptor =
      csizer_descriptor_named(runtime, path->name, *path->discriminator ? path->discriminator : NULL);
  if (!descriptor) return NULL;
  return csizer_descriptor_instantiate(runtime, descriptor, path->arguments, path->argument_count);
}

static bool read_arguments(reader *reader, path *path) {
  do {
    if (path->argument_count == MOST_ARGUMENTS) return false;
    const swift_metadata *argument = read_type(reader);
    if (!argument) return false;
    path->arguments[path->argument_count++] = argument;
  } while (take(reader, ", "));
  return take(reader, ">");
}

static bool append(path *path, const char *text, size_t length) {
  if (!length || path->length + length + 2 > sizeof path->name) return false;
  if (path->length) path->name[path->length++] = '.';
  memcpy(path->name + path->length, text, length);
  path->length += length;
  path->name[path->length] = 0;
  return true;
}

// One part of a dotted name: `Name`, or `(Name in discriminator)` for what is private to a file.
static bool read_part(reader *reader, path *path) {
  bool is_private = take(reader, "(");
  size_t length = strcspn(reader->at, " .,<>()?:");
  if (!append(path, reader->at, length)) return false;
  reader->at += length;
  if (!is_private) return true;
  if (!take(reader, " in ")) return false;
  length = strcspn(reader->at, ")");
  if (length >= sizeof path->discriminator || reader->at[length] != ')') return false;
  memcpy(path->discriminator, reader->at, length);
  path->discriminator[length] = 0;
  reader->at += length + 1;
  return true;
}

static const swift_metadata *read_nominal(reader *reader) {
  path path = {.length = 0};
  do {
    if (!read_part(reader, &path)) return NULL;
    if (take(reader, "<") && !read_arguments(reader, &path)) return NULL;
  } while (take(reader, "."));
  return finish_nominal(reader, &path);
}

// ---- Parameters, tuples, functions ----

// `A` … of the owner: `x`, `q_`, `q0_`, … in a mangled name.
static const swift_metadata *read_parameter(reader *reader) {
  unsigned index = (unsigned)(*reader->at++ - 'A');
  char name[16] = "x";
  if (index == 1) strcpy(name, "q_");
  if (index > 1) snprintf(name, sizeof name, "q%u_", index - 2);
  const csizer_type_scope *scope = reader->scope;
  if (!scope->arguments) return NULL;
  return scope->runtime->type_in_context(name, strlen(name), scope->owner, scope->arguments);
}

static bool is_parameter(const char *at) {
  return *at >= 'A' && *at <= 'Z' && (!at[1] || strchr(",>)?", at[1]));
}

// Whether the parenthesis here opens a name that is private to a file.
static bool is_private_name(const char *at) {
  size_t length = strcspn(at + 1, " ,()<>");
  return length && strncmp(at + 1 + length, " in ", 4) == 0;
}

static void skip_label(reader *reader) {
  size_t length = strcspn(reader->at, " .,<>()?:");
  if (strncmp(reader->at + length, ": ", 2) == 0) reader->at += length + 2;
}

// Behind a function's arrow: its result has no say in its layout, but must be passed over.
static const swift_metadata *read_function_result(reader *reader) {
  if (!read_type(reader)) return NULL;
  return known(reader, "yyc");
}

static bool take_arrow(reader *reader) {
  const char *start = reader->at;
  static const char *const effects[] = {" async", " throws"};
  for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) take(reader, effects[i]);
  if (take(reader, " -> ")) return true;
  reader->at = start;
  return false;
}

static const swift_metadata *read_parenthesis(reader *reader) {
  const swift_metadata *elements[16];
  size_t count = 0;
  take(reader, "(");
  while (!take(reader, ")")) {
    if (count == sizeof elements / sizeof *elements || (count && !take(reader, ", "))) return NULL;
    skip_label(reader);
    elements[count] = read_type(reader);
    if (!elements[count++]) return NULL;
  }
  if (take_arrow(reader)) return read_function_result(reader);
  if (count == 1) return elements[0];
  if (!reader->scope->runtime->tuple_of) return NULL;
  return count ? reader->scope->runtime->tuple_of(elements, count) : known(reader, "yt");
}

static const swift_metadata *read_type(reader *reader) {
  static const char *const attributes[] = {"@escaping ", "@Sendable ", "@MainActor ", "@Swift.MainActor "};
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) take(reader, attributes[i]);
  if (is_parameter(reader->at)) return read_parameter(reader);
  if (*reader->at == '(' && !is_private_name(reader->at)) return read_parenthesis(reader);
  return read_nominal(reader);
}

// ---- Entry ----

const swift_metadata *csizer_type_of_text(const char *text, const csizer_type_scope *scope) {
  reader reader = {text, scope};
  // A generic signature comes first: `<A where A: ~Swift.Copyable>`.
  for (size_t depth = take(&reader, "<"); depth && *reader.at; reader.at++)
    depth += *reader.at == '<', depth -= *reader.at == '>' && reader.at[-1] != '-';
  const swift_metadata *type = read_type(&reader);
  return *reader.at ? NULL : type;
}

static const swift_metadata *read_noncopyable_field(const char *type_name, const csizer_type_scope *scope) {
  static const char prefix[] = "get_type_metadata ", suffix[] = " noncopyable";
  csizer_elf elf;
  if (!scope->runtime->demangle || !csizer_elf_open((uintptr_t)type_name, &elf)) return NULL;
  const char *symbol = csizer_elf_symbol_at(&elf, (uintptr_t)type_name, prefix);
  const char *end = symbol ? strstr(symbol, suffix) : NULL;
  char mangled[TEXT_ROOM] = "$s", text[TEXT_ROOM];
  size_t length = end ? (size_t)(end - symbol) - (sizeof prefix - 1) : 0;
  bool fits = end && length < sizeof mangled - 2;
  if (fits) memcpy(mangled + 2, symbol + sizeof prefix - 1, length);
  csizer_elf_close(&elf);
  if (!fits) return NULL;
  // The runtime reads over the signature that may stand before the type. It can tell unless something in it is private.
  const swift_metadata *type =
      scope->runtime->type_in_context(mangled + 2, length, scope->owner, scope->arguments);
  if (type) return type;
  return scope->runtime->demangle(mangled, text, sizeof text) ? csizer_type_of_text(text, scope) : NULL;
}

// What was found, for each field of each type with generic arguments of its own. For ever, as types are; guarded by the lock.
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
