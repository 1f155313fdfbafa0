// SPDX-License-Identifier: Apache-2.0
#include "allocator/jemalloc.h"
#include "allocator/slab_set.h"
#include "census/heapmap_internal.h"
#include "platform/malloc_calls.h"
#include "platform/pages.h"

// How full the slabs are that objects lie in, asked of jemalloc in batches.

enum { BATCH = 4096, DEEPEST = 4 };

// What jemalloc answers for each address (src/ctl.c, experimental_utilization_batch_query_ctl): zeros for memory that
// it does not own.
typedef struct slab_answer {
  size_t free_places, places, bytes;
} slab_answer;

typedef struct batch {
  const void *asked[BATCH];
  size_t indices[BATCH];  // of the objects asked for
  slab_answer answers[BATCH];
  size_t count;
} batch;

typedef struct reader {
  size_t mib[DEEPEST], depth, page;
  const uint32_t *classes;
  csizer_slab_use *uses;
  csizer_slab_set set;
  batch *batch;
} reader;

static bool is_safe_to_ask(const csizer_heapmap *map, uintptr_t object) {
  const heapmap_leaf *leaf = heapmap_leaf_of(map, object);
  return leaf && heapmap_has_objects(leaf, object, csizer_jemalloc_geometry().reach_shift);
}

static csizer_status add(reader *reader, uint32_t class, uintptr_t object, const slab_answer *answer) {
  csizer_slab_use *use = &reader->uses[class];
  size_t place = answer->places ? answer->bytes / answer->places : 0;
  // With one place the block is at its start, give or take the shift by which jemalloc spreads large blocks over cache
  // lines.
  uintptr_t slab = answer->places == 1 ? object & ~(uintptr_t)(reader->page - 1)
                                       : csizer_slab_start(object, answer->bytes, place, reader->page);
  if (!slab || !answer->bytes || answer->free_places > answer->places) {
    use->unresolved++;
    return CSIZER_OK;
  }
  csizer_slab_insertion news = csizer_slab_set_add(&reader->set, slab, class);
  if (news == CSIZER_SLAB_NO_MEMORY) return CSIZER_NO_MEMORY;
  use->objects++;
  use->object_bytes += place;
  if (news == CSIZER_SLAB_NEW) {
    use->slabs++;
    use->slab_bytes += answer->bytes;
    use->taken_bytes += (answer->places - answer->free_places) * place;
  }
  return CSIZER_OK;
}

static csizer_status ask(reader *reader) {
  batch *batch = reader->batch;
  size_t answered = batch->count * sizeof *batch->answers;
  if (!batch->count) return CSIZER_OK;
  if (csizer_malloc.mallctlbymib(reader->mib, reader->depth, batch->answers, &answered, batch->asked,
                                 batch->count * sizeof *batch->asked))
    return CSIZER_UNSUPPORTED;
  csizer_status status = CSIZER_OK;
  for (size_t i = 0; i < batch->count && !status; i++)
    status = add(reader, reader->classes[batch->indices[i]], (uintptr_t)batch->asked[i], &batch->answers[i]);
  batch->count = 0;
  return status;
}

static csizer_status read_all(reader *reader, const csizer_heapmap *map, const uintptr_t *objects, size_t count) {
  batch *batch = reader->batch;
  csizer_status status = CSIZER_OK;
  for (size_t i = 0; i < count && !status; i++) {
    if (!is_safe_to_ask(map, objects[i])) {
      reader->uses[reader->classes[i]].unresolved++;
      continue;
    }
    // An address that came as a number; jemalloc looks it up and reads nothing there.
    batch->asked[batch->count] = (const void *)objects[i];
    batch->indices[batch->count++] = i;
    if (batch->count == BATCH) status = ask(reader);
  }
  return status ? status : ask(reader);
}

csizer_status csizer_jemalloc_fragmentation(const csizer_heapmap *map, const uintptr_t *objects,
                                            const uint32_t *classes, size_t count, size_t class_count,
                                            csizer_slab_use *uses) {
  for (size_t i = 0; i < count; i++)
    if (classes[i] >= class_count) return CSIZER_INVALID;
  reader reader = {.depth = DEEPEST, .page = csizer_jemalloc_geometry().page_bytes, .classes = classes, .uses = uses};
  if (csizer_malloc.mallctlnametomib("experimental.utilization.batch_query", reader.mib, &reader.depth))
    return CSIZER_UNSUPPORTED;
  for (size_t i = 0; i < class_count; i++) uses[i] = (csizer_slab_use){0};
  reader.batch = csizer_pages_map(sizeof *reader.batch);
  if (!reader.batch) return CSIZER_NO_MEMORY;
  csizer_status status = read_all(&reader, map, objects, count);
  csizer_slab_set_deinit(&reader.set);
  csizer_pages_unmap(reader.batch, sizeof *reader.batch);
  return status;
}
