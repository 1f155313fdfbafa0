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

/// A task that is made, and the frame that it would begin in.
typedef struct swift_new_task {
  swift_task *task;
  swift_async_context *context;
} swift_new_task;

/// The one list of what the engine asks of the measured program's Swift runtime, but for the function that makes
/// objects, which stands in the table by itself: calling convention, result, name here, symbol, parameters.
/// stdlib/public/runtime/{Heap,HeapObject,MetadataLookup,Metadata,Casting,Demangle}.cpp in swiftlang/swift, and of
/// stdlib/public/Concurrency/TaskLocal.cpp where the value is that is bound to a task-local variable, NULL: none; of
/// Task.cpp what makes a task. The last one is the C++ runtime's (Itanium C++ ABI, "Demangler API"), which Swift's
/// needs.
#define CSIZER_TARGET_FUNCTIONS(X)                                                                                   \
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
  X(, void *, unowned_retain, swift_unownedRetain, (void *object))                                                   \
  X(, void, unowned_release, swift_unownedRelease, (void *object))                                                   \
  X(, void *, weak_init, swift_weakInit, (void *reference, void *object))                                            \
  X(, void, weak_destroy, swift_weakDestroy, (void *reference))                                                      \
  X(, void, dealloc_class_instance, swift_deallocClassInstance, (void *object, size_t bytes, size_t align_mask))     \
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
  X(SWIFT_CALL, void *, task_local, swift_task_localValueGet, (const void *key))                                     \
  X(SWIFT_CALL, swift_new_task, task_create, swift_task_create,                                                      \
    (size_t flags, const void *options, const swift_metadata *result, const void *entry, void *closure))             \
  X(, char *, cxx_demangle, __cxa_demangle, (const char *symbol, char *buffer, size_t *length, int *status))

/// The data: type, name here, what C calls the symbol, and the symbol. Metadata of Int and String; the storage of empty
/// collections; what the concurrency
/// runtime marks slabs of frames with, how many bytes a task's own fields have, tasks' metadata, what version the
/// task's layout is, and functions that resume a task which waits for another
/// (stdlib/public/Concurrency/{TaskPrivate.h,Debug.h}).
#define CSIZER_TARGET_DATA(X)                                                                                    \
  X(const swift_metadata, int_type, swift_int_metadata, "$sSiN")                                                 \
  X(const swift_metadata, string_type, swift_string_metadata, "$sSSN")                                           \
  X(const swift_array, empty_array, _swiftEmptyArrayStorage, "_swiftEmptyArrayStorage")                          \
  X(const swift_hash, empty_dictionary, _swiftEmptyDictionarySingleton, "_swiftEmptyDictionarySingleton")        \
  X(const swift_hash, empty_set, _swiftEmptySetSingleton, "_swiftEmptySetSingleton")                             \
  X(const void *const, task_slab_mark, _swift_concurrency_debug_asyncTaskSlabMetadata,                           \
    "_swift_concurrency_debug_asyncTaskSlabMetadata")                                                            \
  X(const size_t, task_bytes, _swift_concurrency_debug_asyncTaskSize, "_swift_concurrency_debug_asyncTaskSize")  \
  X(const void *const, task_metadata, _swift_concurrency_debug_asyncTaskMetadata,                                \
    "_swift_concurrency_debug_asyncTaskMetadata")                                                                \
  X(const uint32_t, task_layout, _swift_concurrency_debug_internal_layout_version,                               \
    "_swift_concurrency_debug_internal_layout_version")                                                          \
  X(const void *const, task_wait_adapter, _swift_concurrency_debug_task_future_wait_resume_adapter,              \
    "_swift_concurrency_debug_task_future_wait_resume_adapter")                                                  \
  X(const void *const, task_throw_adapter, _swift_concurrency_debug_task_wait_throwing_resume_adapter,           \
    "_swift_concurrency_debug_task_wait_throwing_resume_adapter")                                                \
  X(const void *const, task_start_adapter, _swift_concurrency_debug_non_future_adapter,                          \
    "_swift_concurrency_debug_non_future_adapter")                                                               \
  X(const void *const, task_future_adapter, _swift_concurrency_debug_future_adapter,                             \
    "_swift_concurrency_debug_future_adapter")

/// The Swift runtime whose objects are measured, as addresses. The engine calls and patches it by this table and in no
/// other way. NULL: this runtime does not have it, or the linker dropped it because the program has no use for it.
typedef struct csizer_target_runtime {
  /// swift_allocObject of Heap.cpp. The engine defines one, too (hooks/), so that what a linker binds by that name need
  /// not be the runtime's.
  void *(*alloc_object)(const void *metadata, size_t bytes, size_t align_mask);
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
  CSIZER_TARGET_ROWS = 1 CSIZER_TARGET_FUNCTIONS(COUNT) CSIZER_TARGET_DATA(COUNT)
#undef COUNT
};

/// The table's rows, in the order of its fields.
extern const csizer_target_row csizer_target_rows[CSIZER_TARGET_ROWS] __attribute__((visibility("hidden")));

/// Settles the table at load: what is linked, unless another runtime was found before. `bound` is what the linker bound
/// to the name swift_allocObject: the runtime's, or the engine's own, behind which the runtime's is the next. Only
/// while there is one thread.
void csizer_target_begin(void *(*bound)(const void *metadata, size_t bytes, size_t align_mask));

/// What the concurrency runtime makes a task with. A program without it has no tasks.
#define CSIZER_TARGET_MAKES_TASKS "swift_task_create"

/// Notes whether the program that `runtime` was found in makes tasks, which the table may not be able to tell.
void csizer_target_note_tasks(const csizer_target_runtime *runtime, bool makes_tasks);

/// The symbol of the first row that is NULL and that the engine can't do without; NULL when all of those are there.
const char *csizer_target_missing(const csizer_target_runtime *runtime);

/// Where this process's Swift runtime is: a library, or the program. False when it has none.
bool csizer_target_locate(csizer_target_source *ret_source);

/// Puts an address into a row of `runtime`.
void csizer_target_put(csizer_target_runtime *runtime, size_t row, uintptr_t address);

/// Looks for the C++ runtime's demangler among all that is loaded, if `runtime` has none: it is a library as a rule,
/// also where Swift's runtime is not.
void csizer_target_look_for_cxx(csizer_target_runtime *runtime);

/// Lends `runtime` the Swift demangler that this library links, if it links one and `runtime` has none: few programs
/// call it, so that linkers drop it. It is a function of texts and knows no runtime.
void csizer_target_lend_demangler(csizer_target_runtime *runtime);

/// What the linker bound in this process.
csizer_target_runtime csizer_target_linked(void);

/// Puts a runtime that was found into the table.
void csizer_target_use(const csizer_target_runtime *runtime, csizer_target_source source);

#endif
