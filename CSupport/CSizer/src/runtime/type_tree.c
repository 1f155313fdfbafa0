// SPDX-License-Identifier: Apache-2.0
// A mangled name, taken apart into a tree.
#include "runtime/type_tree.h"

#include <string.h>

#include "runtime/mangling.h"

enum { MOST_ENTRIES = 64, MOST_SUBSTITUTIONS = 26 };

// What the stack holds: types, and what marks where lists begin.
typedef enum entry_kind { ENTRY_TYPE, ENTRY_EMPTY_LIST, ENTRY_FIRST, ENTRY_LABEL } entry_kind;

typedef struct entry {
  entry_kind kind;
  csizer_tree *type;
  const char *start;
} entry;

typedef struct reader {
  const char *at, *end;
  csizer_tree_room *room;
  entry stack[MOST_ENTRIES];
  size_t depth;
  csizer_tree *substitutions[MOST_SUBSTITUTIONS];
  size_t substitution_count;
} reader;

// ---- The stack ----

static bool push(reader *reader, entry_kind kind, csizer_tree *type, const char *start) {
  if (reader->depth == MOST_ENTRIES || (kind == ENTRY_TYPE && !type)) return false;
  reader->stack[reader->depth++] = (entry){kind, type, start};
  return true;
}

static bool pop(reader *reader, entry_kind kind, entry *ret) {
  if (!reader->depth || reader->stack[reader->depth - 1].kind != kind) return false;
  *ret = reader->stack[--reader->depth];
  return true;
}

static csizer_tree *make(reader *reader, csizer_tree_kind kind) {
  if (reader->room->count == CSIZER_TREE_NODES) return NULL;
  csizer_tree *node = &reader->room->nodes[reader->room->count++];
  *node = (csizer_tree){.kind = kind};
  return node;
}

static csizer_tree *make_leaf(reader *reader, const char *name, size_t length) {
  csizer_tree *node = make(reader, CSIZER_TREE_LEAF);
  if (node) node->name = name, node->length = length;
  return node;
}

// A node is in one list of children only; a substitution brings it again as a copy.
static csizer_tree *copy(reader *reader, const csizer_tree *node) {
  csizer_tree *copy = make(reader, node->kind);
  if (copy) *copy = *node, copy->next = NULL;
  return copy;
}

static bool push_substitutable(reader *reader, csizer_tree *type, const char *start) {
  if (reader->substitution_count == MOST_SUBSTITUTIONS) return false;
  reader->substitutions[reader->substitution_count++] = type;
  return push(reader, ENTRY_TYPE, type, start);
}

// ---- Operators ----

// Types with labels, back to the one that is marked as the first; `yt` is the empty tuple.
static bool read_tuple(reader *reader) {
  entry part = {.start = reader->at};
  csizer_tree *tuple = make(reader, CSIZER_TREE_TUPLE);
  if (!tuple) return false;
  if (!pop(reader, ENTRY_EMPTY_LIST, &part))
    for (bool is_first = false; !is_first;) {
      is_first = pop(reader, ENTRY_FIRST, &part);
      pop(reader, ENTRY_LABEL, &part);
      if (!pop(reader, ENTRY_TYPE, &part)) return false;
      part.type->next = tuple->child;
      tuple->child = part.type;
    }
  return push(reader, ENTRY_TYPE, tuple, part.start);
}

// Arguments, level by level, back to the empty list that begins them; the type before it takes them.
static bool read_bound(reader *reader) {
  entry part;
  csizer_tree *first = NULL;
  while (!pop(reader, ENTRY_EMPTY_LIST, &part)) {
    if (pop(reader, ENTRY_FIRST, &part)) continue;
    if (!pop(reader, ENTRY_TYPE, &part)) return false;
    part.type->next = first;
    first = part.type;
  }
  if (!pop(reader, ENTRY_TYPE, &part) || part.type->kind != CSIZER_TREE_NOMINAL) return false;
  csizer_tree *bound = copy(reader, part.type);
  if (!bound) return false;
  bound->child = first;
  return push_substitutable(reader, bound, part.start);
}

// Protocols, back to the one that is marked as the first; Any and AnyObject have none.
static bool read_existential(reader *reader) {
  entry part;
  uint32_t count = 0;
  if (!pop(reader, ENTRY_EMPTY_LIST, &part))
    for (bool is_first = false; !is_first; count++) {
      is_first = pop(reader, ENTRY_FIRST, &part);
      if (!pop(reader, ENTRY_TYPE, &part)) return false;
    }
  csizer_tree *leaf = make_leaf(reader, part.start, (size_t)(reader->at - part.start));
  if (leaf) leaf->index = count;
  return push(reader, ENTRY_TYPE, leaf, part.start);
}

// `<types>I<attributes>_`: a function as it is lowered, with the types of its parameters and results before it.
static bool read_lowered_function(reader *reader) {
  csizer_lowered_function function;
  entry part = {.start = reader->at};
  if (!csizer_mangled_lowered_function(reader->at, (size_t)(reader->end - reader->at), &function)) return false;
  reader->at += function.length;
  for (uint32_t i = 0; i < function.type_count; i++)
    if (!pop(reader, ENTRY_TYPE, &part)) return false;
  return push(reader, ENTRY_TYPE, make(reader, function.is_thin ? CSIZER_TREE_WORD : CSIZER_TREE_FUNCTION), part.start);
}

// `XMt`, `XMT`: a metatype as it is lowered, nothing at all or a word; `XmT`: an existential's, which has its witness
// tables, too.
static bool read_lowered_metatype(reader *reader, bool is_existential) {
  entry part;
  char form = *reader->at++;
  if ((form != 't' && form != 'T') || !pop(reader, ENTRY_TYPE, &part)) return false;
  csizer_tree *metatype = make(reader, form == 't' || is_existential ? CSIZER_TREE_TUPLE : CSIZER_TREE_WORD);
  for (uint32_t i = 0; metatype && is_existential && i < 1 + part.type->index; i++) {
    csizer_tree *word = make(reader, CSIZER_TREE_WORD);
    if (!word) return false;
    word->next = metatype->child;
    metatype->child = word;
  }
  return push(reader, ENTRY_TYPE, metatype, part.start);
}

static bool read_function(reader *reader, csizer_tree_kind kind) {
  entry part;
  for (int i = 0; i < 2; i++)  // parameters, result
    if (!pop(reader, ENTRY_TYPE, &part) && !pop(reader, ENTRY_EMPTY_LIST, &part)) return false;
  return push(reader, ENTRY_TYPE, make(reader, kind), part.start);
}

// The metatype of a class or of a parameter is a word, that of any other type nothing at all: the compiler knows
// which it is. The runtime has but the first of these, so a name with a metatype says other things in a layout than
// to the runtime.
static bool read_metatype(reader *reader) {
  entry part;
  if (!pop(reader, ENTRY_TYPE, &part)) return false;
  const swift_descriptor *descriptor = part.type->descriptor;
  bool is_class = descriptor && (descriptor->flags & 0x1F) == SWIFT_CONTEXT_CLASS;
  bool is_word = is_class || part.type->kind == CSIZER_TREE_PARAMETER;
  reader->room->has_metatype = true;
  return push(reader, ENTRY_TYPE, make(reader, is_word ? CSIZER_TREE_WORD : CSIZER_TREE_TUPLE), part.start);
}

// An existential's metatype: the runtime knows its size.
static bool read_existential_metatype(reader *reader) {
  entry part;
  if (!pop(reader, ENTRY_TYPE, &part)) return false;
  return push(reader, ENTRY_TYPE, make_leaf(reader, part.start, (size_t)(reader->at - part.start)), part.start);
}

static bool read_optional(reader *reader) {
  entry part;
  csizer_tree *optional = make(reader, CSIZER_TREE_OPTIONAL);
  if (!optional || !pop(reader, ENTRY_TYPE, &part)) return false;
  optional->child = part.type;
  return push_substitutable(reader, optional, part.start);
}

// ---- Operands ----

static bool read_symbolic(reader *reader, const char *start) {
  int32_t offset;
  const void *target;
  if (reader->end - reader->at < (ptrdiff_t)sizeof offset) return false;
  memcpy(&offset, reader->at, sizeof offset);
  target = reader->at + offset;
  reader->at += sizeof offset;
  const swift_descriptor *descriptor = *start == 1 ? target : *(const swift_descriptor *const *)target;
  enum swift_context_kind kind = descriptor->flags & 0x1F;
  bool is_type = kind == SWIFT_CONTEXT_CLASS || kind == SWIFT_CONTEXT_STRUCT || kind == SWIFT_CONTEXT_ENUM;
  if (!is_type && kind != SWIFT_CONTEXT_PROTOCOL) return false;
  csizer_tree *node = make(reader, CSIZER_TREE_NOMINAL);
  if (!node) return false;
  node->descriptor = descriptor;
  return push_substitutable(reader, node, start);
}

// `Si` is Int, `S2i` are two of them, `Sa` is Array, `ScT` Task, `Sg` makes an Optional.
static bool read_standard(reader *reader, const char *start) {
  static const char names[] =
      "SASBSCSDSESFSGSHSISJSKSLSMSNSOSPSQSRSSSTSUSVSWSXSYSZSaSbScSdSeSfSgShSiSjSkSlSmSnSoSpSqSrSsStSuSvSwSxSySz";
  uint32_t times = 0;
  for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) times = times * 10 + (uint32_t)(*reader->at - '0');
  char letter = *reader->at++;
  if (letter == 'g') return !times && read_optional(reader);
  bool is_upper = letter >= 'A' && letter <= 'Z', is_lower = letter >= 'a' && letter <= 'z';
  if ((!is_upper && !is_lower) || letter == 'o' || letter == 'C' || times > 8) return false;
  if (letter == 'c') {
    reader->at++;
    return !times && push(reader, ENTRY_TYPE, make_leaf(reader, start, 3), start);
  }
  size_t index = is_upper ? (size_t)(letter - 'A') : (size_t)(letter - 'a') + 26;
  for (uint32_t i = 0; i < (times ? times : 1); i++) {
    bool is_generic = strchr("aDhPpRrNnIq", letter) != NULL;
    csizer_tree *node = is_generic ? make(reader, CSIZER_TREE_NOMINAL) : make_leaf(reader, names + index * 2, 2);
    if (node && is_generic) node->standard = letter;
    if (!push(reader, ENTRY_TYPE, node, start)) return false;
  }
  return true;
}

static bool read_builtin(reader *reader, const char *start) {
  char letter = *reader->at++;
  if (strchr("ifv", letter))
    while (*reader->at && *reader->at++ != '_') {
    }
  return letter != 'V' && letter != 'v' &&
         push(reader, ENTRY_TYPE, make_leaf(reader, start, (size_t)(reader->at - start)), start);
}

// `AB` is the second substitution, `AbC` the second and the third.
static bool read_substitution(reader *reader, const char *start) {
  for (;;) {
    char letter = *reader->at++;
    bool is_last = letter >= 'A' && letter <= 'Z';
    size_t index = (size_t)(letter - (is_last ? 'A' : 'a'));
    if (index >= reader->substitution_count) return false;
    if (!push(reader, ENTRY_TYPE, copy(reader, reader->substitutions[index]), start)) return false;
    if (is_last) return true;
  }
}

static bool read_label(reader *reader, const char *start) {
  size_t length = 0;
  if (*start == '0') return false;  // words of earlier identifiers: labels of the layouts' names are plain
  for (reader->at = start; *reader->at >= '0' && *reader->at <= '9'; reader->at++)
    length = length * 10 + (size_t)(*reader->at - '0');
  if (length > (size_t)(reader->end - reader->at)) return false;
  reader->at += length;
  return push(reader, ENTRY_LABEL, NULL, start);
}

static bool read_parameter(reader *reader, const char *start) {
  csizer_tree *node = make(reader, CSIZER_TREE_PARAMETER);
  return node && csizer_tree_read_parameter(start, &node->depth, &node->index, &reader->at) &&
         push(reader, ENTRY_TYPE, node, start);
}

static bool read_special(reader *reader) {
  switch (*reader->at++) {
    case 'l': return read_existential(reader);
    case 'p': return read_existential_metatype(reader);
    case 'M':
    case 'm': return read_lowered_metatype(reader, reader->at[-1] == 'm');
    case 'C':
    case 'f': return read_function(reader, CSIZER_TREE_WORD);
    case 'A':
    case 'E': return read_function(reader, CSIZER_TREE_FUNCTION);
    case 'o':
    case 'u':
    case 'w':
    case 'D': return reader->depth > 0;  // how it is held; the dynamic Self
    default: return false;
  }
}

// Attributes of functions; some come with a type.
static bool read_attribute(reader *reader) {
  entry part;
  char letter = *reader->at++;
  if (letter == 'j') reader->at++;
  return (letter != 'c' && letter != 'K') || pop(reader, ENTRY_TYPE, &part);
}

static bool read_next(reader *reader) {
  const char *start = reader->at++;
  switch (*start) {
    case 1:
    case 2: return read_symbolic(reader, start);
    case 'S': return read_standard(reader, start);
    case 'B': return read_builtin(reader, start);
    case 'A': return read_substitution(reader, start);
    case 'x':
    case 'q': return read_parameter(reader, start);
    case 'y': return push(reader, ENTRY_EMPTY_LIST, NULL, start);
    case '_': return push(reader, ENTRY_FIRST, NULL, start);
    case 't': return read_tuple(reader);
    case 'G': return read_bound(reader);
    case 'p': return read_existential(reader);
    case 'c': return read_function(reader, CSIZER_TREE_FUNCTION);
    case 'm': return read_metatype(reader);
    case 'I': return read_lowered_function(reader);
    case 'X': return read_special(reader);
    case 'Y': return read_attribute(reader);
    case 'K':
    case 'z':
    case 'h':
    case 'n': return true;  // throws; how a parameter is passed
    default: return *start >= '0' && *start <= '9' && read_label(reader, start);
  }
}

const csizer_tree *csizer_tree_read(const char *name, size_t length, csizer_tree_room *room) {
  reader reader = {.at = name, .end = name + length, .room = room};
  room->count = 0;
  room->has_metatype = false;
  while (reader.at < reader.end)
    if (!read_next(&reader)) return NULL;
  entry root;
  return pop(&reader, ENTRY_TYPE, &root) && !reader.depth ? root.type : NULL;
}

// docs/ABI/Mangling.rst, INDEX: "_" is 0, "N_" is N + 1.
static const char *read_index(const char *at, uint32_t *ret) {
  uint32_t value = 0;
  bool digits = false;
  for (; *at >= '0' && *at <= '9'; at++, digits = true) value = value * 10 + (uint32_t)(*at - '0');
  if (*at != '_') return NULL;
  *ret = digits ? value + 1 : 0;
  return at + 1;
}

// "x": depth 0, index 0; "q" INDEX: depth 0, INDEX + 1; "qd" INDEX INDEX: depth + 1, index.
bool csizer_tree_read_parameter(const char *name, uint32_t *ret_depth, uint32_t *ret_index, const char **ret_end) {
  *ret_depth = *ret_index = 0;
  *ret_end = name + 1;
  if (name[0] == 'x') return true;
  if (name[0] != 'q') return false;
  if (name[1] != 'd') {
    *ret_end = read_index(name + 1, ret_index);
    ++*ret_index;
    return *ret_end;
  }
  const char *rest = read_index(name + 2, ret_depth);
  ++*ret_depth;
  *ret_end = rest ? read_index(rest, ret_index) : NULL;
  return *ret_end;
}
