// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/unknown_types.h"

// The table: from metadata to layouts, and the kinds under which blocks are counted.

enum { FIRST_CAPACITY = 256 };

void *csizer_layouts_allocate(csizer_layouts *layouts, size_t bytes) {
  void *memory = csizer_pool_allocate(&layouts->pool, bytes);
  if (!memory) layouts->failed = true;
  return memory;
}

void csizer_layouts_begin(csizer_layouts *layouts) {
  if (layouts->compiling++) return;
  csizer_allocator_scope_enter(&layouts->scope);
  layouts->checked = (csizer_checked_pages){0};
}

void csizer_layouts_end(csizer_layouts *layouts) {
  if (--layouts->compiling == 0) csizer_allocator_scope_leave(&layouts->scope);
}

static void map_put(csizer_layout_map *map, const void *metadata, const void *layout) {
  size_t i = csizer_layout_hash(metadata, map->capacity);
  while (map->entries[i].metadata && map->entries[i].metadata != metadata) i = hash_next(i, map->capacity);
  if (!map->entries[i].metadata) map->count++;
  map->entries[i] = (struct csizer_layout_entry){metadata, layout};
}

// The old entries stay in the pool: tables grow a few times in a process's life.
static bool map_grow(csizer_layouts *layouts, csizer_layout_map *map) {
  csizer_layout_map larger = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY};
  larger.entries = csizer_layouts_allocate(layouts, larger.capacity * sizeof *larger.entries);
  if (!larger.entries) return false;
  for (size_t i = 0; i < map->capacity; i++)
    if (map->entries[i].metadata) map_put(&larger, map->entries[i].metadata, map->entries[i].layout);
  *map = larger;
  return true;
}

bool csizer_layout_map_insert(csizer_layouts *layouts, csizer_layout_map *map, const void *metadata,
                              const void *layout) {
  if ((map->count + 1) * 4 > map->capacity * 3 && !map_grow(layouts, map)) return false;
  map_put(map, metadata, layout);
  return true;
}

bool csizer_layouts_know(const csizer_layouts *layouts, const void *type) {
  return csizer_layout_map_find(&layouts->objects, type) || csizer_layout_map_find(&layouts->values, type) ||
         csizer_layout_map_find(&layouts->members, type);
}

void csizer_layouts_recover(csizer_layouts *layouts) {
  if (!layouts->failed) return;
  // Some layouts are half compiled and others may point at them. The pool keeps them all; kinds keep their numbers.
  layouts->values = layouts->objects = layouts->members = (csizer_layout_map){0};
  layouts->described_types = NULL;
  layouts->failed = false;
}

uint32_t csizer_layouts_add_kind(csizer_layouts *layouts, csizer_kind kind) {
  if (layouts->kind_count == layouts->kind_capacity) {
    size_t capacity = layouts->kind_capacity ? layouts->kind_capacity * 2 : FIRST_CAPACITY;
    csizer_kind *kinds = csizer_layouts_allocate(layouts, capacity * sizeof *kinds);
    if (!kinds) return 0;
    if (layouts->kind_count) memcpy(kinds, layouts->kinds, layouts->kind_count * sizeof *kinds);
    layouts->kinds = kinds;
    layouts->kind_capacity = capacity;
  }
  layouts->kinds[layouts->kind_count] = kind;
  return (uint32_t)layouts->kind_count++;
}

const csizer_value_layout *csizer_layouts_value(csizer_layouts *layouts, const swift_metadata *type) {
  const csizer_value_layout *layout = csizer_layout_map_find(&layouts->values, type);
  if (layout) return layout;
  if (!layouts->unknown) return layouts->compilers->value(layouts, type);
  csizer_unknown_note(layouts->unknown, UNKNOWN_VALUE, type, NULL, 0);
  return &csizer_unknown_value;
}

const csizer_object_layout *csizer_layouts_object(csizer_layouts *layouts, const swift_metadata *metadata) {
  const csizer_object_layout *layout = csizer_layout_map_find(&layouts->objects, metadata);
  if (layout) return layout;
  if (!layouts->unknown) return layouts->compilers->object(layouts, metadata);
  csizer_unknown_note(layouts->unknown, UNKNOWN_OBJECT, metadata, NULL, 0);
  return &csizer_unknown_object;
}

void csizer_layouts_destroy(csizer_layouts *layouts) {
  if (!layouts) return;
  if (layouts->spare_walk) layouts->free_spare_walk(layouts->spare_walk);
  csizer_images_deinit(&layouts->images);
  csizer_pool pool = layouts->pool;  // the table itself is in it
  csizer_pool_deinit(&pool);
}

// What is in a private scope has the scope's address in its name, which nobody can write down.
static bool is_name(const char *wanted, csizer_name name) {
  static const char mark[] = "(unknown context at $";
  const char *at = name.text, *end = name.text + name.length;
  while (at < end) {
    bool is_scope = (size_t)(end - at) >= sizeof mark && memcmp(at, mark, sizeof mark - 1) == 0;
    const char *close = is_scope ? memchr(at, ')', (size_t)(end - at)) : NULL;
    if (close && end - close > 1 && close[1] == '.') {
      at = close + 2;
    } else if (*wanted++ != *at++) {
      return false;
    }
  }
  return *wanted == 0;
}

bool csizer_layouts_excludes(const csizer_layouts *layouts, const swift_metadata *type) {
  const csizer_exclusions *exclusions = &layouts->exclusions;
  for (size_t i = 0; i < exclusions->type_count; i++)
    if (exclusions->types[i] == type) return true;
  if (!exclusions->name_count || !layouts->runtime->name_of) return false;
  csizer_name name = layouts->runtime->name_of(type);
  for (size_t i = 0; i < exclusions->name_count; i++)
    if (is_name(exclusions->names[i], name)) return true;
  return false;
}

size_t csizer_layouts_kind_count(const csizer_layouts *layouts) { return layouts->kind_count; }

bool csizer_layouts_kind_name(csizer_layouts *layouts, size_t kind, csizer_kind_name *ret_name) {
  if (kind >= layouts->kind_count) return false;
  const csizer_kind *known = &layouts->kinds[kind];
  *ret_name = (csizer_kind_name){.prefix = known->prefix ? known->prefix : "", .type = ""};
  if (known->type && layouts->runtime->name_of) {
    csizer_layouts_begin(layouts);
    csizer_name name = layouts->runtime->name_of(known->type);
    csizer_layouts_end(layouts);
    ret_name->type = name.text;
    ret_name->type_length = name.length;
  }
  return true;
}

bool csizer_layouts_kind_unresolved(const csizer_layouts *layouts, size_t kind) {
  const csizer_object_layout *layout = kind < layouts->kind_count ? layouts->kinds[kind].layout : NULL;
  return layout && layout->fields.unresolved;
}

size_t csizer_layouts_bytes(const csizer_layouts *layouts) { return layouts->pool.bytes; }
