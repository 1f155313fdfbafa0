// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/made_heap.h"

// Buffers that several values share, as SwiftNIO lays them out: what is unused is behind the end that reaches farthest.

enum { CAPACITY = 1000, STORAGE = 48, VIEW = 24 };
static const char *const kind_name = "NIOCore.ByteBuffer._Storage.bytes";

static const swift_class *storage_type;
static const swift_metadata *view_type;

static void start(made_heap *heap) {
  made_plain("Main.UInt32", 4, 3);
  made_plain("Main.Pointer", 8, 7);
  made_plain("Main.UInt24", 3, 1);
  const made_field storage[] = {{"capacity", "Main.UInt32", 16, 0}, {"bytes", "Main.Pointer", 24, 0}};
  storage_type = made_class((made_class_spec){
      .name = "NIOCore.ByteBuffer._Storage", .size = STORAGE, .field_count = 2, .fields = storage});
  made_alias("Main.Storage", (const swift_metadata *)storage_type);
  const made_field slice[] = {{"upperBound", "Main.UInt32", 0, 0}, {"_begin", "Main.UInt24", 4, 0}};
  made_struct((made_struct_spec){.name = "Main.Slice", .field_count = 2, .fields = slice});
  const made_field view[] = {{"_storage", "Main.Storage", 0, 0},
                             {"_readerIndex", "Main.UInt32", 8, 0},
                             {"_writerIndex", "Main.UInt32", 12, 0},
                             {"_slice", "Main.Slice", 16, 0}};
  view_type = made_struct(
      (made_struct_spec){.name = "NIOCore.ByteBuffer", .size = VIEW, .field_count = 4, .fields = view});
  made_heap_init(heap, NULL);
}

static void *make_storage(made_heap *heap) {
  void *storage = made_object(heap, storage_type, STORAGE);
  made_set_number(storage, 16, CAPACITY);
  made_set(storage, 24, made_block(heap, CAPACITY));
  return storage;
}

static void set_view(unsigned char *view, void *storage, uint32_t begin, uint32_t writer) {
  memset(view, 0, VIEW);
  made_set(view, 0, storage);
  memcpy(view + 12, &writer, sizeof writer);
  uint16_t high = (uint16_t)(begin >> 8);
  memcpy(view + 20, &high, sizeof high);
  view[22] = (unsigned char)begin;
}

static size_t unused_in(made_heap *heap, const void *views, size_t count) {
  csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
  for (size_t i = 0; i < count; i++)
    CHECK_EQUAL(csizer_walk_value(walk, (const char *)views + i * VIEW, view_type), CSIZER_OK);
  size_t unused = made_kind_totals(heap, walk, kind_name).unused;
  made_walk_end(heap, walk);
  return unused;
}

TEST(what_is_behind_the_end_is_unused) {
  made_heap heap;
  start(&heap);
  _Alignas(8) unsigned char view[VIEW];
  void *storage = make_storage(&heap);
  for (uint32_t begin = 0; begin <= 600; begin += 200) {
    set_view(view, storage, begin, 300);
    CHECK_EQUAL(unused_in(&heap, view, 1), CAPACITY - begin - 300);
  }
  set_view(view, storage, 800, 300);  // beyond the end, as torn memory may be
  CHECK_EQUAL(unused_in(&heap, view, 1), 0);
  set_view(view, NULL, 0, 300);
  CHECK_EQUAL(unused_in(&heap, view, 1), 0);
  made_heap_deinit(&heap);
}

TEST(the_farthest_of_those_that_share_counts) {
  enum { STORAGES = 1000, SHARING = 3 };
  static _Alignas(8) unsigned char views[SHARING * STORAGES][VIEW];
  made_heap heap;
  start(&heap);
  for (size_t i = 0; i < STORAGES; i++) {
    void *storage = make_storage(&heap);
    for (uint32_t j = 0; j < SHARING; j++)  // the farthest is met first, last or in between
      set_view(views[i * SHARING + j], storage, 100 * ((j + (uint32_t)i) % SHARING), 500);
  }
  CHECK_EQUAL(unused_in(&heap, views, SHARING * STORAGES), STORAGES * (CAPACITY - 700));
  made_heap_deinit(&heap);
}
