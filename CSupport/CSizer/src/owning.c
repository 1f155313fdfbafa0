// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include "layout_internal.h"
#include "mangling.h"

// Which pointer fields own what they point at. No metadata says so: it is knowledge about the libraries.

typedef struct owning_field {
  struct owning_field *next;
  const char *type;   // dotted, without generic arguments
  const char *field;
} owning_field;

static const owning_field built_in[] = {
    {.type = "Foundation.NSLock", .field = "mutex"},
};

// Registered for the whole process, as the types are: a global, guarded by the lock, never shortened.
static struct {
  pthread_mutex_t lock;
  owning_field *first;
  csizer_pool pool;
} registered = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool same(const owning_field *known, const char *type, const char *field) {
  return strcmp(known->type, type) == 0 && strcmp(known->field, field) == 0;
}

static bool is_owning(const char *type, const char *field) {
  for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
    if (same(&built_in[i], type, field)) return true;
  pthread_mutex_lock(&registered.lock);
  const owning_field *at = registered.first;
  while (at && !same(at, type, field)) at = at->next;
  pthread_mutex_unlock(&registered.lock);
  return at != NULL;
}

static const char *copy_into_pool(const char *text) {
  size_t bytes = strlen(text) + 1;
  char *copy = csizer_pool_allocate(&registered.pool, bytes);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

csizer_status csizer_owning_field_register(const char *type, const char *field) {
  if (!*type || !*field) return CSIZER_INVALID;
  if (is_owning(type, field)) return CSIZER_OK;
  pthread_mutex_lock(&registered.lock);
  owning_field *entry = csizer_pool_allocate(&registered.pool, sizeof *entry);
  const char *type_copy = copy_into_pool(type), *field_copy = copy_into_pool(field);
  bool complete = entry && type_copy && field_copy;
  if (complete) {
    *entry = (owning_field){registered.first, type_copy, field_copy};
    registered.first = entry;
  }
  pthread_mutex_unlock(&registered.lock);
  return complete ? CSIZER_OK : CSIZER_NO_MEMORY;
}

bool csizer_owning_field_compile(csizer_builder *builder, const swift_descriptor *owner, const csizer_field *field,
                                 size_t offset) {
  char type[256];
  csizer_descriptor_name(owner, type, sizeof type);
  if (!is_owning(type, field->name)) return false;
  size_t type_length = strlen(type), field_length = strlen(field->name);
  char *label = csizer_layouts_allocate(builder->layouts, type_length + field_length + 2);
  csizer_raw *raw = csizer_layouts_allocate(builder->layouts, sizeof *raw);
  if (!label || !raw) return true;
  memcpy(label, type, type_length);
  label[type_length] = '.';
  memcpy(label + type_length + 1, field->name, field_length + 1);
  raw->kind = csizer_layouts_add_kind(builder->layouts, (csizer_kind){.prefix = label});
  csizer_builder_op(builder, OP_RAW, offset, raw);
  return true;
}
