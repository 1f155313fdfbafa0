// SPDX-License-Identifier: Apache-2.0
#include "csizer_referents.h"

#include <string.h>

#include "csizer_member.h"
#include "layouts/unknown_types.h"
#include "runtime/string_text.h"
#include "runtime/target.h"
#include "walk/walk_internal.h"

// What an object refers to, as a tree of names some levels deep.

/// A part as it is found: `text` is still where the program has it.
typedef struct part {
  csizer_referent shown;
  const char *text;
  uint32_t end;  // one past its own parts
  uint32_t above;  // the part that it is a part of
} part;

struct csizer_referents {
  csizer_key_types keys;
  part *parts;
  size_t capacity;
  uint32_t count;
  const csizer_layouts *layouts;  // of the walk that the tree was built with
};

csizer_key_types csizer_referents_target_keys(void) {
  return (csizer_key_types){.text = csizer_target.string_type, .integer = csizer_target.int_type};
}

csizer_status csizer_referents_create(csizer_key_types keys, csizer_referents **ret_referents) {
  csizer_referents *referents = csizer_pages_map(sizeof *referents);
  if (!referents) return CSIZER_NO_MEMORY;
  referents->keys = keys;
  *ret_referents = referents;
  return CSIZER_OK;
}

void csizer_referents_destroy(csizer_referents *referents) {
  if (!referents) return;
  csizer_pages_unmap(referents->parts, referents->capacity * sizeof *referents->parts);
  csizer_pages_unmap(referents, sizeof *referents);
}

// ---- Building ----

typedef struct builder {
  csizer_referents *referents;
  csizer_walk *walk;
  bool folds;  // what has nothing is not kept
  uint32_t number, depth;  // of the part whose parts are being named; how many levels are left below it
  csizer_status status;
} builder;

static csizer_status name_parts(builder *builder, uint32_t number, const void *value, const void *type, uint32_t depth);

// Parts move when room is made: they are known by their number.
static part *add(csizer_referents *referents) {
  enum { FIRST = 256 };
  if (referents->count == referents->capacity) {
    size_t more = referents->capacity ? referents->capacity * 2 : FIRST;
    if (more > UINT32_MAX) return NULL;
    part *parts = csizer_pages_grow(referents->parts, referents->capacity * sizeof *parts, more * sizeof *parts);
    if (!parts) return NULL;
    referents->parts = parts;
    referents->capacity = more;
  }
  return memset(&referents->parts[referents->count++], 0, sizeof(part));
}

static void name_part(part *part, const csizer_key_types *keys, const csizer_member *member) {
  csizer_referent *shown = &part->shown;
  if (member->name) {
    shown->name = member->name;
    shown->naming = CSIZER_NAMED_FIELD;
    return;
  }
  shown->number = (int64_t)member->index;
  shown->naming = member->is_capture ? CSIZER_NAMED_CAPTURE : CSIZER_NAMED_INDEX;
  if (!member->key) return;
  if (member->key_type == keys->integer) {
    memcpy(&shown->number, member->key, sizeof shown->number);
    shown->naming = CSIZER_NAMED_INTEGER_KEY;
  } else if (member->key_type == keys->text && csizer_holds(CSIZER_ASSUMES_STRINGS)) {
    size_t length;
    part->text = string_text(member->key, &length);
    if (!part->text) return;
    size_t kept = string_cut(part->text, length);
    shown->naming = kept < length ? CSIZER_NAMED_CUT_KEY : CSIZER_NAMED_TEXT_KEY;
    shown->text_bytes = (uint16_t)kept;
  }
}

// What the walk found is in a list of its own that its next call overwrites.
static uintptr_t *keep(const uintptr_t *objects, size_t count, uintptr_t *few, size_t room) {
  uintptr_t *kept = count <= room ? few : csizer_pages_map(count * sizeof *kept);
  if (kept && count) memcpy(kept, objects, count * sizeof *kept);
  return kept;
}

static csizer_status follow(csizer_walk *walk, const uintptr_t *objects, size_t count) {
  csizer_status status = CSIZER_OK;
  for (size_t i = 0; i < count && !status; i++) status = csizer_walk_follow(walk, objects[i]);
  return status;
}

// Counts what the part itself has: what it refers to, but for what its parts have already.
static csizer_status count_own(builder *builder, uint32_t number, const csizer_member *member, uint32_t depth,
                               uint64_t *ret_flat) {
  enum { FEW = 4 };
  csizer_walk *walk = builder->walk;
  size_t before = walk->totals.bytes, count;
  const uintptr_t *found;
  uintptr_t few[FEW];
  walk->part = number;
  csizer_status status = csizer_walk_collect(walk, member->value, member->type, &found, &count);
  if (status) return status;
  uintptr_t *objects = keep(found, count, few, FEW);
  if (!objects) return CSIZER_NO_MEMORY;
  *ret_flat = walk->totals.bytes - before;
  for (size_t i = 0; i < count; i++) *ret_flat += csizer_walk_flat_bytes(walk, objects[i]);
  if (depth && count) status = name_parts(builder, number, member->value, member->type, depth);
  walk->part = number;
  if (!status) status = follow(walk, objects, count);
  if (objects != few) csizer_pages_unmap(objects, count * sizeof *objects);
  return status;
}

// An object is marked before its parts are named; one that was marked before is another's and not entered. What stands
// in a value itself, as a struct's properties do, has no object to be marked: its parts come first, and each has its
// own.
static csizer_status build(builder *builder, uint32_t number, const csizer_member *member, uint32_t depth) {
  csizer_walk *walk = builder->walk;
  size_t before = walk->totals.bytes;
  uint64_t flat = 0;
  if (walk->steps) (*walk->steps)++;
  bool has_object = csizer_member_object(walk->layouts, member->value, member->type);
  csizer_status status = CSIZER_OK;
  if (depth && !has_object) status = name_parts(builder, number, member->value, member->type, depth);
  if (!status) status = count_own(builder, number, member, has_object ? depth : 0, &flat);
  part *part = &builder->referents->parts[number];
  part->shown.bytes = walk->totals.bytes - before;
  part->shown.flat_bytes = flat;
  part->shown.type = csizer_member_dynamic_type(walk->layouts, member->value, member->type);
  part->shown.code = csizer_member_code(walk->layouts, member->value, member->type);
  part->end = builder->referents->count;
  return status;
}

static void visit(void *context, const csizer_member *member) {
  builder *builder = context;
  if (builder->status) return;
  csizer_referents *referents = builder->referents;
  const csizer_walk *walk = builder->walk;
  uint32_t number = referents->count, above = builder->number;
  size_t guesses = walk->guess_count + walk->pointer_count;
  part *part = add(referents);
  if (!part) {
    builder->status = CSIZER_NO_MEMORY;
    return;
  }
  part->above = above;
  part->shown.level = referents->parts[above].shown.level + 1;
  name_part(part, &referents->keys, member);
  builder->status = build(builder, number, member, builder->depth - 1);
  bool has_nothing = !referents->parts[number].shown.bytes && walk->guess_count + walk->pointer_count == guesses;
  if (builder->folds && !builder->status && has_nothing) referents->count = number;
}

static csizer_status name_parts(builder *builder, uint32_t number, const void *value, const void *type,
                                uint32_t depth) {
  uint32_t outer_number = builder->number, outer_depth = builder->depth;
  builder->number = number;
  builder->depth = depth;
  csizer_status status = csizer_members_visit(builder->walk->layouts, value, type, visit, builder);
  builder->number = outer_number;
  builder->depth = outer_depth;
  return builder->status ? builder->status : status;
}

static part *begin(csizer_referents *referents, csizer_walk *walk) {
  referents->count = 0;
  referents->layouts = walk->layouts;
  walk->holds_guesses = true;
  return add(referents);
}

// What uncertain words lead to comes last, as without names: what another part certainly has is no estimate of this
// one's.
static csizer_status settle(csizer_referents *referents, csizer_walk *walk) {
  uint32_t number;
  for (size_t before = walk->totals.bytes; csizer_walk_settle_next(walk, &number); before = walk->totals.bytes)
    for (;; number = referents->parts[number].above) {
      referents->parts[number].shown.bytes += walk->totals.bytes - before;
      if (!number) break;
    }
  return walk->status;
}

csizer_status csizer_referents_of_value(csizer_referents *referents, csizer_walk *walk, const void *value,
                                        const void *type, uint32_t depth) {
  builder builder = {.referents = referents, .walk = walk};
  csizer_member whole = {.name = "", .value = value, .type = type};
  part *part = begin(referents, walk);
  if (!part) return CSIZER_NO_MEMORY;
  part->shown.name = whole.name;
  csizer_status status = build(&builder, 0, &whole, depth);
  csizer_status settled = settle(referents, walk);
  return status ? status : settled;
}

csizer_status csizer_referents_of_marked(csizer_referents *referents, csizer_walk *walk, const void *object,
                                         uint32_t depth, uint64_t *ret_bytes) {
  builder builder = {.referents = referents, .walk = walk, .folds = true};
  if (!begin(referents, walk)) return CSIZER_NO_MEMORY;
  size_t before = walk->totals.bytes;
  uint64_t flat = csizer_walk_flat_bytes(walk, (uintptr_t)object);
  const void *type = ((const swift_object *)object)->metadata;
  csizer_status status = depth ? name_parts(&builder, 0, &object, type, depth) : CSIZER_OK;
  walk->part = 0;
  if (!status) status = csizer_walk_follow(walk, (uintptr_t)object);
  part *whole = &referents->parts[0];
  whole->shown = (csizer_referent){
      .bytes = walk->totals.bytes - before, .flat_bytes = flat, .type = type, .name = "", .naming = CSIZER_NAMED_FIELD};
  whole->end = referents->count;
  csizer_status settled = settle(referents, walk);
  *ret_bytes = whole->shown.bytes;
  return status ? status : settled;
}

// ---- Writing ----

typedef struct writer {
  const csizer_referents *referents;
  bool folds;
  uint64_t threshold;
  char *room;  // NULL: only count
  size_t used;
} writer;

static void put(writer *writer, csizer_referent shown, const char *text) {
  if (writer->room) {
    memcpy(writer->room + writer->used, &shown, sizeof shown);
    if (text) memcpy(writer->room + writer->used + sizeof shown, text, shown.text_bytes);
  }
  writer->used += sizeof shown + swift_round_up(shown.text_bytes, 7);
}

// Memory that is not a value yet can look like one: what nothing was compiled of is no type.
static void put_part(writer *writer, const part *part) {
  csizer_referent shown = part->shown;
  if (writer->room && !csizer_layouts_know(writer->referents->layouts, shown.type)) shown.type = NULL;
  put(writer, shown, part->text);
}

static void put_rest(writer *writer, uint32_t level, uint32_t count, uint64_t bytes) {
  csizer_referent rest = {
      .bytes = bytes, .flat_bytes = bytes, .number = count, .level = level, .naming = CSIZER_NAMED_REST};
  put(writer, rest, NULL);
}

// As deep as the tree, which has a bound.
static void write_tree(writer *writer, uint32_t number) {
  const part *parts = writer->referents->parts;
  uint32_t small_count = 0, only = 0;
  uint64_t small_bytes = 0;
  put_part(writer, &parts[number]);
  for (uint32_t i = number + 1; i < parts[number].end; i = parts[i].end) {
    uint64_t bytes = parts[i].shown.bytes;
    if (!writer->folds || bytes > writer->threshold) write_tree(writer, i);
    else if (bytes) {
      small_count++;
      small_bytes += bytes;
      only = i;
    }
  }
  if (small_count == 1) put_part(writer, &parts[only]);
  else if (small_count) put_rest(writer, parts[number].shown.level + 1, small_count, small_bytes);
}

size_t csizer_referents_write(const csizer_referents *referents, bool fold, void *room, size_t bytes) {
  if (!referents->count) return 0;
  writer writer = {.referents = referents, .folds = fold, .threshold = referents->parts[0].shown.bytes / 1000};
  write_tree(&writer, 0);
  if (writer.used > bytes) return writer.used;
  writer.room = room;
  writer.used = 0;
  write_tree(&writer, 0);
  return writer.used;
}
