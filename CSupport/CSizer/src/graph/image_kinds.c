// SPDX-License-Identifier: Apache-2.0
// The numbers of types and labels in an image.
#include "graph/image_kinds.h"

bool csizer_image_kinds_make(image_kinds *kinds, const csizer_layouts *layouts) {
  *kinds = (image_kinds){.count = layouts->kind_count};
  kinds->numbers = csizer_pages_map((kinds->count + 1) * sizeof *kinds->numbers);
  if (!kinds->numbers) return false;
  for (size_t i = 0; i < kinds->count; i++)
    kinds->numbers[i] = image_is_type(&layouts->kinds[i]) ? kinds->type_count++ : kinds->label_count++;
  return true;
}

void csizer_image_kinds_free(image_kinds *kinds) {
  csizer_pages_unmap(kinds->numbers, (kinds->count + 1) * sizeof *kinds->numbers);
}
