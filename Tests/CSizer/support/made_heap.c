// SPDX-License-Identifier: Apache-2.0
#include "support/made_heap.h"

#include <string.h>

#include "census/heapmap_check.h"
#include "csizer_allocator.h"
#include "csizer_owning.h"
#include "layouts/layout_check.h"
#include "platform/pages.h"
#include "support/check.h"
#include "walk/walk_internal.h"

void made_heap_init(made_heap *heap, const csizer_exclusions *exclusions) {
  *heap = (made_heap){.held_before = csizer_pages_held()};
  CHECK_EQUAL(csizer_heapmap_create(&heap->map), CSIZER_OK);
  CHECK_EQUAL(csizer_layouts_create(exclusions, &heap->layouts), CSIZER_OK);
  heap->layouts->runtime = &made_runtime;
}

void made_heap_deinit(made_heap *heap) {
  made_check_no_marks(heap->map);
  CHECK_SOUND(csizer_layout_check(heap->layouts));
  csizer_layouts_destroy(heap->layouts);
  csizer_heapmap_destroy(heap->map);
  CHECK_EQUAL(csizer_pages_held(), heap->held_before);
  for (size_t i = 0; i < heap->count; i++) free(heap->blocks[i]);
  free(heap->blocks);
}

size_t made_bytes(const void *block) { return csizer_allocator_usable_size(block); }

void *made_block(made_heap *heap, size_t bytes) {
  if (heap->count == heap->capacity) {
    heap->capacity = heap->capacity ? heap->capacity * 2 : 1024;
    heap->blocks = realloc(heap->blocks, heap->capacity * sizeof *heap->blocks);
    CHECK(heap->blocks != NULL);
  }
  void *block = calloc(1, bytes);
  CHECK(block != NULL);
  heap->blocks[heap->count++] = block;
  heap->bytes += made_bytes(block);
  return block;
}

void *made_object(made_heap *heap, const void *isa, size_t bytes) {
  enum { FIRST_REFERENCE_COUNT = 3 };
  swift_object *object = made_block(heap, bytes);
  object->metadata = isa;
  object->references = FIRST_REFERENCE_COUNT;
  CHECK(csizer_heapmap_insert(heap->map, object));
  return object;
}

void made_owner(const char *type, const char *field) {
  CHECK_EQUAL(csizer_owning_field_register(&(csizer_owning_field){.type = type, .field = field}), CSIZER_OK);
}

void made_set(void *object, size_t offset, const void *word) {
  memcpy((char *)object + offset, &word, sizeof word);
}

void made_set_number(void *object, size_t offset, uint64_t word) {
  memcpy((char *)object + offset, &word, sizeof word);
}

csizer_walk *made_walk(made_heap *heap, csizer_walk_options options) {
  options.census_is_complete = true;
  csizer_walk *walk;
  CHECK_EQUAL(csizer_walk_create(heap->map, heap->layouts, &options, &walk), CSIZER_OK);
  return walk;
}

void made_check_no_marks(const csizer_heapmap *map) { CHECK_SOUND(csizer_heapmap_check_unmarked(map)); }

void made_walk_end(made_heap *heap, csizer_walk *walk) {
  CHECK_SOUND(csizer_layout_check(heap->layouts));
  csizer_walk_destroy(walk);
  made_check_no_marks(heap->map);
}

static void check_same(csizer_totals first, csizer_totals second) {
  CHECK_EQUAL(second.bytes, first.bytes);
  CHECK_EQUAL(second.requested, first.requested);
  CHECK_EQUAL(second.objects, first.objects);
  CHECK_EQUAL(second.raw_blocks, first.raw_blocks);
  CHECK_EQUAL(second.unresolved, first.unresolved);
  CHECK_EQUAL(second.estimated_bytes, first.estimated_bytes);
}

// As if more waited in the queue than it should hold, from the first reference to the last.
static void sweep_always(csizer_walk *walk) {
  enum { LEAST_QUEUE = 64 };  // a unit's worth
  walk->sweep_at = LEAST_QUEUE;
  csizer_walk_begin_sweep(walk);
}

csizer_totals made_size_of_object(made_heap *heap, const void *object) {
  csizer_totals totals[2];
  for (int i = 0; i < 2; i++) {
    csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
    if (i == 0) sweep_always(walk);
    CHECK_EQUAL(csizer_walk_object(walk, object), CSIZER_OK);
    totals[i] = csizer_walk_totals(walk);
    made_walk_end(heap, walk);
  }
  check_same(totals[0], totals[1]);
  return totals[0];
}

csizer_totals made_size_of_value(made_heap *heap, const void *value, const void *type) {
  csizer_totals totals[2];
  for (int i = 0; i < 2; i++) {
    csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
    if (i == 0) sweep_always(walk);
    CHECK_EQUAL(csizer_walk_value(walk, value, type), CSIZER_OK);
    totals[i] = csizer_walk_totals(walk);
    made_walk_end(heap, walk);
  }
  check_same(totals[0], totals[1]);
  return totals[0];
}

csizer_kind_totals made_kind_totals(made_heap *heap, const csizer_walk *walk, const char *name) {
  for (size_t kind = 0; kind < csizer_layouts_kind_count(heap->layouts); kind++) {
    csizer_kind_name known;
    char text[256];
    CHECK(csizer_layouts_kind_name(heap->layouts, kind, &known));
    snprintf(text, sizeof text, "%s%.*s", known.prefix, (int)known.type_length, known.type);
    if (strcmp(text, name) == 0) return csizer_walk_kind_totals(walk, kind);
  }
  return (csizer_kind_totals){0};
}

enum { MOST_REFERENCES = 100, FIRST_REFERENCE = 16 };

const swift_class *made_node_class(unsigned references) {
  static const swift_class *classes[MOST_REFERENCES + 1];
  CHECK(references <= MOST_REFERENCES);
  if (classes[references]) return classes[references];
  made_field fields[MOST_REFERENCES];
  char name[32];
  snprintf(name, sizeof name, "Main.Node%u", references);
  for (unsigned i = 0; i < references; i++) fields[i] = (made_field){"link", name, FIRST_REFERENCE + 8 * i, 0};
  classes[references] = made_class((made_class_spec){
      .name = name, .size = FIRST_REFERENCE + 8 * references + 8, .field_count = references, .fields = fields});
  return classes[references];
}

void *made_node(made_heap *heap, unsigned references) {
  const swift_class *class = made_node_class(references);
  return made_object(heap, class, class->instance_size);
}

void made_link(void *node, unsigned index, const void *target) {
  made_set(node, FIRST_REFERENCE + 8 * (size_t)index, target);
}
