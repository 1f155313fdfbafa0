// SPDX-License-Identifier: Apache-2.0
#ifndef READ_IMAGE_H
#define READ_IMAGE_H
#include "csizer_image.h"
#include "graph/graph_internal.h"
#include "support/check.h"
#include "support/made_heap.h"

// A reader of heap images, which knows no more than Documents/heap-image.md says.

enum { SECTIONS = 130, MOST_TYPES = 64, MOST_LABELS = 1 << 15, NAME = 256 };
enum { INFO = 1, TYPES, LABELS, ADDRESS, TYPE, SIZE, COUNT, EDGE, RAW, ROOT, TASKS, THREAD };
enum { NAMES = 14, UNUSED, HASH, SLICE, CLASSES, CALLS, END = 127, CASES = 129 };

/// An image, and how far each section was read.
typedef struct image {
  uint8_t *bytes;
  size_t count, capacity;
  uint8_t *sections[SECTIONS];
  size_t lengths[SECTIONS], at[SECTIONS];
} image;

/// The names of types and the labels, terminated.
typedef struct names {
  char types[MOST_TYPES][NAME];
  char labels[MOST_LABELS][NAME];
  uint64_t kinds[MOST_TYPES], label_kinds[MOST_LABELS], type_count, label_count;
} names;

/// Captures the graph of a heap, writes its image and splits that into its sections; checks the frames.
csizer_graph *write_image(made_heap *heap, image *image);
/// The same, but for roots in so many bytes from `start` on.
csizer_graph *write_image_without(made_heap *heap, image *image, const void *start, size_t bytes);
/// Reads an image's file, which is closed.
void read_image_file(int file, size_t bytes, image *image);
void free_image(image *image);

/// The next value of a section.
uint64_t take(image *image, int section);
int64_t take_signed(image *image, int section);
uint64_t take_eight(image *image, int section);
void take_text(image *image, int section, char *text, size_t room);
bool is_over(const image *image, int section);

/// Reads all types, of which none may have elements, and all labels.
void take_names(image *image, names *names);

/// The address that a label's text names: this program's file, its build id, and an offset in it.
uintptr_t labelled_address(const char *label);

#endif
