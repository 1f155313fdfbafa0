// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/owning_internal.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"

// ---- The rows ----

typedef struct registered_row {
  const struct registered_row *next;
  csizer_owning_field row;
} registered_row;

// Registered for the whole process, as the types are: a global, guarded by the lock, never shortened.
static struct {
  pthread_mutex_t lock;
  const registered_row *first;
  csizer_pool pool;
} registered = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_for(const csizer_owning_field *row, const swift_descriptor *descriptor, const char *type,
                   const char *field) {
  if (row->declared_by && csizer_type_descriptor(row->declared_by) != descriptor) return false;
  return strcmp(row->field, field) == 0 && strcmp(row->type, type) == 0;
}

// Rows never change once they are in the list, so they are read without the lock.
static const csizer_owning_field *row_for(const swift_descriptor *descriptor, const char *type, const char *field) {
  for (size_t i = 0; i < csizer_owning_table_count; i++)
    if (is_for(&csizer_owning_table[i], descriptor, type, field)) return &csizer_owning_table[i];
  for (size_t i = 0; i < csizer_owning_packages_count; i++)
    if (is_for(&csizer_owning_packages[i], descriptor, type, field)) return &csizer_owning_packages[i];
  const registered_row *at = __atomic_load_n(&registered.first, __ATOMIC_ACQUIRE);
  while (at && !is_for(&at->row, descriptor, type, field)) at = at->next;
  return at ? &at->row : NULL;
}

// Whether the row is none of the engine's own.
static bool is_registered(const csizer_owning_field *row) {
  return (size_t)(row - csizer_owning_table) >= csizer_owning_table_count &&
         (size_t)(row - csizer_owning_packages) >= csizer_owning_packages_count;
}

// ---- Registering ----

// A copy in the pool; *text is NULL afterwards only if it was before. False: no memory.
static bool copy_text(const char **text) {
  if (!*text) return true;
  size_t bytes = strlen(*text) + 1;
  char *copy = csizer_pool_allocate(&registered.pool, bytes);
  *text = copy ? memcpy(copy, *text, bytes) : NULL;
  return copy != NULL;
}

static csizer_status add_row(const csizer_owning_field *row) {
  registered_row *entry = csizer_pool_allocate(&registered.pool, sizeof *entry);
  if (!entry) return CSIZER_NO_MEMORY;
  *entry = (registered_row){registered.first, *row};
  const char **texts[] = {&entry->row.type,  &entry->row.field,  &entry->row.count,
                          &entry->row.first, &entry->row.lender, &entry->row.doubt};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!copy_text(texts[i])) return CSIZER_NO_MEMORY;
  __atomic_store_n(&registered.first, entry, __ATOMIC_RELEASE);
  return CSIZER_OK;
}

csizer_status csizer_owning_field_register(const csizer_owning_field *row) {
  if (!row->type || !*row->type || !row->field || !*row->field) return CSIZER_INVALID;
  pthread_mutex_lock(&registered.lock);
  const swift_descriptor *descriptor = row->declared_by ? csizer_type_descriptor(row->declared_by) : NULL;
  csizer_status status = row_for(descriptor, row->type, row->field) ? CSIZER_OK : add_row(row);
  pthread_mutex_unlock(&registered.lock);
  return status;
}

static bool declares_fields(const swift_metadata *type) {
  return swift_kind_of(type) == SWIFT_STRUCT || swift_kind_of(type) == SWIFT_CLASS;
}

csizer_field_standing csizer_owning_field_standing(const void *type, const char *name) {
  const csizer_runtime *runtime = csizer_runtime_current();
  const swift_descriptor *descriptor = declares_fields(type) ? csizer_type_descriptor(type) : NULL;
  uint32_t index = descriptor ? csizer_field_index(descriptor, name) : CSIZER_NO_FIELD;
  csizer_field field;
  if (index == CSIZER_NO_FIELD || !csizer_field_read(runtime, type, index, &field)) return CSIZER_FIELD_MISSING;
  if (!field.type || swift_kind_of(field.type) == SWIFT_CLASS) return CSIZER_FIELD_OTHER;
  if (field.type == runtime->type_in_context("Si", 2, NULL, NULL)) return CSIZER_FIELD_INTEGER;
  size_t size = swift_witnesses_of(field.type)->size;
  return size == sizeof(void *) || size == 2 * sizeof(void *) ? CSIZER_FIELD_POINTER : CSIZER_FIELD_OTHER;
}

void csizer_owning_type_name(const void *type, char *text, size_t capacity) {
  if (declares_fields(type)) csizer_descriptor_name(csizer_type_descriptor(type), text, capacity);
  else if (capacity) *text = 0;
}

unsigned csizer_owning_argument(const void *type, const void *element) {
  const void *const *arguments = declares_fields(type) ? csizer_generic_arguments(type) : NULL;
  size_t count = arguments ? csizer_generic_argument_count(csizer_type_descriptor(type)) : 0;
  for (unsigned i = 0; i < count; i++)
    if (arguments[i] == element) return i;
  return CSIZER_NO_ARGUMENT;
}

// ---- Compiling ----

// Where a sibling is, seen from the field; CSIZER_NO_SIBLING when there is none.
static int32_t distance_to(const swift_metadata *type, const char *sibling, size_t offset) {
  uint32_t index = sibling ? csizer_field_index(csizer_type_descriptor(type), sibling) : CSIZER_NO_FIELD;
  if (index == CSIZER_NO_FIELD) return CSIZER_NO_SIBLING;
  bool is_class = swift_kind_of(type) == SWIFT_CLASS;
  size_t room = is_class ? ((const swift_class *)type)->instance_size : swift_witnesses_of(type)->size;
  size_t at = csizer_field_offset(type, index);
  return at < room && offset < room ? (int32_t)(at - offset) : CSIZER_NO_SIBLING;
}

static const char *label_of(csizer_layouts *layouts, const csizer_owning_field *row) {
  size_t type_length = strlen(row->type), field_length = strlen(row->field);
  char *label = csizer_layouts_allocate(layouts, type_length + field_length + 2);
  if (!label) return NULL;
  memcpy(label, row->type, type_length);
  label[type_length] = '.';
  memcpy(label + type_length + 1, row->field, field_length + 1);
  return label;
}

// What a pointer type, perhaps an optional one, points at.
static const swift_metadata *pointee_of(const swift_metadata *pointer) {
  const void *const *arguments = pointer ? csizer_generic_arguments(pointer) : NULL;
  if (arguments && swift_kind_of(pointer) == SWIFT_OPTIONAL) arguments = csizer_generic_arguments(arguments[0]);
  return arguments ? arguments[0] : NULL;
}

static const swift_metadata *element_of(const csizer_owning_field *row, const swift_metadata *type,
                                        const csizer_field *field) {
  if (row->rule != CSIZER_OWNS_VALUES) return NULL;
  if (row->element) return row->element;
  if (row->argument == CSIZER_POINTEE) return pointee_of(field->type);
  const void *const *arguments = csizer_generic_arguments(type);
  return arguments && row->argument < csizer_generic_argument_count(csizer_type_descriptor(type))
             ? arguments[row->argument]
             : NULL;
}

// Objects are counted under their own types.
static bool has_blocks(csizer_owning_rule rule) {
  return rule != CSIZER_OWNS_OBJECT && rule != CSIZER_OWNS_EACH_OBJECT && rule != CSIZER_OWNS_TASK;
}

bool csizer_owning_field_compile(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                                 size_t offset) {
  char name[CSIZER_TYPE_NAME_BYTES];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  const csizer_owning_field *row = row_for(csizer_type_descriptor(type), name, field->name);
  if (!row || row->rule == CSIZER_COUNTS_TAIL) return false;
  builder->explained = true;
  if (row->rule == CSIZER_BORROWS) return true;
  csizer_layouts *layouts = builder->layouts;
  csizer_owned *owned = csizer_layouts_allocate(layouts, sizeof *owned);
  const char *label = label_of(layouts, row);
  if (!owned || !label) return true;
  *owned = (csizer_owned){
      .rule = row->rule,
      .element_type = element_of(row, type, field),
      .count = distance_to(type, row->count, offset),
      .first = distance_to(type, row->first, offset),
      .lender = distance_to(type, row->lender, offset),
      .doubt = distance_to(type, row->doubt, offset),
      .lent_bits = row->lent_bits,
      .unknown_bits = row->unknown_bits,
      .lent_if_clear = row->lent_if_clear,
      .before = row->before,
      .ask_allocator = row->ask_allocator,
      .is_registered = is_registered(row),
  };
  if (has_blocks(row->rule)) owned->kind = csizer_layouts_add_kind(layouts, (csizer_kind){.prefix = label});
  csizer_builder_op(builder, OP_OWNED, offset, owned);
  return true;
}

bool csizer_owning_payload(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                           const csizer_value_layout **ret_payload) {
  csizer_builder parts = {.layouts = builder->layouts};
  if (!csizer_owning_field_compile(&parts, type, field, 0)) return false;
  const swift_witnesses *witnesses = swift_witnesses_of(field->type);
  csizer_value_layout *layout = csizer_layouts_allocate(builder->layouts, sizeof *layout);
  if (!layout) return false;
  *layout = (csizer_value_layout){.type = field->type,
                                  .size = (uint32_t)witnesses->size,
                                  .stride = (uint32_t)witnesses->stride,
                                  .align_mask = (uint8_t)(witnesses->flags & SWIFT_ALIGNMENT_MASK)};
  csizer_builder_finish(&parts, layout);
  *ret_payload = layout;
  return true;
}

bool csizer_owning_tail_count(const swift_metadata *type, const swift_metadata *header, size_t offset,
                              uint32_t *ret_count) {
  char name[CSIZER_TYPE_NAME_BYTES];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  const csizer_owning_field *row = row_for(csizer_type_descriptor(type), name, CSIZER_TAIL_HEADER);
  if (!row || row->rule != CSIZER_COUNTS_TAIL) return false;
  if (row->count) {
    uint32_t index = swift_kind_of(header) == SWIFT_STRUCT
                         ? csizer_field_index(csizer_type_descriptor(header), row->count)
                         : CSIZER_NO_FIELD;
    if (index == CSIZER_NO_FIELD) return false;
    offset += csizer_field_offset(header, index);
  }
  *ret_count = (uint32_t)offset;
  return true;
}
