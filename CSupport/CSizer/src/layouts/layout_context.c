// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/described_type.h"
#include "layouts/compiling.h"
#include "runtime/block_names.h"
#include "runtime/mangling.h"
#include "layouts/metadata_check.h"
#include "runtime/type_tree.h"

// Boxes and closures' contexts: the compiler's capture descriptors (section swift5_capture) list the captures' types in
// order of their place. Source: lib/IRGen/GenReflection.cpp and include/swift/RemoteInspection/Records.h in
// swiftlang/swift.

typedef struct capture_lists {
  const swift_relative *types;
  const swift_relative *sources;  // pairs: parameter, where its metadata is
} capture_lists;

static capture_lists lists_of(const swift_capture_descriptor *captures) {
  const swift_relative *types = (const swift_relative *)(captures + 1);
  return (capture_lists){types, types + captures->capture_count};
}

/// A generic environment, as the runtime reads one. include/swift/ABI/GenericContext.h, TargetGenericEnvironment
enum { MOST_LEVELS = 4, MOST_PARAMETERS = 16 };

typedef struct environment {
  uint32_t levels;                        // low 12 bits; no requirements
  uint8_t rest[MOST_LEVELS * 2 + MOST_PARAMETERS];  // cumulative counts, then a byte for each parameter
} environment;

enum { PARAMETER_TYPE = 0x80, PARAMETER_PACK = 0x81, PARAMETER_VALUE = 0x82 };

/// Everything that a capture's mangled name is resolved with.
typedef struct substitution {
  csizer_layouts *layouts;
  environment environment;
  const void *arguments[MOST_PARAMETERS];
  bool is_stand_in;
} substitution;

/// Parameters as sources name them, before they are flattened.
typedef struct parameter_table {
  uint32_t levels;
  uint32_t counts[MOST_LEVELS];
  struct {
    const void *argument;
    uint8_t kind;
  } parameters[MOST_LEVELS][MOST_PARAMETERS];
} parameter_table;

// A pack's address has a mark in its low bit when it is on the heap. GenericContext.h, PackPointer
static bool is_argument_sound(csizer_layouts *layouts, const void *argument, uint8_t kind) {
  switch (kind) {
    case PARAMETER_TYPE: return csizer_metadata_is_known(layouts, argument);
    case PARAMETER_PACK: return csizer_is_word_at(layouts, (const void *)((uintptr_t)argument & ~(uintptr_t)1));
    default: return true;
  }
}

static bool flatten(const parameter_table *table, substitution *ret) {
  uint16_t cumulative[MOST_LEVELS];
  uint32_t total = 0;
  uint8_t kinds[MOST_PARAMETERS];
  for (uint32_t level = 0; level < table->levels; level++) {
    for (uint32_t i = 0; i < table->counts[level]; i++, total++) {
      if (total == MOST_PARAMETERS || !table->parameters[level][i].argument) return false;
      if (!is_argument_sound(ret->layouts, table->parameters[level][i].argument, table->parameters[level][i].kind))
        return false;
      kinds[total] = table->parameters[level][i].kind;
      ret->arguments[total] = table->parameters[level][i].argument;
    }
    cumulative[level] = (uint16_t)total;
  }
  ret->environment.levels = table->levels;
  memcpy(ret->environment.rest, cumulative, table->levels * sizeof *cumulative);
  memcpy(ret->environment.rest + table->levels * sizeof *cumulative, kinds, total);
  return true;
}

static const swift_metadata *capture_type(const substitution *substitution, const char *name, size_t length) {
  const environment *environment = &substitution->environment;
  char stand_in[CSIZER_STAND_IN_ROOM];
  if (csizer_name_mentions_block(name, length)) {
    if (!csizer_name_without_blocks(name, length, stand_in)) return NULL;
    return substitution->layouts->runtime->type_in_context(stand_in, strlen(stand_in), NULL, NULL);
  }
  bool is_lowered = csizer_mangled_has_thin_metatype(name, length);
  const swift_metadata *type = is_lowered ? NULL : substitution->layouts->runtime->type_in_environment(
                                                       name, length, environment, substitution->arguments);
  if (type || csizer_mangled_expands_pack(name, length)) return type;
  uint16_t cumulative[MOST_LEVELS];
  memcpy(cumulative, environment->rest, environment->levels * sizeof *cumulative);
  bool is_type[MOST_PARAMETERS];
  for (size_t i = 0; i < MOST_PARAMETERS; i++)
    is_type[i] = environment->rest[environment->levels * sizeof *cumulative + i] == PARAMETER_TYPE;
  csizer_parameters parameters = {environment->levels, cumulative, substitution->arguments, is_type};
  // In a generic argument a metatype is a word, which the reader of single names does not know.
  csizer_tree_room room;
  if (csizer_tree_read(name, length, &room) && room.has_metatype) return NULL;
  return csizer_described_type(substitution->layouts, name, length, &parameters);
}

// A box in generic code whose layout is the same for every argument names its parameters all the same and has no way to
// resolve them: any argument gives the layout, so stand-ins serve.
static bool stand_ins(csizer_layouts *layouts, const char *stand_in_name, substitution *ret) {
  const swift_metadata *stand_in = layouts->runtime->type_in_context(
      stand_in_name, csizer_mangled_length(stand_in_name), NULL, NULL);
  if (!stand_in) return false;
  parameter_table table = {.levels = 3, .counts = {8, 4, 4}};
  for (uint32_t level = 0; level < table.levels; level++)
    for (uint32_t i = 0; i < table.counts[level]; i++) {
      table.parameters[level][i].argument = stand_in;
      table.parameters[level][i].kind = PARAMETER_TYPE;
    }
  *ret = (substitution){.layouts = layouts, .is_stand_in = true};
  return flatten(&table, ret);
}

// Of the sources only "B<n>", a word of the context, is read: the compiler writes one for every parameter that it also
// finds elsewhere. "v": the word is an integer argument.
static bool read_source(const char *parameter, const char *source, const void *const *bindings, uint32_t binding_count,
                        parameter_table *table) {
  uint8_t kind =
      csizer_mangled_expands_pack(parameter, csizer_mangled_length(parameter)) ? PARAMETER_PACK : PARAMETER_TYPE;
  if (*source == 'v') {
    kind = PARAMETER_VALUE;
    source++;
  }
  if (*source != 'B') return true;
  uint32_t binding = 0, depth, index;
  for (source++; *source >= '0' && *source <= '9'; source++) binding = binding * 10 + (uint32_t)(*source - '0');
  const char *end;
  if (binding >= binding_count || !csizer_tree_read_parameter(parameter, &depth, &index, &end)) return false;
  if (depth >= MOST_LEVELS || index >= MOST_PARAMETERS) return false;
  table->parameters[depth][index].argument = bindings[binding];
  table->parameters[depth][index].kind = kind;
  if (table->counts[depth] <= index) table->counts[depth] = index + 1;
  if (table->levels <= depth) table->levels = depth + 1;
  return true;
}

static bool bound(csizer_layouts *layouts, const swift_capture_descriptor *captures, const void *const *bindings,
                  substitution *ret) {
  parameter_table table = {0};
  capture_lists lists = lists_of(captures);
  for (uint32_t i = 0; i < captures->source_count; i++) {
    const char *parameter = swift_resolve(&lists.sources[i * 2]);
    const char *source = swift_resolve(&lists.sources[i * 2 + 1]);
    if (!parameter || !source || !read_source(parameter, source, bindings, captures->binding_count, &table))
      return false;
  }
  *ret = (substitution){.layouts = layouts};
  return flatten(&table, ret);
}

typedef struct extent {
  size_t size, align_mask;
} extent;

// Room that a capture takes, by how it is held; a reference that is not strong is a word plus the witness tables of its
// existential type, which the type's own size says.
static bool capture_extent(csizer_holding holding, const swift_metadata *type, extent *ret) {
  switch (holding) {
    case CSIZER_HOLDS_FUNCTION:
    case CSIZER_HOLDS_LENT_FUNCTION: *ret = (extent){16, 7}; return true;
    case CSIZER_HOLDS_BOX:
    case CSIZER_HOLDS_BLOCK:
    case CSIZER_HOLDS_CODE: *ret = (extent){8, 7}; return true;
    case CSIZER_HOLDS_THIN_METATYPE: *ret = (extent){0, 0}; return true;
    default: break;
  }
  if (!type) return false;
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  *ret = (extent){witnesses->size, witnesses->flags & SWIFT_ALIGNMENT_MASK};
  return true;
}

// What the capture is for who names it. A type that was made with stand-ins is none, unless it names no parameter.
static const swift_metadata *member_type(const substitution *substitution, csizer_holding holding, const char *name,
                                         const swift_metadata *type) {
  static const char any_object[] = "yXl", function[] = "yyc";
  const csizer_runtime *runtime = substitution->layouts->runtime;
  switch (holding) {
    case CSIZER_HOLDS_BOX: return runtime->type_in_context(any_object, sizeof any_object - 1, NULL, NULL);
    case CSIZER_HOLDS_FUNCTION: return runtime->type_in_context(function, sizeof function - 1, NULL, NULL);
    case CSIZER_HOLDS_VALUE:
      if (!type || !substitution->is_stand_in) return type;
      return runtime->type_in_context(name, csizer_mangled_length(name), NULL, NULL) == type ? type : NULL;
    default: return NULL;
  }
}

static void note_capture(csizer_builder *builder, size_t offset, const swift_metadata *type) {
  if (!builder->captures || builder->capture_count == CSIZER_MOST_CAPTURES) return;
  if (type && !csizer_metadata_is_known(builder->layouts, type)) type = NULL;
  builder->captures[builder->capture_count++] = (csizer_capture){.type = type, .offset = (uint32_t)offset};
}

// Adds the captures from `offset` on; answers where they end, or 0 when a capture's size is unknown: from there on
// nothing is.
static size_t add_captures(csizer_builder *builder, const swift_capture_descriptor *captures, size_t offset,
                           const substitution *substitution) {
  capture_lists lists = lists_of(captures);
  for (uint32_t i = 0; i < captures->capture_count; i++) {
    const char *name = swift_resolve(&lists.types[i]);
    builder->opaque_from = (uint32_t)offset;
    if (!name) return 0;
    size_t length = csizer_mangled_length(name);
    csizer_holding holding = csizer_mangled_holding(name, length);
    const swift_metadata *type = NULL;
    extent room;
    if (!capture_extent(holding, NULL, &room)) {
      type = capture_type(substitution, name, length);
      if (type && !csizer_metadata_is_known(builder->layouts, type)) return 0;
      if (!capture_extent(holding, type, &room)) return 0;
    }
    offset = swift_round_up(offset, room.align_mask);
    csizer_builder_held(builder, offset, offset + room.size, name, type);
    note_capture(builder, offset, builder->captures ? member_type(substitution, holding, name, type) : NULL);
    offset += room.size;
  }
  builder->opaque_from = 0;
  return offset;
}

static bool same_layout(const csizer_builder *one, const csizer_builder *other) {
  if (one->references != other->references || one->count != other->count) return false;
  for (uint32_t i = 0; i < one->count; i++)
    if (one->ops[i].kind != other->ops[i].kind || one->ops[i].offset != other->ops[i].offset ||
        one->ops[i].detail != other->ops[i].detail)
      return false;
  return true;
}

// A layout that is the same whatever the parameters stand for, a word that is a reference, one that is none, or more:
// then it is the layout. Answers where the captures end, or 0 when it does depend on them.
static size_t add_independent_captures(csizer_builder *builder, const swift_capture_descriptor *captures,
                                       size_t start) {
  static const char *const stand_in_names[] = {"yXl", "Si", "yp"};  // AnyObject, Int, Any
  const csizer_builder before = *builder;
  csizer_builder first = before;
  size_t first_end = 0;
  for (size_t i = 0; i < sizeof stand_in_names / sizeof *stand_in_names; i++) {
    *builder = before;
    substitution substitution;
    if (!stand_ins(builder->layouts, stand_in_names[i], &substitution)) return 0;
    size_t end = add_captures(builder, captures, start, &substitution);
    if (i == 0) first = *builder, first_end = end;
    if (!end || end != first_end || !same_layout(builder, &first)) return 0;
  }
  return first_end;
}

// What is known before the first capture of which nothing is; without sources only what both stand-ins agree on.
static void keep_known_part(csizer_builder *known, const csizer_builder *tried) {
  bool agrees = !known->opaque_from || (known->opaque_from == tried->opaque_from && same_layout(known, tried));
  uint32_t opaque_from = agrees ? tried->opaque_from : (uint32_t)sizeof(swift_object);
  *known = agrees ? *tried : (csizer_builder){.layouts = known->layouts};
  csizer_builder_opaque(known, opaque_from);
}

uint32_t csizer_compile_context(csizer_builder *builder, const swift_local_variable *metadata,
                                const void *const *bindings) {
  static const char *const stand_in_names[] = {"yXl", "Si"};  // AnyObject, Int
  const swift_capture_descriptor *captures = metadata->captures;
  const csizer_builder before = *builder;
  csizer_builder known = before;
  if (captures && builder->layouts->runtime->type_in_environment) {
    size_t start = swift_first_capture(metadata) + captures->binding_count * sizeof(void *);
    substitution substitution;
    for (size_t i = 0; i < (captures->source_count ? 1 : 2); i++) {
      *builder = before;
      if (captures->source_count ? !bound(builder->layouts, captures, bindings, &substitution)
                                 : !stand_ins(builder->layouts, stand_in_names[i], &substitution))
        continue;
      size_t end = add_captures(builder, captures, start, &substitution);
      if (end) return (uint32_t)end;
      keep_known_part(&known, builder);
    }
    // Some parameters are found only through what another capture refers to.
    *builder = before;
    size_t end = captures->source_count ? add_independent_captures(builder, captures, start) : 0;
    if (end) return (uint32_t)end;
  }
  *builder = known;
  if (!builder->opaque_from) csizer_builder_opaque(builder, sizeof(swift_object));
  return 0;
}
