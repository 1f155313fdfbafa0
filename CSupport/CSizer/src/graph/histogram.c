// SPDX-License-Identifier: Apache-2.0
// Counts the objects of all kinds without a graph. Objects that are nothing but a mask of references are counted here;
// all else is listed by a walk whose sink wants to know nothing of words: it finds raw blocks and what is unused.
#include "csizer_histogram.h"

#include "graph/graph_internal.h"

enum { HOT = 256 };

/// What the loop needs of a class of plain objects, and how many were met.
typedef struct hot_count {
  const void *metadata;
  size_t usable, count;
  const csizer_object_layout *layout;
} hot_count;

typedef struct dead_totals {
  size_t count, bytes;
} dead_totals;

struct csizer_histogram {
  walk_sink sink;
  csizer_walk *walk;
  census_copy census;
  hot_count *hots;
  csizer_kind_totals *kinds;
  size_t kind_count;
  dead_totals *dead;
  size_t dead_capacity;
  csizer_totals totals;
  csizer_status status;
};

// ---- What nobody wants to know ----

static void on_word(walk_sink *sink, uintptr_t address, const void *at) {
  (void)sink;
  (void)address;
  (void)at;
}

static void on_raw_block(walk_sink *sink, uintptr_t block, uint32_t kind, size_t bytes) {
  (void)sink;
  (void)block;
  (void)kind;
  (void)bytes;
}

// ---- Counting ----

static void flush(csizer_histogram *histogram, hot_count *hot) {
  if (!hot->count) return;
  csizer_walk *walk = histogram->walk;
  csizer_kind_totals *kind = walk_kind(walk, hot->layout->kind);
  const size_t requested = hot->count * hot->layout->requested;
  walk_count(walk, kind, hot->count, hot->count * hot->usable);
  kind->requested += requested;
  walk->totals.objects += hot->count;
  walk->totals.requested += requested;
  hot->count = 0;
}

static void warm(csizer_histogram *histogram, hot_count *hot, const swift_metadata *metadata,
                 const csizer_object_layout *layout) {
  if (!graph_is_plain(layout) || hot->metadata == metadata) return;
  flush(histogram, hot);
  *hot = (hot_count){.metadata = metadata, .usable = layout->usable, .layout = layout};
}

static bool make_dead_room(csizer_histogram *histogram, size_t kind) {
  if (kind < histogram->dead_capacity) return true;
  size_t capacity = histogram->dead_capacity ? histogram->dead_capacity : 256;
  while (capacity <= kind) capacity *= 2;
  dead_totals *dead =
      csizer_pages_grow(histogram->dead, histogram->dead_capacity * sizeof *dead, capacity * sizeof *dead);
  if (!dead) {
    histogram->status = CSIZER_NO_MEMORY;
    return false;
  }
  histogram->dead = dead;
  histogram->dead_capacity = capacity;
  return true;
}

static void count_dead(csizer_histogram *histogram, const swift_object *object, const csizer_object_layout *layout) {
  csizer_walk *walk = histogram->walk;
  if (!make_dead_room(histogram, layout->kind)) return;
  const uintptr_t address = (uintptr_t)object, side_table = walk_side_table_of(object->references);
  const size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  histogram->dead[layout->kind].count++;
  histogram->dead[layout->kind].bytes += usable;
  walk->totals.objects++;
  walk->totals.bytes += usable;
  walk->totals.dead_bytes += usable;
  walk->totals.requested += layout->requested && layout->requested <= usable ? layout->requested : usable;
  if (side_table) csizer_walk_raw_block(walk, side_table, walk->layouts->side_table_kind, true);
}

static bool count_other(csizer_histogram *histogram, const swift_object *object, hot_count *hot) {
  csizer_walk *walk = histogram->walk;
  const csizer_object_layout *layout = walk_layout_of(walk, object);
  if (!layout) return false;
  if (walk_is_dead(walk, (uintptr_t)object)) count_dead(histogram, object, layout);
  else csizer_walk_list(walk, (uintptr_t)object);
  warm(histogram, hot, object->metadata, layout);
  return !walk->status && !histogram->status;
}

static bool visit(void *context, uintptr_t address) {
  csizer_histogram *const histogram = context;
  csizer_walk *const walk = histogram->walk;
  const swift_object *object = (const swift_object *)address;
  hot_count *hot = &histogram->hots[((uintptr_t)object->metadata >> 4) % HOT];
  const size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, address), address);
  const bool is_other = (object->references & (SWIFT_SLOW_REFERENCES | SWIFT_DEINITING)) != 0;
  if (__builtin_expect(hot->metadata != object->metadata || hot->usable != usable || is_other, 0))
    return count_other(histogram, object, hot);
  hot->count++;
  return true;
}

static csizer_status count_all(csizer_histogram *histogram, csizer_heapmap *map) {
  csizer_walk *walk = histogram->walk;
  histogram->sink = (walk_sink){.reference = on_word,
                                .uncertain = on_word,
                                .weak = on_word,
                                .unowned = on_word,
                                .raw_block = on_raw_block,
                                .counts_only = true};
  csizer_status status = csizer_census_copy_make(&histogram->census, map);
  if (status) return status;
  walk->sink = &histogram->sink;
  walk->ignores_pointers = true;  // whatever has an owner is met
  census_visit(&histogram->census, 0, visit, histogram);
  csizer_walk_settle(walk);
  for (size_t i = 0; i < HOT; i++) flush(histogram, &histogram->hots[i]);
  return histogram->status ? histogram->status : walk->status;
}

static csizer_status keep(csizer_histogram *histogram) {
  const csizer_walk *walk = histogram->walk;
  histogram->kinds = csizer_pages_map(walk->kind_capacity * sizeof *histogram->kinds);
  if (!histogram->kinds) return CSIZER_NO_MEMORY;
  histogram->kind_count = walk->kind_capacity;
  for (size_t i = 0; i < histogram->kind_count; i++) histogram->kinds[i] = walk->kinds[i];
  histogram->totals = walk->totals;
  return CSIZER_OK;
}

csizer_status csizer_histogram_take(csizer_heapmap *map, csizer_layouts *layouts, csizer_histogram **ret_histogram) {
  csizer_histogram *histogram = csizer_pages_map(sizeof *histogram + HOT * sizeof *histogram->hots);
  if (!histogram) return CSIZER_NO_MEMORY;
  histogram->hots = (hot_count *)(histogram + 1);
  const csizer_walk_options options = {.census_is_complete = true};
  csizer_status status = csizer_walk_create(map, layouts, &options, &histogram->walk);
  if (!status) status = count_all(histogram, map);
  if (!status) status = keep(histogram);
  csizer_walk_destroy(histogram->walk);
  histogram->walk = NULL;
  csizer_census_copy_free(&histogram->census);
  if (status) csizer_histogram_destroy(histogram);
  else *ret_histogram = histogram;
  return status;
}

void csizer_histogram_destroy(csizer_histogram *histogram) {
  if (!histogram) return;
  csizer_pages_unmap(histogram->kinds, histogram->kind_count * sizeof *histogram->kinds);
  csizer_pages_unmap(histogram->dead, histogram->dead_capacity * sizeof *histogram->dead);
  csizer_pages_unmap(histogram, sizeof *histogram + HOT * sizeof *histogram->hots);
}

size_t csizer_histogram_count(const csizer_histogram *histogram) { return histogram->kind_count; }

csizer_histogram_row csizer_histogram_row_at(const csizer_histogram *histogram, size_t kind) {
  csizer_histogram_row row = {.dead_count = 0};
  if (kind < histogram->kind_count) row.living = histogram->kinds[kind];
  if (kind >= histogram->dead_capacity) return row;
  row.dead_count = histogram->dead[kind].count;
  row.dead_bytes = histogram->dead[kind].bytes;
  return row;
}

csizer_totals csizer_histogram_totals(const csizer_histogram *histogram) { return histogram->totals; }
