// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/read_image.h"

// What an image says of the content of strings and arrays, and of values that show parts of them.

enum { MOST = 64 };

static const swift_class *array_class(const char *element) {
  const void *arguments[] = {made_type(element)};
  return made_class((made_class_spec){
      .name = "Swift._ContiguousArrayStorage", .size = 32, .argument_count = 1, .arguments = arguments});
}

static void *make_array(made_heap *heap, const swift_class *class, size_t stride, size_t count, size_t capacity) {
  void *array = made_object(heap, class, 32 + capacity * stride);
  made_set_number(array, 16, count);
  made_set_number(array, 24, capacity * 2 + 1);
  return array;
}

// StringStorage.swift: capacity with its marks, count with its flags, code units.
static void *make_string(made_heap *heap, const swift_class *class, const char *text, size_t capacity) {
  void *string = made_object(heap, class, 32 + capacity);
  made_set_number(string, 16, capacity);
  made_set_number(string, 24, strlen(text) | (uint64_t)0xF0 << 56);
  memcpy((char *)string + 32, text, strlen(text) + 1);
  return string;
}

static const swift_class *string_class(void) {
  return made_class((made_class_spec){.name = "Swift.__StringStorage", .size = 32});
}

static void start(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_alias("Si", made_plain("Swift.Int", 8, 7));
  made_plain("Main.Byte", 1, 0);
}

typedef struct hashes {
  void *objects[MOST];
  uint64_t of[MOST];
  size_t count;
} hashes;

static hashes hashes_of(image *image, const csizer_graph *graph) {
  hashes hashes = {.count = 0};
  for (int64_t object = 0; !is_over(image, HASH); hashes.count++) {
    CHECK(hashes.count < MOST);
    const int64_t step = take_signed(image, HASH);
    CHECK(step > 0 || !hashes.count);  // they ascend
    object += step;
    hashes.objects[hashes.count] = (void *)csizer_graph_object_at(graph, (size_t)object).address;
    hashes.of[hashes.count] = take_eight(image, HASH);
  }
  return hashes;
}

static uint64_t hash_of(const hashes *hashes, const void *object) {
  for (size_t i = 0; i < hashes->count; i++)
    if (hashes->objects[i] == object) return hashes->of[i];
  return 0;
}

TEST(equal_contents_have_equal_hashes_and_others_have_others) {
  enum { LENGTHS = 40 };
  made_heap heap;
  start(&heap);
  const swift_class *class = string_class();
  void *once[LENGTHS], *twice[LENGTHS], *changed[LENGTHS / 2];
  char text[LENGTHS + 1] = "";
  size_t count = 0;
  for (size_t i = 0; i < LENGTHS / 2; i++) {
    memset(text, 'a', i + 1);
    text[i + 1] = 0;
    once[i] = make_string(&heap, class, text, i + 9);
    twice[i] = make_string(&heap, class, text, i + 40);  // of other capacity, with rubbish behind
    memset((char *)twice[i] + 32 + i + 2, 0x5A, 8);
    text[i / 2] = 'b';
    changed[i] = make_string(&heap, class, text, i + 9);
    count += 3;
  }
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  const hashes hashes = hashes_of(&image, graph);
  CHECK_EQUAL(hashes.count, count);
  for (size_t i = 0; i < LENGTHS / 2; i++) {
    CHECK_EQUAL(hash_of(&hashes, once[i]), hash_of(&hashes, twice[i]));
    CHECK(hash_of(&hashes, once[i]) != hash_of(&hashes, changed[i]));
    for (size_t k = 0; k < i; k++) CHECK(hash_of(&hashes, once[i]) != hash_of(&hashes, once[k]));
  }
  free_image(&image);
  csizer_graph_destroy(graph);
  // Another image has another salt: its hashes tell nothing of this one's.
  csizer_graph *later = write_image(&heap, &image);
  const struct hashes others = hashes_of(&image, later);
  CHECK(hash_of(&others, once[9]) != hash_of(&hashes, once[9]));
  free_image(&image);
  csizer_graph_destroy(later);
  made_heap_deinit(&heap);
}

TEST(arrays_are_compared_by_their_elements_and_half_made_ones_not_at_all) {
  made_heap heap;
  start(&heap);
  const swift_class *class = array_class("Si");
  void *one = make_array(&heap, class, 8, 5, 5), *same = make_array(&heap, class, 8, 5, 9);
  void *shorter = make_array(&heap, class, 8, 4, 5), *lying = make_array(&heap, class, 8, 1 << 20, 4);
  void *empty = make_array(&heap, class, 8, 0, 10);
  for (size_t i = 0; i < 5; i++) {
    made_set_number(one, 32 + 8 * i, i + 7);
    made_set_number(same, 32 + 8 * i, i + 7);
    made_set_number(shorter, 32 + 8 * i, i + 7);
  }
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  const hashes hashes = hashes_of(&image, graph);
  CHECK_EQUAL(hashes.count, 3);
  CHECK_EQUAL(hash_of(&hashes, one), hash_of(&hashes, same));
  CHECK(hash_of(&hashes, one) != hash_of(&hashes, shorter));
  CHECK_EQUAL(hash_of(&hashes, lying), 0);
  size_t empties = 0;
  for (size_t i = 0; i < csizer_graph_object_count(graph); i++) {
    const uint64_t strong = take(&image, COUNT), flags = strong & 1 ? take(&image, COUNT) : 0;
    if (strong & 1) take(&image, COUNT), take(&image, COUNT);
    const void *object = (const void *)csizer_graph_object_at(graph, i).address;
    if (flags & 64) CHECK(object == empty);
    empties += flags >> 6 & 1;
  }
  CHECK_EQUAL(empties, 1);
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}

// ---- Views ----

// A struct of four words, of which `reference` is one that holds an object.
static void make_view_type(const char *name, unsigned reference) {
  static const char *const names[] = {"a", "b", "c", "d"};
  made_field fields[4];
  for (unsigned i = 0; i < 4; i++)
    fields[i] = (made_field){names[i], i == reference ? "Main.Object" : "Swift.Int", 8 * i, 0};
  made_struct((made_struct_spec){.name = name, .field_count = 4, .fields = fields});
}

static void check_slices(made_heap *heap, const void *holder, const void *buffer, uint64_t used, const char *label) {
  static names names;
  image image;
  csizer_graph *graph = write_image(heap, &image);
  while (!is_over(&image, LABELS)) {
    take(&image, LABELS);
    take_text(&image, LABELS, names.labels[names.label_count++], NAME);
  }
  CHECK_EQUAL(is_over(&image, SLICE), !buffer);
  if (buffer) {
    CHECK_EQUAL(take_signed(&image, SLICE), csizer_graph_find(graph, (uintptr_t)buffer));
    CHECK_EQUAL(take(&image, SLICE), csizer_graph_find(graph, (uintptr_t)holder) + 1);
    CHECK_EQUAL(take(&image, SLICE), used);
    CHECK_TEXT(names.labels[take(&image, SLICE) - 1], label);
    CHECK(is_over(&image, SLICE));
  }
  names.label_count = 0;
  free_image(&image);
  csizer_graph_destroy(graph);
}

static const swift_class *holder_of(const char *name, const char *view) {
  const made_field fields[] = {{"view", view, 16, 0}};
  return made_class((made_class_spec){.name = name, .size = 48, .field_count = 1, .fields = fields});
}

TEST(an_array_slice_shows_a_part_of_its_buffer) {
  made_heap heap;
  start(&heap);
  const swift_class *class = array_class("Si");
  made_alias("Main.Object", (const swift_metadata *)class);
  make_view_type("Swift._SliceBuffer", 0);
  void *buffer = make_array(&heap, class, 8, 1000, 1000);
  void *holder = made_object(&heap, holder_of("Main.Holder", "Swift._SliceBuffer"), 48);
  made_set(holder, 16, buffer);
  made_set_number(holder, 32, 10);
  made_set_number(holder, 40, 13 << 1 | 1);
  check_slices(&heap, holder, buffer, 3 * 8, "ArraySlice");
  made_set_number(holder, 32, 0);
  made_set_number(holder, 40, 1000 << 1);  // all of it
  check_slices(&heap, holder, NULL, 0, "");
  made_set_number(holder, 32, 20);
  made_set_number(holder, 40, 10 << 1);  // torn
  check_slices(&heap, holder, NULL, 0, "");
  made_set(holder, 16, NULL);
  check_slices(&heap, holder, NULL, 0, "");
  made_heap_deinit(&heap);
}

TEST(a_substring_shows_a_part_of_its_string) {
  made_heap heap;
  start(&heap);
  const swift_class *class = string_class();
  made_alias("Main.Object", (const swift_metadata *)class);
  make_view_type("Swift.Substring", 3);
  char text[500];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  void *string = make_string(&heap, class, text, 600);
  void *holder = made_object(&heap, holder_of("Main.Holder", "Swift.Substring"), 48);
  made_set_number(holder, 16, (uint64_t)100 << 16 | 7);
  made_set_number(holder, 24, (uint64_t)120 << 16 | 7);
  made_set_number(holder, 32, 499 | (uint64_t)0xF0 << 56);
  made_set_number(holder, 40, (uint64_t)(uintptr_t)string | (uint64_t)0x80 << 56);
  check_slices(&heap, holder, string, 20, "Substring");
  made_set_number(holder, 24, (uint64_t)599 << 16 | 7);
  check_slices(&heap, holder, NULL, 0, "");
  made_heap_deinit(&heap);
}

TEST(the_size_classes_are_the_allocators) {
  made_heap heap;
  start(&heap);
  image image;
  csizer_graph *graph = write_image(&heap, &image);
  size_t class = 0, count = 0;
  for (; !is_over(&image, CLASSES); count++) {
    const size_t before = class;
    class += take(&image, CLASSES);
    CHECK(class > before);
    void *least = malloc(before + 1), *most = malloc(class);
    CHECK_EQUAL(made_bytes(least), class);
    CHECK_EQUAL(made_bytes(most), class);
    free(least);
    free(most);
  }
  CHECK(count > 10 || !csizer_allocator_usable_size_for(1, 15));
  free_image(&image);
  csizer_graph_destroy(graph);
  made_heap_deinit(&heap);
}
