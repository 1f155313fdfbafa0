// SPDX-License-Identifier: Apache-2.0
#include "layouts/layout_check.h"

#include "support/check.h"
#include "support/made_heap.h"

// The check of the table of layouts finds what is planted in it.

static bool finds(const made_heap *heap) { return csizer_layout_check(heap->layouts) != NULL; }

TEST(a_broken_object_is_found) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  csizer_object_layout object = *csizer_layouts_object(heap.layouts, (const swift_metadata *)made_node_class(2));
  const csizer_object_layout sound = object;
  static const char isa[8];
  CHECK(!finds(&heap));
  CHECK(csizer_layout_map_insert(heap.layouts, &heap.layouts->objects, isa, &object));
  CHECK(finds(&heap));  // its kind is another's
  object.kind = csizer_layouts_add_kind(heap.layouts, (csizer_kind){.layout = &object});
  const uint32_t kind = object.kind;
  CHECK(!finds(&heap));
  object.kind = 1 << 20;
  CHECK(finds(&heap));
  object.kind = kind;
  object.shape = SHAPE_ARRAY;  // of no element's layout
  CHECK(finds(&heap));
  object.shape = sound.shape;
  object.fields.references |= (uint64_t)1 << 40;  // behind its end
  CHECK(finds(&heap));
  object.fields.references = sound.fields.references;
  heap.layouts->objects.count++;
  CHECK(finds(&heap));
  heap.layouts->objects.count--;
  made_heap_deinit(&heap);
}

TEST(a_broken_value_is_found) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  made_plain("Main.Int", 8, 7);
  csizer_value_layout value = *csizer_layouts_value(heap.layouts, made_type("Main.Int"));
  static const char type[8];
  CHECK(csizer_layout_map_insert(heap.layouts, &heap.layouts->values, type, &value));
  CHECK(!finds(&heap));
  csizer_extent extent = {.bytes = 8};
  csizer_op op = {.kind = OP_CONSERVATIVE, .detail = &extent};
  value.ops = &op;
  value.op_count = 1;
  CHECK(finds(&heap));  // unknown words in what counts as known
  value.unresolved = true;
  CHECK(!finds(&heap));
  op.offset = 8;  // over the end
  CHECK(finds(&heap));
  op = (csizer_op){.kind = OP_OWNED};  // owned how?
  CHECK(finds(&heap));
  value.op_count = 0;
  value.stride = 4;
  CHECK(finds(&heap));
  value.stride = 8;
  made_heap_deinit(&heap);
}
