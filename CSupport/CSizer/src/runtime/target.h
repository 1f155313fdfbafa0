// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TARGET_INTERNAL_H
#define CSIZER_TARGET_INTERNAL_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_target.h"
#include "runtime/runtime.h"
#include "runtime/swift_abi.h"
#include "runtime/swift_call.h"

/// An object of the runtime's own making, and where its value is.
typedef struct swift_box_pair {
  swift_object *object;
  void *value;
} swift_box_pair;

typedef struct swift_metadata_response {
  const swift_metadata *type;
  size_t state;
} swift_metadata_response;

/// The one list of what the engine asks of the measured program's Swift runtime: calling convention, result, name here,
/// symbol, parameters. stdlib/public/runtime/{Heap,HeapObject,MetadataLookup,Metadata,Casting,Demangle}.cpp in
/// swiftlang/swift; the last one is the C++ runtime's (Itanium C++ ABI, "Demangler API"), which Swift's needs.
#define CSIZER_TARGET_FUNCTIONS(X)                                                                                   \
  X(, void *, alloc_object, swift_allocObject, (const void *metadata, size_t bytes, size_t align_mask))              \
  X(, void *, slow_alloc, swift_slowAlloc, (size_t bytes, size_t align_mask))                                        \
  X(, void, slow_dealloc, swift_slowDealloc, (void *block, size_t bytes, size_t align_mask))                         \
  X(, swift_object *, buffer_allocate, swift_bufferAllocate,                                                         \
    (const swift_metadata *metadata, size_t bytes, size_t align_mask))                                               \
  X(SWIFT_CALL, swift_box_pair, alloc_box, swift_allocBox, (const swift_metadata *type))                             \
  X(, void, dealloc_box, swift_deallocBox, (swift_object *box))                                                      \
  X(SWIFT_CALL, swift_box_pair, alloc_error, swift_allocError,                                                       \
    (const swift_metadata *type, const void *conformance, void *value, bool is_take))                                \
  X(SWIFT_CALL, void, dealloc_error, swift_deallocError, (swift_object *error, const swift_metadata *type))          \
  X(, void *, retain, swift_retain, (void *object))                                                                  \
  X(, void, release, swift_release, (void *object))                                                                  \
  X(SWIFT_CALL, const swift_metadata *, type_in_context, swift_getTypeByMangledNameInContext,                        \
    (const char *name, size_t length, const swift_descriptor *context, const void *const *arguments))                \
  X(SWIFT_CALL, const swift_metadata *, type_in_environment, swift_getTypeByMangledNameInEnvironment,                \
    (const char *name, size_t length, const void *environment, const void *const *arguments))                        \
  X(SWIFT_CALL, csizer_name, type_name, swift_getTypeName, (const swift_metadata *type, bool is_qualified))          \
  X(, const void *, conforms_to_protocol, swift_conformsToProtocol,                                                  \
    (const swift_metadata *type, const void *protocol))                                                              \
  X(SWIFT_CALL, swift_metadata_response, tuple_type, swift_getTupleTypeMetadata,                                     \
    (size_t request, size_t count, const swift_metadata *const *elements, const char *labels,                        \
     const void *witnesses))                                                                                         \
  X(, char *, demangle, swift_demangle,                                                                              \
    (const char *symbol, size_t length, char *buffer, size_t *buffer_size, uint32_t flags))                          \
  X(, char *, cxx_demangle, __cxa_demangle, (const char *symbol, char *buffer, size_t *length, int *status))

/// The data: type, name here, what C calls the symbol, and the symbol. Int's metadata; what the concurrency runtime
/// marks slabs of frames with, and how many bytes a task's own fields have (stdlib/public/Concurrency/TaskPrivate.h).
#define CSIZER_TARGET_DATA(X)                                                                              \
  X(const swift_metadata, int_type, swift_int_metadata, "$sSiN")                                           \
  X(const void *const, task_slab_mark, _swift_concurrency_debug_asyncTaskSlabMetadata,                     \
    "_swift_concurrency_debug_asyncTaskSlabMetadata")                                                      \
  X(const size_t, task_bytes, _swift_concurrency_debug_asyncTaskSize, "_swift_concurrency_debug_asyncTaskSize")

/// The Swift runtime whose objects are measured, as addresses. The engine calls and patches it by this table and in no
/// other way. NULL: this runtime does not have it, or the linker dropped it because the program has no use for it.
typedef struct csizer_target_runtime {
#define FIELD(convention, result, field, symbol, parameters) convention result(*field) parameters;
  CSIZER_TARGET_FUNCTIONS(FIELD)
#undef FIELD
#define FIELD(type, field, c_name, symbol) type *field;
  CSIZER_TARGET_DATA(FIELD)
#undef FIELD
} csizer_target_runtime;

/// The table in use. At load it holds what this process links. Written by csizer_target_find and csizer_target_use
/// while there is one thread, read by all. Hidden: a call costs one load.
extern csizer_target_runtime csizer_target __attribute__((visibility("hidden")));

/// Whether objects can be kept alive.
static inline bool csizer_target_can_keep(void) { return csizer_target.retain && csizer_target.release; }

/// What a row of the table is called and where it is.
typedef struct csizer_target_row {
  const char *symbol;
  size_t offset;  // in csizer_target_runtime
} csizer_target_row;

enum {
#define COUNT(...) +1
  CSIZER_TARGET_ROWS = 0 CSIZER_TARGET_FUNCTIONS(COUNT) CSIZER_TARGET_DATA(COUNT)
#undef COUNT
};

/// The table's rows, in the order of its fields.
extern const csizer_target_row csizer_target_rows[CSIZER_TARGET_ROWS] __attribute__((visibility("hidden")));

/// Settles the table at load: what is linked, unless another runtime was found before. Only while there is one thread.
void csizer_target_begin(void);

/// The symbol of the first row that is NULL and that the engine can't do without; NULL when all of those are there.
const char *csizer_target_missing(const csizer_target_runtime *runtime);

/// Puts an address into a row of `runtime`.
void csizer_target_put(csizer_target_runtime *runtime, size_t row, uintptr_t address);

/// Looks for the C++ runtime's demangler among all that is loaded, if `runtime` has none: it is a library as a rule,
/// also where Swift's runtime is not.
void csizer_target_look_for_cxx(csizer_target_runtime *runtime);

/// What the linker bound in this process, swift_allocObject behind the engine's own weak definition (hooks/).
csizer_target_runtime csizer_target_linked(void);

/// Puts a runtime that was found into the table.
void csizer_target_use(const csizer_target_runtime *runtime, csizer_target_source source);

#endif
