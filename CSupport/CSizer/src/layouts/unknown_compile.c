// SPDX-License-Identifier: Apache-2.0
#include "layouts/member_list.h"
#include "layouts/unknown_types.h"

// Types that a frozen image met, compiled where the runtime can be asked.

static bool compile(const unknown_type *unknown, csizer_layouts *layouts) {
  switch (unknown->role) {
    case UNKNOWN_OBJECT: return csizer_layouts_object(layouts, unknown->type) != NULL;
    case UNKNOWN_VALUE: return csizer_layouts_value(layouts, unknown->type) != NULL;
    case UNKNOWN_MEMBERS: return csizer_layouts_prepare_members(layouts, unknown->type);
    case UNKNOWN_BOUND: {
      for (uint32_t i = 0; i < unknown->binding_count; i++)
        if (!csizer_may_be_binding(&layouts->images, unknown->bindings[i])) return false;
      const csizer_object_layout *layout = csizer_layouts_object(layouts, unknown->type);
      return layout && layout->shape == SHAPE_BOUND &&
             csizer_layouts_bind(layouts, layout, unknown->type, unknown->bindings) != NULL;
    }
  }
  return false;
}

uint32_t csizer_unknown_compile(const csizer_unknown_types *unknown, csizer_layouts *layouts) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < unknown->count; i++)
    count += csizer_is_metadata(&layouts->images, unknown->types[i].type) && compile(&unknown->types[i], layouts);
  return count;
}
