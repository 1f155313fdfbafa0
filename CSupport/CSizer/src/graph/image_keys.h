// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_KEYS_H
#define CSIZER_IMAGE_KEYS_H
#include "graph/graph_internal.h"
#include "graph/image_stream.h"

/// How a dictionary's keys are told.
typedef enum image_key_form {
  KEY_HAS_NO_TEXT,
  KEY_IS_STRING,
  KEY_IS_INTEGER,
  KEY_IS_UUID,
  KEY_IS_CASE,
} image_key_form;

/// The keys of dictionaries, as labels of what their values refer to. The first labels of an image are keys.
typedef struct image_keys {
  image_stream *labels;
  uint32_t count;
  /// Of the dictionary that was looked at last.
  uint32_t object, bucket, in_object, label;
  image_key_form form;
  bool is_signed;  // an integer
  uintptr_t columns[2];
} image_keys;

/// False when there is no memory. The labels go to `output`, at the end at the latest.
bool csizer_image_keys_make(image_keys *keys, csizer_image_output output);
csizer_status csizer_image_keys_end(image_keys *keys);

enum { IMAGE_NO_KEY = UINT32_MAX };
/// The label for a reference at a slot of an object; IMAGE_NO_KEY when it stands in no dictionary's value, the key's
/// type has no text, or there were many already.
uint32_t csizer_image_key_of(image_keys *keys, const csizer_graph *graph, uint32_t object, uint32_t slot);

/// Where the keys of a dictionary or the members of a set begin, and where its values do (0: it is a set). False when
/// that can't be read.
bool csizer_image_columns_of(const csizer_object_layout *layout, const char *object, uintptr_t ret_columns[2]);

#endif
