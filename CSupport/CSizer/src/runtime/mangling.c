// SPDX-License-Identifier: Apache-2.0
#include "runtime/mangling.h"

#include <string.h>

// A symbolic reference is a control byte and 4 bytes of offset (1…0x17) or 8 of address (0x18…0x1F): they may hold any
// byte, zero too.
static size_t step(const char *at) {
  unsigned char c = (unsigned char)*at;
  if (c >= 1 && c <= 0x17) return 1 + 4;
  if (c >= 0x18 && c <= 0x1F) return 1 + 8;
  return 1;
}

size_t csizer_mangled_step(const char *at) { return step(at); }

size_t csizer_mangled_length(const char *name) {
  const char *end = name;
  while (*end) end += step(end);
  return (size_t)(end - name);
}

// Control byte 9. Swift 6.2 puts a byte before it that is passed over, 6.3 does so for some only: IRGen's
// getTypeRefByFunction.
bool csizer_mangled_is_accessor(const char *name) {
  while ((unsigned char)*name == 0xFF) name++;
  return *name == 9;
}

// The last `count` characters, none of them part of a symbolic reference, or NULL.
static const char *tail(const char *name, size_t length, size_t count) {
  if (length < count) return NULL;
  const char *wanted = name + length - count, *at = name;
  while (at < wanted) at += step(at);
  return at == wanted ? wanted : NULL;
}

static bool is_attribute(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// `…I<attributes>_`: a lowered function type. docs/ABI/Mangling.rst, impl-function-type.
static csizer_holding function_holding(const char *name, size_t length) {
  const char *end = name + length - 1, *mark = NULL;
  for (const char *at = name; at < end; at += step(at)) {
    if (*at == 'I') mark = at;
    else if (!is_attribute(*at)) mark = NULL;
  }
  if (!mark) return CSIZER_HOLDS_VALUE;
  mark++;
  while (mark < end && (*mark == 's' || *mark == 'I' || *mark == 'P')) mark++;
  if (mark == end || *mark != 'e') return CSIZER_HOLDS_LENT_FUNCTION;
  mark++;
  if (mark < end && *mark == 'A') mark++;
  if (mark == end) return CSIZER_HOLDS_VALUE;
  if (*mark == 't') return CSIZER_HOLDS_CODE;
  mark++;
  if (mark < end && *mark == 'z') mark++;  // the C type is spelt out behind
  return mark < end && *mark == 'B' ? CSIZER_HOLDS_BLOCK : CSIZER_HOLDS_FUNCTION;
}

// `…XB`, `…XL`: a block as sources write it; nil is one of its extra inhabitants, too.
static bool is_block(const char *name, size_t length) {
  const char *end;
  while ((end = tail(name, length, 2)) && memcmp(end, "Sg", 2) == 0) length -= 2;
  return end && end[0] == 'X' && (end[1] == 'B' || end[1] == 'L');
}

csizer_holding csizer_mangled_holding(const char *name, size_t length) {
  static const struct {
    char end[4];
    csizer_holding holding;
  } endings[] = {
      {"XMT", CSIZER_HOLDS_METATYPE}, {"XmT", CSIZER_HOLDS_METATYPE},     {"XMt", CSIZER_HOLDS_THIN_METATYPE},
      {"Xmt", CSIZER_HOLDS_METATYPE}, {"Xw", CSIZER_HOLDS_WEAK},          {"Xo", CSIZER_HOLDS_UNOWNED},
      {"Xu", CSIZER_HOLDS_UNMANAGED}, {"Xx", CSIZER_HOLDS_BOX},           {"XX", CSIZER_HOLDS_BOX},
      {"mT", CSIZER_HOLDS_METATYPE},
  };
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t count = strlen(endings[i].end);
    const char *end = tail(name, length, count);
    if (end && memcmp(end, endings[i].end, count) == 0) return endings[i].holding;
  }
  if (is_block(name, length)) return CSIZER_HOLDS_BLOCK;
  // An optional function has a function's layout: nil is one of its extra inhabitants.
  for (const char *end; (end = tail(name, length, 2)) && memcmp(end, "Sg", 2) == 0;) {
    const char *inner = tail(name, length - 2, 1);
    if (!inner || *inner != '_' || function_holding(name, length - 2) == CSIZER_HOLDS_VALUE) return CSIZER_HOLDS_VALUE;
    length -= 2;
  }
  const char *last = tail(name, length, 1);
  return last && *last == '_' ? function_holding(name, length) : CSIZER_HOLDS_VALUE;
}

bool csizer_mangled_expands_pack(const char *name, size_t length) {
  for (size_t i = 0; i + 1 < length; i += step(name + i))
    if (name[i] == 'Q' && name[i + 1] == 'p') return true;
  return false;
}

bool csizer_mangled_has_thin_metatype(const char *name, size_t length) {
  for (size_t i = 0; i + 2 < length; i += step(name + i))
    if (name[i] == 'X' && name[i + 1] == 'M' && name[i + 2] == 't') return true;
  return false;
}

// lib/Demangling/Demangler.cpp, demangleImplFunctionType: how it escapes, is isolated, is called, is represented, what
// it yields; then a letter for each parameter and result, some with letters of their own behind them.
bool csizer_mangled_lowered_function(const char *at, size_t length, csizer_lowered_function *ret) {
  const char *start = at, *end = at + length;
  if (at == end || *at++ != 'e') return false;
  if (at < end && *at == 'A') at++;
  if (at < end && strchr("dlfr", *at)) at++;
  if (at == end || !strchr("ygxt", *at)) return false;
  *ret = (csizer_lowered_function){.is_thin = *at++ == 't'};
  for (; at < end && strchr("BCMJKWAGhH", *at); at++) {
  }
  if (at < end && *at == 'I') at++;  // a coroutine of the second kind
  if (at < end && *at == 'T') at++;  // what it gives is sent
  for (; at < end && *at != '_'; at++) {
    if (strchr("wTILYz", *at)) continue;
    if (!strchr("iclbnXxgeyvpmroduak", *at)) return false;
    ret->type_count++;
  }
  ret->length = (size_t)(at - start) + 1;
  return at < end;
}

const swift_descriptor *csizer_descriptor_parent(const swift_descriptor *descriptor) {
  // Indirectable: the low bit says that a pointer to the parent stands there.
  int32_t offset = descriptor->parent & ~1;
  if (!offset) return NULL;
  const char *target = (const char *)&descriptor->parent + offset;
  return (descriptor->parent & 1) ? *(const swift_descriptor *const *)target : (const swift_descriptor *)target;
}

static const char *own_name(const swift_descriptor *descriptor) {
  enum swift_context_kind kind = descriptor->flags & 0x1F;
  if (kind == SWIFT_CONTEXT_EXTENSION || kind == SWIFT_CONTEXT_ANONYMOUS) return NULL;
  return swift_resolve(&descriptor->name);
}

bool csizer_descriptor_name(const swift_descriptor *descriptor, char *text, size_t capacity) {
  enum { DEEPEST = 32 };
  const char *names[DEEPEST];
  size_t count = 0;
  const swift_descriptor *at = descriptor;
  for (; at && count < DEEPEST; at = csizer_descriptor_parent(at)) {
    const char *name = own_name(at);
    if (name) names[count++] = name;
  }
  bool is_whole = !at;
  size_t length = 0;
  while (count-- > 0) {
    size_t part = strlen(names[count]);
    if (length + part + 2 > capacity) {
      is_whole = false;
      break;
    }
    memcpy(text + length, names[count], part);
    length += part;
    if (count) text[length++] = '.';
  }
  text[length] = 0;
  return is_whole;
}
