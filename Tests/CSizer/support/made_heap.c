// SPDX-License-Identifier: Apache-2.0
#include "support/made_heap.h"

#include <string.h>

#include "census/heapmap_check.h"
#include "csizer_allocator.h"
#include "csizer_owning.h"
#include "layouts/layout_check.h"
#include "platform/pages.h"
#include "support/check.h"
#include "walk/walk_crew.h"

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

// ---- Four walks ----

/// What a walk came to: sums, sums by kind, and which blocks it has seen.
typedef struct outcome {
  csizer_totals totals;
  csizer_kind_totals *kinds;
  size_t kind_count;
  uint64_t seen;  // a hash of the places
} outcome;

static uint64_t hash_seen(const csizer_heapmap *map) {
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      if (leaf->seen[unit]) {
        hash = (hash ^ heapmap_unit_start(i, unit)) * 1099511628211u;
        hash = (hash ^ leaf->seen[unit]) * 1099511628211u;
      }
  }
  return hash;
}

static outcome outcome_of(const made_heap *heap, const csizer_walk *walk) {
  outcome outcome = {.totals = csizer_walk_totals(walk),
                     .kind_count = csizer_layouts_kind_count(heap->layouts),
                     .seen = hash_seen(heap->map)};
  outcome.kinds = calloc(outcome.kind_count + 1, sizeof *outcome.kinds);
  CHECK(outcome.kinds != NULL);
  for (size_t kind = 0; kind < outcome.kind_count; kind++) outcome.kinds[kind] = csizer_walk_kind_totals(walk, kind);
  return outcome;
}

static void check_same(const outcome *first, const outcome *second) {
  CHECK_EQUAL(second->totals.bytes, first->totals.bytes);
  CHECK_EQUAL(second->totals.requested, first->totals.requested);
  CHECK_EQUAL(second->totals.objects, first->totals.objects);
  CHECK_EQUAL(second->totals.raw_blocks, first->totals.raw_blocks);
  CHECK_EQUAL(second->totals.raw_bytes, first->totals.raw_bytes);
  CHECK_EQUAL(second->totals.unresolved, first->totals.unresolved);
  CHECK_EQUAL(second->totals.estimated_bytes, first->totals.estimated_bytes);
  CHECK_EQUAL(second->kind_count, first->kind_count);
  for (size_t kind = 0; kind < first->kind_count; kind++)
    CHECK(memcmp(&second->kinds[kind], &first->kinds[kind], sizeof *first->kinds) == 0);
  CHECK_EQUAL(second->seen, first->seen);
}

// As if more waited in the queue than it should hold, from the first reference to the last.
static void sweep_always(csizer_walk *walk) {
  enum { LEAST_QUEUE = 64 };  // a unit's worth
  walk->sweep_at = LEAST_QUEUE;
  csizer_walk_begin_sweep(walk);
}

static csizer_totals size_in_each_way(made_heap *heap, csizer_status (*size)(csizer_walk *, const void *, const void *),
                                      const void *start, const void *type) {
  enum { BY_QUEUE, BY_SWEEP, CREW_OF_ONE, CREW_OF_TWO, WAYS };
  outcome outcomes[WAYS];
  for (int i = 0; i < WAYS; i++) {
    csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
    made_crew crew;
    if (i >= CREW_OF_ONE) made_crew_begin(&crew, walk, i == CREW_OF_TWO);
    if (i != BY_QUEUE) sweep_always(walk);
    CHECK_EQUAL(size(walk, start, type), CSIZER_OK);
    outcomes[i] = outcome_of(heap, walk);
    if (i >= CREW_OF_ONE) made_crew_end(&crew);
    made_walk_end(heap, walk);
  }
  // The first may have compiled what kinds there are.
  for (int i = 2; i < WAYS; i++) check_same(&outcomes[1], &outcomes[i]);
  outcomes[0].kind_count = outcomes[1].kind_count;
  check_same(&outcomes[0], &outcomes[1]);
  for (int i = 0; i < WAYS; i++) free(outcomes[i].kinds);
  return outcomes[0].totals;
}

static csizer_status size_object(csizer_walk *walk, const void *object, const void *type) {
  (void)type;
  return csizer_walk_object(walk, object);
}

csizer_totals made_size_of_object(made_heap *heap, const void *object) {
  return size_in_each_way(heap, size_object, object, NULL);
}

csizer_totals made_size_of_value(made_heap *heap, const void *value, const void *type) {
  return size_in_each_way(heap, csizer_walk_value, value, type);
}

void made_wipe_marks(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) leaf->seen[unit] = 0;
    memset(leaf->touched, 0, sizeof leaf->touched);
    memset(leaf->page_class, 0, sizeof leaf->page_class);
  }
}

// ---- Crews ----

static void *work(void *crew) {
  csizer_crew_work(crew);
  return NULL;
}

void made_crew_begin(made_crew *crew, csizer_walk *walk, bool is_of_two) {
  *crew = (made_crew){.has_other = is_of_two && walk->memo.uniform_pages};
  // Elsewhere the walk goes by itself.
  const csizer_status status = walk->memo.uniform_pages ? CSIZER_OK : CSIZER_UNSUPPORTED;
  CHECK_EQUAL(csizer_crew_create(walk, &crew->crew), status);
  if (!crew->has_other) return;
  CHECK_EQUAL(pthread_create(&crew->other, NULL, work, crew->crew), 0);
  csizer_crew_admit(crew->crew);
}

void made_crew_end(made_crew *crew) {
  if (crew->crew) csizer_crew_dismiss(crew->crew);
  if (crew->has_other) CHECK_EQUAL(pthread_join(crew->other, NULL), 0);
  csizer_crew_destroy(crew->crew);
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

const swift_class *made_array_class(void) {
  static const swift_class *class;
  const void *arguments[] = {made_node_class(1)};
  if (!class)
    class = made_class((made_class_spec){
        .name = "Swift._ContiguousArrayStorage", .size = 32, .argument_count = 1, .arguments = arguments});
  return class;
}

void *made_array(made_heap *heap, size_t count) {
  void *array = made_object(heap, made_array_class(), 32 + count * 8);
  made_set_number(array, 16, count);
  made_set_number(array, 24, count * 2);
  return array;
}

void made_tangle(made_heap *heap, size_t nodes, uint64_t *random) {
  for (size_t i = 0; i < nodes; i++) made_node(heap, 3);
  for (size_t i = 0; i < nodes; i++) {
    made_link(heap->blocks[i], 0, heap->blocks[(i + 1) % nodes]);
    for (unsigned link = 1; link < 3; link++)
      made_link(heap->blocks[i], link, heap->blocks[check_random(random) % nodes]);
  }
}
