// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_METADATA_CHECK_H
#define CSIZER_METADATA_CHECK_H
#include "layouts/compiling.h"
#include "platform/checked_read.h"

// Nothing that is read of metadata is believed before it was looked at here. The compiler of layouts runs in the
// measured process, and types come from compilers, runtimes and languages that it has never met: a form that it does
// not know must cost one type that is unresolved, never the host. So everything that it is going to read of a type is
// first found to be readable, and every figure (sizes, counts, offsets, lengths of chains) to be one that can be; then
// it reads plainly, and the runtime is asked only about what was looked at. Costs some microseconds for each type,
// once.

/// Whether `type` is metadata of a known kind whose value witnesses can be read and make sense. Enough to hold a value
/// of it.
bool csizer_metadata_is_known(csizer_layouts *layouts, const swift_metadata *type);

/// Whether everything can be read, too, that the metadata leads to: descriptors and their names, records of fields,
/// offsets, generic arguments, superclasses. Parts of other types are only known, in the sense above.
bool csizer_metadata_is_sound(csizer_layouts *layouts, const swift_metadata *type);

/// The same for an object's isa: a class, a box, a context.
bool csizer_heap_metadata_is_sound(csizer_layouts *layouts, const swift_metadata *metadata);

/// The same for a descriptor of a struct, an enum or a class.
bool csizer_descriptor_is_sound(csizer_layouts *layouts, const swift_descriptor *descriptor);

/// Whether `name` is a mangled name that ends, and whose symbolic references lead somewhere.
bool csizer_mangled_name_is_sound(csizer_layouts *layouts, const char *name);

// ---- Between metadata_check.c and descriptor_check.c ----

enum { CSIZER_MOST_ARGUMENTS = 1 << 8 };  // more generic arguments are rubbish

static inline bool csizer_is_readable(csizer_layouts *layouts, const void *address, size_t bytes) {
  return csizer_checked_readable(&layouts->checked, address, bytes);
}

static inline bool csizer_is_aligned(const void *address, size_t alignment) {
  return !((uintptr_t)address & (alignment - 1));
}

static inline bool csizer_is_word_at(csizer_layouts *layouts, const void *address) {
  return csizer_is_aligned(address, sizeof(void *)) && csizer_is_readable(layouts, address, sizeof(void *));
}

/// A struct of the compiler's, whose parts are of 32 bits.
static inline bool csizer_is_record_at(csizer_layouts *layouts, const void *address, size_t bytes) {
  return csizer_is_aligned(address, sizeof(uint32_t)) && csizer_is_readable(layouts, address, bytes);
}

/// Whether a function can be there. Libraries may have come since the images were read.
static inline bool csizer_is_code(csizer_layouts *layouts, const void *address) {
  if (csizer_images_contain_code(&layouts->images, (uintptr_t)address)) return true;
  return csizer_images_refresh(&layouts->images) == CSIZER_OK &&
         csizer_images_contain_code(&layouts->images, (uintptr_t)address);
}

#endif
