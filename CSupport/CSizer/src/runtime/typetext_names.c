// SPDX-License-Identifier: Apache-2.0
#include "runtime/text_reader.h"
#include "runtime/descriptors.h"

// Nominal types and protocols by their names.

enum { MOST_ARGUMENTS = 8, MOST_PARTS = 16, MOST_PROTOCOLS = 8, NAME_ROOM = 512, DISCRIMINATOR_ROOM = 512 };

/// A name as it is read.
typedef struct path {
  char name[NAME_ROOM];  // dotted
  size_t length;
  size_t parts[MOST_PARTS];  // where each begins
  size_t part_count;
  char discriminator[DISCRIMINATOR_ROOM];
  bool is_local;     // declared in a function: the discriminator is its whole name
  char module[128];  // of the extension that declares the type
  const void *arguments[MOST_ARGUMENTS];
  size_t argument_count;
} path;

// ---- Reading ----

static bool read_arguments(text_reader *reader, path *path) {
  do {
    if (path->argument_count == MOST_ARGUMENTS) return false;
    const void **argument = &path->arguments[path->argument_count++];
    if (!csizer_text_read_integer(reader, argument) && !(*argument = reader->read_type(reader))) return false;
  } while (text_take(reader, ", "));
  return text_take(reader, ">");
}

static bool append(path *path, const char *text, size_t length) {
  if (!length || path->length + length + 2 > sizeof path->name || path->part_count == MOST_PARTS) return false;
  if (path->length) path->name[path->length++] = '.';
  path->parts[path->part_count++] = path->length;
  memcpy(path->name + path->length, text, length);
  path->length += length;
  path->name[path->length] = 0;
  return true;
}

static bool keep(char *room, size_t capacity, const char *text, size_t length) {
  if (length >= capacity) return false;
  memcpy(room, text, length);
  room[length] = 0;
  return true;
}

// One part of a dotted name: `Name`, `(Name in discriminator)` for what is private to a file, `Name #1 in function() ->
// ()` for what is local to a function, which ends where the type does.
static bool read_part(text_reader *reader, path *path) {
  const char *start = reader->at;
  bool is_private = text_take(reader, "(");
  size_t length = strcspn(reader->at, " .,<>()?:");
  if (!append(path, reader->at, length)) return false;
  reader->at += length;
  if (!is_private && strncmp(reader->at, " #", 2) == 0) {
    path->is_local = true;
    reader->at = text_end_of(reader->at);
    return keep(path->discriminator, sizeof path->discriminator, start, (size_t)(reader->at - start));
  }
  if (!is_private) return true;
  if (!text_take(reader, " in ")) return false;
  length = strcspn(reader->at, ")");
  if (reader->at[length] != ')' || !keep(path->discriminator, sizeof path->discriminator, reader->at, length))
    return false;
  reader->at += length + 1;
  return true;
}

// What an extension demands of the arguments: `< where A == Swift.Int>`.
static bool skip_brackets(text_reader *reader, const char *opening) {
  if (!text_take(reader, opening)) return true;
  while (*(reader->at = text_end_of(reader->at)) == ',') reader->at++;
  return text_take(reader, ">");
}

static bool is_metatype(const char *at) {
  return strncmp(at, ".Type", 5) == 0 || strncmp(at, ".Protocol", 9) == 0;
}

static bool read_path(text_reader *reader, path *path, bool is_protocol) {
  if (text_take(reader, "(extension in ")) {
    size_t length = strcspn(reader->at, ")");
    if (!keep(path->module, sizeof path->module, reader->at, length)) return false;
    reader->at += length;
    if (!text_take(reader, "):")) return false;
  }
  do {
    if (!read_part(reader, path)) return false;
    if (is_protocol) continue;
    if (!skip_brackets(reader, "< where ")) return false;
    if (text_take(reader, "<") && !read_arguments(reader, path)) return false;
    if (!skip_brackets(reader, "< where ")) return false;
  } while (!is_metatype(reader->at) && text_take(reader, "."));
  return true;
}

// ---- Nominal types ----

// The descriptor of a type in an extension has the extension's module for a parent, so it is known by a shorter name:
// which of the parts are the extended type's the text does not say.
static const swift_descriptor *in_extension(const csizer_runtime *runtime, const path *path) {
  for (size_t i = path->part_count; i-- > 1;) {
    char name[NAME_ROOM];
    size_t module = strlen(path->module), rest = path->length - path->parts[i];
    if (module + rest + 2 > sizeof name) return NULL;
    memcpy(name, path->module, module);
    name[module] = '.';
    memcpy(name + module + 1, path->name + path->parts[i], rest + 1);
    const swift_descriptor *found =
        csizer_descriptor_named(runtime, name, *path->discriminator ? path->discriminator : NULL);
    if (found) return found;
  }
  return NULL;
}

static const swift_descriptor *descriptor_of(const csizer_runtime *runtime, const path *path) {
  if (*path->module) return in_extension(runtime, path);
  if (path->is_local)
    return csizer_descriptor_local(runtime, path->name + path->parts[path->part_count - 1], path->discriminator);
  return csizer_descriptor_named(runtime, path->name, *path->discriminator ? path->discriminator : NULL);
}

static const swift_metadata *instantiate(const csizer_runtime *runtime, const swift_descriptor *descriptor,
                                         const path *path) {
  const swift_metadata *arguments[MOST_ARGUMENTS];
  for (size_t i = 0; i < path->argument_count; i++) arguments[i] = path->arguments[i];
  return csizer_descriptor_instantiate(runtime, descriptor, arguments, path->argument_count);
}

// ---- Existentials ----

typedef struct composition {
  const swift_descriptor *protocols[MOST_PROTOCOLS];
  size_t count;
  bool is_class;  // AnyObject or a superclass is among the terms: the value is one reference
} composition;

// Protocols without requirements that only the compiler knows.
static bool is_marker(const char *name) {
  static const char *const markers[] = {"Any", "Swift.Sendable", "Swift.SendableMetatype", "Swift.Copyable",
                                        "Swift.Escapable", "Swift.BitwiseCopyable"};
  for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
    if (strcmp(name, markers[i]) == 0) return true;
  return false;
}

static bool add_term(const csizer_runtime *runtime, composition *all, const path *path) {
  if (is_marker(path->name)) return true;
  if (strcmp(path->name, "Swift.AnyObject") == 0) return all->is_class = true;
  const swift_descriptor *protocol =
      csizer_protocol_named(runtime, path->name, *path->discriminator ? path->discriminator : NULL);
  if (protocol && all->count < MOST_PROTOCOLS) {
    all->protocols[all->count++] = protocol;
    return true;
  }
  const swift_descriptor *superclass = protocol ? NULL : descriptor_of(runtime, path);
  bool is_class = superclass && (superclass->flags & 0x1F) == SWIFT_CONTEXT_CLASS;
  return is_class && (all->is_class = true);
}

// A mangled name of symbolic references: control byte 2 leads to a descriptor's address, which stands before the text.
static const swift_metadata *existential(const text_reader *reader, const composition *all) {
  if (!all->count) return text_known(reader, all->is_class ? "yXl" : "yp");
  struct {
    const swift_descriptor *addresses[MOST_PROTOCOLS];
    char text[MOST_PROTOCOLS * 6 + 4];
  } name;
  size_t length = 0;
  for (size_t i = 0; i < all->count; i++) {
    name.addresses[i] = all->protocols[i];
    name.text[length++] = 2;
    int32_t offset = (int32_t)((const char *)&name.addresses[i] - &name.text[length]);
    memcpy(&name.text[length], &offset, sizeof offset);
    length += sizeof offset;
    if (i == 0) name.text[length++] = '_';
  }
  length += (size_t)(stpcpy(&name.text[length], all->is_class ? "Xl" : "p") - &name.text[length]);
  return reader->scope->runtime->type_in_context(name.text, length, NULL, NULL);
}

static const swift_metadata *read_terms(text_reader *reader, path *first, bool is_constrained) {
  composition all = {.count = 0};
  if (!add_term(reader->scope->runtime, &all, first)) return NULL;
  while (text_take(reader, " & ")) {
    path path = {.length = 0};
    if (!read_path(reader, &path, is_constrained) || !add_term(reader->scope->runtime, &all, &path)) return NULL;
  }
  return existential(reader, &all);
}

const swift_metadata *csizer_text_read_constrained(text_reader *reader) {
  path first = {.length = 0};
  if (!read_path(reader, &first, true)) return NULL;
  const swift_metadata *type = read_terms(reader, &first, true);
  return type && skip_brackets(reader, "<") ? type : NULL;
}

const swift_metadata *csizer_text_read_name(text_reader *reader) {
  path path = {.length = 0};
  if (!read_path(reader, &path, false)) return NULL;
  const csizer_runtime *runtime = reader->scope->runtime;
  bool is_alone = strncmp(reader->at, " & ", 3) != 0;
  bool may_be_nominal = is_alone && !is_marker(path.name) && strcmp(path.name, "Swift.AnyObject") != 0;
  const swift_descriptor *descriptor = may_be_nominal ? descriptor_of(runtime, &path) : NULL;
  if (descriptor) return instantiate(runtime, descriptor, &path);
  return path.argument_count && is_alone ? NULL : read_terms(reader, &path, false);
}

const swift_descriptor *csizer_text_read_protocol(text_reader *reader) {
  path path = {.length = 0};
  if (!read_path(reader, &path, true)) return NULL;
  return csizer_protocol_named(reader->scope->runtime, path.name, *path.discriminator ? path.discriminator : NULL);
}
