// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/described_type.h"
#include "runtime/block_names.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"
#include "layouts/metadata_check.h"
#include "runtime/type_tree.h"

// From mangled names, taken apart, to types: the runtime's where it has them, stand-ins elsewhere.

static const swift_metadata *plain_type(const csizer_layouts *layouts, const char *name) {
  return layouts->runtime->type_in_context(name, strlen(name), NULL, NULL);
}

typedef struct context {
  csizer_layouts *layouts;
  const csizer_parameters *parameters;
} context;

static const swift_metadata *resolve(const context *context, const csizer_tree *tree);

static bool resolve_children(const context *context, const csizer_tree *tree, const swift_metadata **ret,
                             size_t *ret_count, bool *ret_bare) {
  for (const csizer_tree *child = tree->child; child; child = child->next) {
    if (*ret_count == CSIZER_DESCRIBED_ARGUMENTS || !(ret[*ret_count] = resolve(context, child))) return false;
    *ret_bare |= csizer_described_of(ret[(*ret_count)++]) != NULL;
  }
  return true;
}

// Array's descriptor is that of some Array.
static const swift_descriptor *standard_descriptor(const csizer_layouts *layouts, char letter) {
  char one[] = {'S', letter, 'y', 'S', 'i', 'G', 0}, two[] = {'S', letter, 'y', 'S', '2', 'i', 'G', 0};
  const swift_metadata *type = plain_type(layouts, one);
  if (!type) type = plain_type(layouts, two);
  return type ? csizer_type_descriptor(type) : NULL;
}

static const swift_metadata *nominal(const context *context, const swift_descriptor *descriptor,
                                     const swift_metadata *const *arguments, size_t count, bool has_described) {
  csizer_layouts *layouts = context->layouts;
  if (!csizer_descriptor_is_sound(layouts, descriptor)) return NULL;
  enum swift_context_kind kind = descriptor->flags & 0x1F;
  if (kind == SWIFT_CONTEXT_CLASS) return plain_type(layouts, "Bo");  // one reference, like any other
  if (kind != SWIFT_CONTEXT_STRUCT && kind != SWIFT_CONTEXT_ENUM) return NULL;
  const swift_metadata *known =
      has_described ? NULL : csizer_descriptor_instantiate(layouts->runtime, descriptor, arguments, count);
  return known ? known : layouts->compilers->described(layouts, descriptor, arguments, count);
}

static const swift_metadata *parameter(const csizer_parameters *parameters, const csizer_tree *tree) {
  if (!parameters || tree->depth >= parameters->levels) return NULL;
  size_t before = tree->depth ? parameters->cumulative[tree->depth - 1] : 0;
  size_t index = before + tree->index;
  if (index >= parameters->cumulative[tree->depth] || (parameters->is_type && !parameters->is_type[index])) return NULL;
  return parameters->arguments[index];
}

static const swift_metadata *resolve(const context *context, const csizer_tree *tree) {
  const csizer_layouts *layouts = context->layouts;
  const swift_metadata *children[CSIZER_DESCRIBED_ARGUMENTS];
  size_t count = 0;
  bool has_described = false;
  if (!resolve_children(context, tree, children, &count, &has_described)) return NULL;
  switch (tree->kind) {
    case CSIZER_TREE_LEAF: return layouts->runtime->type_in_context(tree->name, tree->length, NULL, NULL);
    case CSIZER_TREE_PARAMETER: return parameter(context->parameters, tree);
    case CSIZER_TREE_FUNCTION: return plain_type(layouts, "yyc");
    case CSIZER_TREE_WORD: return plain_type(layouts, "Bp");
    case CSIZER_TREE_TUPLE:
      if (!has_described) return layouts->runtime->tuple_of(children, count);
      return context->layouts->compilers->described(context->layouts, NULL, children, count);
    case CSIZER_TREE_OPTIONAL: {
      const swift_metadata *some_optional = plain_type(layouts, "SiSg");
      return some_optional ? nominal(context, csizer_type_descriptor(some_optional), children, 1, has_described) : NULL;
    }
    case CSIZER_TREE_NOMINAL: {
      const swift_descriptor *descriptor =
          tree->descriptor ? tree->descriptor : standard_descriptor(layouts, tree->standard);
      return descriptor ? nominal(context, descriptor, children, count, has_described) : NULL;
    }
  }
  return NULL;
}

const swift_metadata *csizer_described_type(csizer_layouts *layouts, const char *name, size_t length,
                                       const csizer_parameters *parameters) {
  csizer_tree_room room;
  if (csizer_name_mentions_block(name, length)) return NULL;  // the runtime must not be asked
  const csizer_tree *tree = csizer_tree_read(name, length, &room);
  return tree ? resolve(&(context){layouts, parameters}, tree) : NULL;
}

const swift_metadata *csizer_described_field_type(csizer_layouts *layouts, const csizer_described *described,
                                                  const char *name) {
  // Of a type that can't be copied; what the name leads to is not it.
  if (csizer_mangled_is_accessor(name)) return NULL;
  size_t length = csizer_mangled_length(name);
  if (csizer_name_mentions_block(name, length)) return NULL;  // the runtime must not be asked
  csizer_tree_room room;
  const csizer_tree *tree = csizer_tree_read(name, length, &room);
  bool has_described = false;
  for (size_t i = 0; i < described->argument_count; i++)
    has_described |= csizer_described_of(described->metadata.arguments[i]) != NULL;
  bool runtime_can_tell = !has_described && !(tree && room.has_metatype) && !csizer_mangled_expands_pack(name, length);
  const swift_metadata *type = NULL;
  if (runtime_can_tell)
    type = layouts->runtime->type_in_context(name, length, described->descriptor,
                                             described->argument_count ? described->metadata.arguments : NULL);
  if (type) return csizer_metadata_is_known(layouts, type) ? type : NULL;
  if (!tree) return NULL;
  // Arguments of enclosing types come first: their levels are not told apart here, so only one level is read.
  uint16_t cumulative[] = {(uint16_t)described->argument_count};
  csizer_parameters parameters = {1, cumulative, described->metadata.arguments, NULL};
  return resolve(&(context){layouts, &parameters}, tree);
}
