// SPDX-License-Identifier: Apache-2.0
// Compiles every type that the loaded images declare, and counts what is not understood: for tests, and not in a
// program that is shipped.
#include "csizer_survey.h"

#ifdef CSIZER_CHECKS

#include <string.h>

#include "layouts/compiling.h"
#include "layouts/member_list.h"
#include "layouts/metadata_check.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"

enum { MOST_PARAMETERS = 8 };

// Descriptors are collected first: they are listed under the loader's lock, and the runtime must not be asked there.
typedef struct collection {
  const swift_descriptor **descriptors;
  size_t count, capacity;
  bool failed;
} collection;

static void collect(void *context, const csizer_elf *elf, const swift_descriptor *descriptor) {
  (void)elf;
  collection *all = context;
  if (all->count == all->capacity) {
    size_t capacity = all->capacity ? all->capacity * 2 : 4096;
    const swift_descriptor **larger = csizer_pages_map(capacity * sizeof *larger);
    if (!larger) {
      all->failed = true;
      return;
    }
    if (all->count) memcpy(larger, all->descriptors, all->count * sizeof *larger);
    csizer_pages_unmap(all->descriptors, all->capacity * sizeof *larger);
    all->descriptors = larger;
    all->capacity = capacity;
  }
  all->descriptors[all->count++] = descriptor;
}

// ---- Types ----

static const swift_metadata *instantiate(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  static const char *const stand_ins[] = {"Si", "SS"};  // Int, String
  const csizer_runtime *runtime = layouts->runtime;
  bool is_generic = descriptor->flags & SWIFT_DESCRIPTOR_GENERIC;
  if (!is_generic) return csizer_descriptor_instantiate(runtime, descriptor, NULL, 0);
  enum { ONE_TYPE = 0x80 };  // a type that is an argument; not a pack, nor an integer
  size_t count;
  const uint8_t *parameters = csizer_generic_parameters(descriptor, &count);
  if (count > MOST_PARAMETERS || csizer_generic_is_constrained(descriptor)) return NULL;
  for (size_t i = 0; i < count; i++)
    if (parameters[i] != ONE_TYPE) return NULL;
  for (size_t i = 0; i < sizeof stand_ins / sizeof *stand_ins; i++) {
    const swift_metadata *arguments[MOST_PARAMETERS];
    const swift_metadata *stand_in = runtime->type_in_context(stand_ins[i], 2, NULL, NULL);
    for (size_t j = 0; j < count; j++) arguments[j] = stand_in;
    const swift_metadata *type = stand_in ? csizer_descriptor_instantiate(runtime, descriptor, arguments, count) : NULL;
    if (type) return type;
  }
  return NULL;
}

// Whether all of it is understood; *ret_failed: no memory.
static bool understands(csizer_layouts *layouts, const swift_metadata *type, bool *ret_failed) {
  bool is_class = swift_kind_of(type) == SWIFT_CLASS;
  const csizer_value_layout *value = csizer_layouts_value(layouts, type);
  const csizer_object_layout *object = is_class ? csizer_layouts_object(layouts, type) : NULL;
  const csizer_member_list *members = csizer_layouts_members(layouts, type);
  *ret_failed = !value || !members || (is_class && !object);
  if (*ret_failed) return true;
  return !value->unresolved && !(object && object->fields.unresolved);
}

csizer_status csizer_survey_types(csizer_layouts *layouts, void (*unresolved)(const char *name, void *context),
                                  void *context, csizer_survey *ret_survey) {
  *ret_survey = (csizer_survey){0};
  if (!layouts->runtime->type_in_context) return CSIZER_OK;
  collection all = {0};
  csizer_each_descriptor(collect, &all);
  bool failed = all.failed;
  for (size_t i = 0; i < all.count && !failed; i++) {
    const swift_descriptor *descriptor = all.descriptors[i];
    csizer_layouts_begin(layouts);
    bool is_sound = csizer_descriptor_is_sound(layouts, descriptor);
    const swift_metadata *type = is_sound ? instantiate(layouts, descriptor) : NULL;
    csizer_layouts_end(layouts);
    if (!type) {
      ret_survey->untried++;
      continue;
    }
    ret_survey->compiled++;
    if (understands(layouts, type, &failed)) continue;
    ret_survey->unresolved++;
    char name[512];
    csizer_descriptor_name(descriptor, name, sizeof name);
    unresolved(name, context);
  }
  csizer_pages_unmap(all.descriptors, all.capacity * sizeof *all.descriptors);
  return failed ? CSIZER_NO_MEMORY : CSIZER_OK;
}

#else
csizer_status csizer_survey_types(csizer_layouts *layouts, void (*unresolved)(const char *name, void *context),
                                  void *context, csizer_survey *ret_survey) {
  (void)layouts, (void)unresolved, (void)context;
  *ret_survey = (csizer_survey){0};
  return CSIZER_UNSUPPORTED;
}
#endif
