// SPDX-License-Identifier: Apache-2.0
#include "csizer_member.h"

#include "csizer_census.h"
#include "layouts/enum_case.h"
#include "layouts/member_list.h"

// What a value is made of, by name: properties, elements, keys, the case that is there.

typedef struct visitor {
  csizer_layouts *layouts;
  void (*visit)(void *context, const csizer_member *member);
  void *context;
} visitor;

/// A value and its type; `type` NULL: nothing.
typedef struct typed_value {
  const char *value;
  const swift_metadata *type;
  const char *box;  // the outermost that was looked through: an object, which copies of an existential share
} typed_value;

static bool is_live(const void *object) {
  const csizer_heapmap *census = csizer_census_map();
  return census && csizer_heapmap_contains(census, object);
}

static void members_of_value(const visitor *visitor, typed_value of);

static void give(const visitor *visitor, csizer_member member) {
  const csizer_value_layout *layout = csizer_layouts_value(visitor->layouts, member.type);
  if (layout && !csizer_layout_is_plain(layout)) visitor->visit(visitor->context, &member);
}

static typed_value in_existential(const swift_any *any) {
  if ((uintptr_t)any->type < SWIFT_LEAST_POINTER) return (typed_value){0};
  size_t mask = swift_witnesses_of(any->type)->flags & SWIFT_ALIGNMENT_MASK;
  bool boxed = swift_witnesses_of(any->type)->flags & SWIFT_NOT_INLINE;
  if (!boxed) return (typed_value){(const char *)any, any->type, NULL};
  const char *box = any->buffer[0];
  return (typed_value){box + swift_round_up(sizeof(swift_object), mask), any->type, box};
}

static bool is_opaque_existential(const swift_metadata *type) {
  switch (swift_kind_of(type)) {
    case SWIFT_EXISTENTIAL: {
      uint32_t flags = ((const swift_existential *)type)->flags;
      return (flags & SWIFT_EXISTENTIAL_NOT_CLASS) && (flags & SWIFT_EXISTENTIAL_SPECIAL) != SWIFT_EXISTENTIAL_ERROR;
    }
    case SWIFT_EXTENDED_EXISTENTIAL:
      return (((const swift_extended_existential *)type)->shape->flags & 0xFF) == SWIFT_SHAPE_OPAQUE;
    default: return false;
  }
}

static bool is_reference(const swift_metadata *type) {
  switch (swift_kind_of(type)) {
    case SWIFT_CLASS: return true;
    case SWIFT_EXISTENTIAL: return !is_opaque_existential(type);
    case SWIFT_EXTENDED_EXISTENTIAL:
      return (((const swift_extended_existential *)type)->shape->flags & 0xFF) == SWIFT_SHAPE_CLASS;
    default: return false;
  }
}

// A closure: code and context. Functions of other conventions are no two words.
static bool is_closure(const swift_metadata *type) {
  return swift_kind_of(type) == SWIFT_FUNCTION && swift_convention_of(type) == SWIFT_CONVENTION_SWIFT;
}

// An Optional's payload stands where the Optional stands; nil has none.
static typed_value in_optional(csizer_layouts *layouts, typed_value of) {
  const csizer_member_list *list = csizer_layouts_members(layouts, of.type);
  if (!list || !list->enumeration || enum_case_of(list->enumeration, of.value) != 0) return (typed_value){0};
  return (typed_value){of.value, csizer_generic_arguments(of.type)[0], NULL};
}

// What a mutex guards stands in a struct that declares nothing.
static const swift_metadata *content_of(csizer_layouts *layouts, const swift_metadata *type) {
  if (swift_kind_of(type) != SWIFT_STRUCT) return NULL;
  const csizer_member_list *list = csizer_layouts_members(layouts, type);
  return list ? list->content : NULL;
}

static typed_value look_through(csizer_layouts *layouts, typed_value of) {
  const char *box = NULL;
  while (of.type) {
    const swift_metadata *content = content_of(layouts, of.type);
    if (content) of = (typed_value){of.value, content, NULL};
    else if (swift_kind_of(of.type) == SWIFT_OPTIONAL) of = in_optional(layouts, of);
    else if (is_opaque_existential(of.type)) of = in_existential((const swift_any *)(const void *)of.value);
    else break;
    if (!box) box = of.box;
  }
  of.box = box;
  return of;
}

static void give_field(const visitor *visitor, const char *base, const csizer_member_field *field) {
  csizer_member member = {.name = field->name, .value = base + field->offset, .type = field->type};
  visitor->visit(visitor->context, &member);
}

static void stored_properties(const visitor *visitor, const char *base, const csizer_member_list *list) {
  for (uint32_t i = 0; list && i < list->count; i++) give_field(visitor, base, &list->fields[i]);
}

// The superclass's properties come first, as they do in memory.
static void instance_properties(const visitor *visitor, const char *object, const swift_class *type) {
  if (type->superclass) instance_properties(visitor, object, type->superclass);
  stored_properties(visitor, object, csizer_layouts_members(visitor->layouts, (const swift_metadata *)type));
}

static void elements(const visitor *visitor, const char *first, size_t count, const csizer_value_layout *element) {
  if (csizer_layout_is_plain(element)) return;
  for (size_t i = 0; i < count; i++)
    give(visitor, (csizer_member){.index = i, .value = first + i * element->stride, .type = element->type});
}

// In a frozen image an object may be half made: no more parts than its block has room for.
static size_t room_for(const char *object, size_t first, size_t stride) {
  size_t usable = csizer_allocator_usable_size(object);
  return usable > first && stride ? (usable - first) / stride : 0;
}

static void array_elements(const visitor *visitor, const char *object, const csizer_object_layout *layout) {
  size_t count = ((const size_t *)(const void *)object)[2],
         room = room_for(object, layout->first, layout->element->stride);
  elements(visitor, object + layout->first, count < room ? count : room, layout->element);
}

static void buckets(const visitor *visitor, const char *object, const csizer_object_layout *layout) {
  const char *const *pointers = (const char *const *)(const void *)(object + layout->first);
  const uint64_t *bitmap = (const uint64_t *)(const void *)(pointers + (layout->value ? 2 : 1));
  size_t count = (size_t)1 << (((const uint8_t *)object)[32] & 63), index = 0;
  size_t room = room_for(object, layout->first, layout->element->stride);
  if (layout->element->stride && count > room) return;
  for (size_t bucket = 0; bucket < count; bucket++) {
    if (!(bitmap[bucket / 64] >> (bucket % 64) & 1)) continue;
    const char *key = pointers[0] + bucket * layout->element->stride;
    csizer_member member = {.index = index++, .value = key, .type = layout->element->type};
    if (layout->value) {
      member.key = key;
      member.key_type = layout->element->type;
      member.value = pointers[1] + bucket * layout->value->stride;
      member.type = layout->value->type;
    }
    give(visitor, member);
  }
}

static const csizer_object_layout *layout_of(csizer_layouts *layouts, const char *object) {
  const swift_object *header = (const swift_object *)(const void *)object;
  const csizer_object_layout *layout = csizer_layouts_object(layouts, header->metadata);
  return layout && layout->shape == SHAPE_BOUND ? csizer_layouts_bound(layouts, layout, header) : layout;
}

static void captures(const visitor *visitor, const char *object, const csizer_object_layout *layout) {
  for (uint32_t i = 0; i < layout->capture_count; i++)
    if (layout->captures[i].type)
      give(visitor, (csizer_member){.index = i + (size_t)1,
                                    .is_capture = true,
                                    .value = object + layout->captures[i].offset,
                                    .type = layout->captures[i].type});
}

static void members_of_object(const visitor *visitor, const char *object) {
  if (!is_live(object)) return;
  const swift_metadata *metadata = ((const swift_object *)(const void *)object)->metadata;
  const csizer_object_layout *layout = layout_of(visitor->layouts, object);
  if (!layout || layout->excluded || layout->is_unknown) return;
  switch (layout->shape) {
    case SHAPE_ARRAY: array_elements(visitor, object, layout); return;
    case SHAPE_HASH: buckets(visitor, object, layout); return;
    case SHAPE_ERROR: {
      const swift_error_object *error = (const swift_error_object *)(const void *)object;
      size_t mask = swift_witnesses_of(error->type)->flags & SWIFT_ALIGNMENT_MASK;
      members_of_value(visitor, (typed_value){object + swift_round_up(sizeof *error, mask), error->type, NULL});
      return;
    }
    default: break;
  }
  if (swift_kind_of(metadata) == SWIFT_CLASS) instance_properties(visitor, object, (const swift_class *)metadata);
  if (swift_kind_of(metadata) == SWIFT_GENERIC_BOX) {
    const swift_generic_box *box = (const swift_generic_box *)metadata;
    members_of_value(visitor, (typed_value){object + box->offset, box->type, NULL});
  }
  if (swift_kind_of(metadata) == SWIFT_LOCAL_VARIABLE) captures(visitor, object, layout);
}

// Storage that a standard collection refers to is no member anybody knows: its elements are.
static void members_of_storage(const visitor *visitor, typed_value of) {
  const csizer_value_layout *layout = csizer_layouts_value(visitor->layouts, of.type);
  if (!layout) return;
  for (uint64_t words = layout->references; words; words &= words - 1)
    members_of_object(visitor, ((const char *const *)(const void *)of.value)[__builtin_ctzll(words)]);
}

// A payload that shares bits with the tag is read in a copy without them, which lives as long as its members are
// visited. In one that is too large for that no members show: its bytes are the enum's.
static void members_of_enum(const visitor *visitor, typed_value of) {
  enum { MOST_WORDS = 32 };
  const csizer_member_list *list = csizer_layouts_members(visitor->layouts, of.type);
  if (!list || !list->enumeration) return;
  const csizer_enum *type = list->enumeration;
  uint32_t number = enum_case_of(type, of.value);
  if (number == ENUM_NO_PAYLOAD) return;
  uint64_t copy[MOST_WORDS + 1];  // witnesses may write a whole word at the end
  bool is_in_place = enum_payload_is_in_place(type, number);
  if (!is_in_place && type->words > MOST_WORDS) return;
  if (!is_in_place) enum_copy_payload(type, number, of.value, copy);
  for (uint32_t i = 0; i < list->count; i++)
    if (list->fields[i].number == number)
      give_field(visitor, is_in_place ? of.value : (const char *)copy, &list->fields[i]);
}

static void members_of_struct(const visitor *visitor, typed_value of) {
  const csizer_member_list *list = csizer_layouts_members(visitor->layouts, of.type);
  if (list && list->is_library) members_of_storage(visitor, of);
  else stored_properties(visitor, of.value, list);
}

static void members_of_value(const visitor *visitor, typed_value of) {
  of = look_through(visitor->layouts, of);
  if (!of.type) return;
  if (is_reference(of.type)) {
    members_of_object(visitor, *(const char *const *)(const void *)of.value);
    return;
  }
  if (is_closure(of.type)) {
    members_of_object(visitor, ((const char *const *)(const void *)of.value)[1]);
    return;
  }
  switch (swift_kind_of(of.type)) {
    case SWIFT_STRUCT: members_of_struct(visitor, of); return;
    case SWIFT_ENUM: members_of_enum(visitor, of); return;
    case SWIFT_TUPLE: {
      const swift_tuple *tuple = (const swift_tuple *)of.type;
      for (size_t i = 0; i < tuple->count; i++)
        give(visitor, (csizer_member){
                          .index = i, .value = of.value + tuple->elements[i].offset, .type = tuple->elements[i].type});
      return;
    }
    default: return;
  }
}

csizer_status csizer_members_visit(csizer_layouts *layouts, const void *value, const void *type,
                                   void (*visit)(void *context, const csizer_member *member), void *context) {
  visitor visitor = {layouts, visit, context};
  members_of_value(&visitor, (typed_value){value, type, NULL});
  return layouts->failed ? CSIZER_NO_MEMORY : CSIZER_OK;
}

// What is in a box, if the object is one.
static const swift_metadata *boxed_type(csizer_layouts *layouts, const swift_object *object) {
  const csizer_object_layout *layout = layout_of(layouts, (const char *)object);
  if (!layout || layout->is_unknown) return NULL;
  switch (swift_kind_of(object->metadata)) {
    case SWIFT_GENERIC_BOX: return ((const swift_generic_box *)object->metadata)->type;
    case SWIFT_LOCAL_VARIABLE: return layout->capture_count == 1 ? layout->captures[0].type : NULL;
    default: return NULL;
  }
}

const void *csizer_member_dynamic_type(csizer_layouts *layouts, const void *value, const void *type) {
  typed_value of = look_through(layouts, (typed_value){value, type, NULL});
  if (!of.type) return type;
  if (!is_reference(of.type)) return of.type;
  const swift_object *object = *(const swift_object *const *)(const void *)of.value;
  if (!is_live(object)) return of.type;
  const csizer_object_layout *layout = csizer_layouts_object(layouts, object->metadata);
  bool is_instance = layout && !layout->is_unknown && swift_kind_of(object->metadata) == SWIFT_CLASS;
  if (is_instance) return object->metadata;
  const swift_metadata *boxed = boxed_type(layouts, object);
  return boxed ? boxed : of.type;
}

const void *csizer_member_code(csizer_layouts *layouts, const void *value, const void *type) {
  typed_value of = look_through(layouts, (typed_value){value, type, NULL});
  if (!of.type || !is_closure(of.type)) return NULL;
  const void *code = *(const void *const *)(const void *)of.value;
  return csizer_images_contain_code(&layouts->images, (uintptr_t)code) ? code : NULL;
}

const void *csizer_member_object(csizer_layouts *layouts, const void *value, const void *type) {
  typed_value of = look_through(layouts, (typed_value){value, type, NULL});
  if (of.box) return of.box;
  if (!of.type) return NULL;
  const void *const *words = (const void *const *)(const void *)of.value;
  if (is_reference(of.type)) return words[0];
  if (is_closure(of.type)) return words[1];
  if (swift_kind_of(of.type) != SWIFT_STRUCT) return NULL;
  const csizer_member_list *list = csizer_layouts_members(layouts, of.type);
  if (!list || !list->is_library) return NULL;
  const csizer_value_layout *layout = csizer_layouts_value(layouts, of.type);
  return layout && layout->references ? words[__builtin_ctzll(layout->references)] : NULL;
}
