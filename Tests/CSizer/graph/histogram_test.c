// SPDX-License-Identifier: Apache-2.0
#include "csizer_histogram.h"

#include <string.h>

#include "platform/pages.h"
#include "support/check.h"
#include "support/made_heap.h"
#include "walk/walk_internal.h"

// Histograms of heaps whose objects are known because the test made them, and of which a walk says the same.

static csizer_histogram *take(made_heap *heap) {
  csizer_histogram *histogram;
  CHECK_EQUAL(csizer_histogram_take(heap->map, heap->layouts, &histogram), CSIZER_OK);
  made_check_no_marks(heap->map);
  return histogram;
}

static csizer_histogram_row row_of(made_heap *heap, const csizer_histogram *histogram, const char *name) {
  for (size_t kind = 0; kind < csizer_layouts_kind_count(heap->layouts); kind++) {
    csizer_kind_name known;
    char text[256];
    CHECK(csizer_layouts_kind_name(heap->layouts, kind, &known));
    snprintf(text, sizeof text, "%s%.*s", known.prefix, (int)known.type_length, known.type);
    if (strcmp(text, name) == 0) return csizer_histogram_row_at(histogram, kind);
  }
  return (csizer_histogram_row){.dead_count = 0};
}

TEST(all_objects_are_counted_under_their_classes) {
  enum { CLASSES = 9 };
  size_t count[CLASSES] = {0}, bytes[CLASSES] = {0};
  uint64_t seed = 3;
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 5000; i++) {
    const unsigned class = (unsigned)(check_random(&seed) % CLASSES);
    count[class]++;
    bytes[class] += made_bytes(made_node(&heap, class));
  }
  csizer_histogram *histogram = take(&heap);
  for (unsigned class = 0; class < CLASSES; class++) {
    char name[32];
    snprintf(name, sizeof name, "Main.Node%u", class);
    const csizer_histogram_row row = row_of(&heap, histogram, name);
    CHECK_EQUAL(row.living.count, count[class]);
    CHECK_EQUAL(row.living.bytes, bytes[class]);
    CHECK_EQUAL(row.living.requested, count[class] * made_node_class(class)->instance_size);
    CHECK_EQUAL(row.dead_count, 0);
  }
  const csizer_totals totals = csizer_histogram_totals(histogram);
  CHECK_EQUAL(totals.objects, 5000);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  csizer_histogram_destroy(histogram);
  made_heap_deinit(&heap);
}

TEST(the_dead_are_counted_apart) {
  enum { COUNTS = 8 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *dead = NULL;
  for (int i = 0; i < 10; i++) {
    void *node = made_node(&heap, 2);
    if (i % 3) continue;
    made_set_number(node, COUNTS, SWIFT_DEINITING | 3);
    made_link(node, 0, (void *)16);  // nothing of it may be read
    dead = node;
  }
  csizer_histogram *histogram = take(&heap);
  const csizer_histogram_row row = row_of(&heap, histogram, "Main.Node2");
  CHECK_EQUAL(row.living.count, 6);
  CHECK_EQUAL(row.dead_count, 4);
  CHECK_EQUAL(row.dead_bytes, 4 * made_bytes(dead));
  CHECK_EQUAL(csizer_histogram_totals(histogram).dead_bytes, 4 * made_bytes(dead));
  CHECK_EQUAL(csizer_histogram_totals(histogram).bytes, heap.bytes);
  csizer_histogram_destroy(histogram);
  made_heap_deinit(&heap);
}

TEST(raw_blocks_stand_under_the_field_that_owns_them) {
  made_plain("Main.Pointer", 8, 7);
  made_owner("Main.Buffer", "bytes");
  const made_field fields[] = {{"bytes", "Main.Pointer", 16, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Buffer", .size = 24, .field_count = 1, .fields = fields});
  made_heap heap;
  made_heap_init(&heap, NULL);
  size_t bytes = 0;
  void *shared = made_block(&heap, 512);
  for (size_t i = 1; i <= 20; i++) {
    void *buffer = made_object(&heap, class, 24), *block = i % 5 ? made_block(&heap, 100 * i) : shared;
    made_set(buffer, 16, block);
    bytes += i % 5 ? made_bytes(block) : 0;
  }
  csizer_histogram *histogram = take(&heap);
  CHECK_EQUAL(row_of(&heap, histogram, "Main.Buffer").living.count, 20);
  const csizer_histogram_row row = row_of(&heap, histogram, "Main.Buffer.bytes");
  CHECK_EQUAL(row.living.count, 17);  // what is shared is counted once
  CHECK_EQUAL(row.living.bytes, bytes + made_bytes(shared));
  CHECK_EQUAL(csizer_histogram_totals(histogram).raw_bytes, bytes + made_bytes(shared));
  CHECK_EQUAL(csizer_histogram_totals(histogram).bytes, heap.bytes);
  csizer_histogram_destroy(histogram);
  made_heap_deinit(&heap);
}

TEST(the_system_may_refuse_memory_anywhere) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 100; i++) made_set_number(made_node(&heap, 2), 8, i % 2 ? 3 : SWIFT_DEINITING | 3);
  csizer_histogram *histogram = take(&heap);  // all is compiled
  csizer_histogram_destroy(histogram);
  const size_t held = csizer_pages_held();
  size_t fail_at = 1;
  for (bool is_over = false; !is_over; fail_at++) {
    csizer_pages_fail_at = fail_at;
    const csizer_status status = csizer_histogram_take(heap.map, heap.layouts, &histogram);
    is_over = csizer_pages_fail_at != 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, is_over ? CSIZER_OK : CSIZER_NO_MEMORY);
    made_check_no_marks(heap.map);
    if (!is_over) CHECK_EQUAL(csizer_pages_held(), held);
  }
  CHECK(fail_at > 5);
  csizer_histogram_destroy(histogram);
  made_heap_deinit(&heap);
}
