// SPDX-License-Identifier: Apache-2.0
// Living objects whose births were recorded with their calls.
#include "lifetimes/lifetimes_internal.h"

typedef struct list {
  uint64_t moment;
  uintptr_t *addresses;
  uint32_t *traces;
  size_t count, room;
} list;

static void add(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  (void)owner;
  list *list = context;
  if (!record->trace || record->birth >= list->moment || !lifetime_is_tracked(record)) return;
  if (list->count < list->room) {
    list->addresses[list->count] = lifetime_address(record);
    list->traces[list->count] = record->trace;
  }
  list->count++;
}

size_t csizer_lifetimes_traced(uint64_t moment, uintptr_t *addresses, uint32_t *traces, size_t room) {
  list list = {.moment = moment, .addresses = addresses, .traces = traces, .room = room};
  csizer_shards_hold();
  csizer_living_each(add, &list);
  csizer_shards_release();
  return list.count;
}
