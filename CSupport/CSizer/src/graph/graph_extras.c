// SPDX-License-Identifier: Apache-2.0
// Objects that the census does not know and that references lead to: tasks, objects older than the census.
#include "graph/graph_internal.h"
#include "platform/hash.h"

static uint32_t *slot_of(const graph_extras *extras, uintptr_t address) {
  size_t i = hash_first(hash_address((const void *)address), extras->slot_count);
  while (extras->slots[i] && extras->addresses[extras->slots[i] - 1] != address) i = hash_next(i, extras->slot_count);
  return &extras->slots[i];
}

uint32_t csizer_graph_extra_find(const csizer_graph *graph, uintptr_t address) {
  return graph->extras.slot_count ? *slot_of(&graph->extras, address) - 1 : GRAPH_NO_EXTRA;
}

static bool grow_slots(csizer_graph *graph) {
  graph_extras *extras = &graph->extras;
  const uint32_t count = extras->slot_count ? extras->slot_count * 2 : 1024;
  uint32_t *slots = csizer_pages_map(count * sizeof *slots);
  if (!slots) {
    graph->status = CSIZER_NO_MEMORY;
    return false;
  }
  csizer_pages_unmap(extras->slots, extras->slot_count * sizeof *slots);
  extras->slots = slots;
  extras->slot_count = count;
  for (uint32_t i = 0; i < extras->count; i++) *slot_of(extras, extras->addresses[i]) = i + 1;
  return true;
}

uint32_t csizer_graph_extra_add(csizer_graph *graph, uintptr_t address) {
  graph_extras *extras = &graph->extras;
  size_t capacity = extras->capacity;
  const bool fits = extras->count < UINT32_MAX - CENSUS_FIRST_OTHER - 1;
  if (!fits) graph->status = CSIZER_NO_MEMORY;
  if (!fits || ((extras->count + 1) * 2 > extras->slot_count && !grow_slots(graph)) ||
      !csizer_graph_make_room(graph, &extras->addresses, &capacity, extras->count, sizeof *extras->addresses))
    return GRAPH_NO_EXTRA;
  extras->capacity = (uint32_t)capacity;
  extras->addresses[extras->count] = address;
  *slot_of(extras, address) = extras->count + 1;
  return extras->count++;
}

void csizer_graph_extras_free(csizer_graph *graph) {
  graph_extras *extras = &graph->extras;
  csizer_pages_unmap(extras->addresses, extras->capacity * sizeof *extras->addresses);
  csizer_pages_unmap(extras->slots, extras->slot_count * sizeof *extras->slots);
  csizer_pages_unmap(extras->final, extras->count * sizeof *extras->final);
  csizer_pages_unmap(extras->places, extras->count * sizeof *extras->places);
}
