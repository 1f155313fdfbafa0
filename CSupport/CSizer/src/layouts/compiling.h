// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_COMPILING_H
#define CSIZER_COMPILING_H
#include "layouts/layout_table.h"
#include "runtime/fields.h"

// The parts of the compiler of layouts.

/// Collects the parts of one layout. Lives on the compiling function's stack.
typedef struct csizer_builder {
  csizer_layouts *layouts;
  uint64_t references, contexts;
  csizer_op *ops;
  uint32_t count, capacity;
  bool unresolved, explained;
  /// From here on nothing is known, not even how far it reaches; 0: there is no such part.
  uint32_t opaque_from;
  /// Room for the first captures of a context; NULL: nobody wants to know.
  csizer_capture *captures;
  uint32_t capture_count;
} csizer_builder;

// layout_value.c, layout_object.c: what the table of compilers holds
const csizer_value_layout *csizer_compile_value(csizer_layouts *layouts, const swift_metadata *type);
const csizer_object_layout *csizer_compile_object(csizer_layouts *layouts, const swift_metadata *metadata);

// builder.c
/// A value of which nothing is known but its size, if that.
const csizer_value_layout *csizer_builder_finish_unknown(csizer_layouts *layouts, csizer_value_layout *layout);
void csizer_builder_reference(csizer_builder *builder, size_t offset);
/// A function and what it has captured.
void csizer_builder_function(csizer_builder *builder, size_t offset);
void csizer_builder_op(csizer_builder *builder, csizer_op_kind kind, size_t offset, const void *detail);
void csizer_builder_block(csizer_builder *builder, size_t offset);
void csizer_builder_append(csizer_builder *builder, size_t offset, const csizer_value_layout *layout);
void csizer_builder_conservative(csizer_builder *builder, size_t offset, size_t bytes);
/// When a part lies outside of a value of `size` bytes, or would lie between words in an array of such values, forgets
/// all of them: nothing is known of such a value.
void csizer_builder_confine(csizer_builder *builder, size_t size, size_t stride);
/// All that follows `offset` in the object's block is unknown.
void csizer_builder_opaque(csizer_builder *builder, size_t offset);
void csizer_builder_finish(csizer_builder *builder, csizer_value_layout *ret_layout);

/// Something held as a mangled name's end says. `end` bounds what is scanned when the type is unknown.
void csizer_builder_held(csizer_builder *builder, size_t offset, size_t end, const char *name,
                         const swift_metadata *type);

/// Adds an enum's references. layout_enum.c
void csizer_compile_enum(csizer_builder *builder, const swift_metadata *type);

/// How to tell an enum's cases apart. NULL when it has no payloads or, unless `even_plain`, none that refers to
/// anything; and when its metadata does not tell. A payload of unknown type is scanned conservatively in values that
/// hold it.
const csizer_enum *csizer_enum_describe(csizer_builder *builder, const swift_metadata *type, bool even_plain);

/// Compiles a class that keeps more than its fields, if `type` or a superclass is one; false when not.
/// layout_collections.c
bool csizer_compile_storage(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

/// Adds a struct whose bits no field describes, if the engine knows it; false when it does not. layout_raw.c
bool csizer_compile_raw_struct(csizer_builder *builder, const swift_metadata *type);

/// The type of what a struct without fields is nothing but a value of, as a mutex's cell is; NULL: it is none of those
/// that the engine knows. layout_raw.c
const swift_metadata *csizer_raw_content(const swift_metadata *type);

/// Adds a pointer whose pointee's type says that it owns it; false when it does not. layout_pointee.c
bool csizer_compile_owned_pointer(csizer_builder *builder, const swift_metadata *type);

/// Adds a C struct of this name that is nothing but a pointer which owns its block; false when it is none.
/// layout_pointee.c
bool csizer_compile_handle(csizer_builder *builder, const char *name);

/// Adds how much of a shared buffer a value uses, if the engine knows the type, a struct of this name. layout_view.c
void csizer_compile_view(csizer_builder *builder, const swift_metadata *type, const char *name);

/// Adds which part of a buffer a value shows, if the engine knows the type, a struct of this name. layout_slice.c
void csizer_compile_slice(csizer_builder *builder, const swift_metadata *type, const char *name);

/// Adds one of the standard library's pointers, if the type is one; false when it isn't. layout_pointer.c
bool csizer_compile_pointer(csizer_builder *builder, const swift_metadata *type);
/// Adds a reference to an object of C++.
void csizer_compile_foreign_reference(csizer_builder *builder, const swift_metadata *type);
/// A value that is more than bits, has a size, and in which nothing was found that owns: what it owns is unknown.
void csizer_compile_unknown_owner(csizer_builder *builder, const swift_metadata *type);

/// If the type is a buffer's header that the engine knows: where it keeps its numbers. False when it isn't.
/// layout_tail.c
bool csizer_compile_tail_header(csizer_object_layout *layout, const swift_metadata *header, size_t offset);
/// If a buffer of this class, a subclass of `buffer`, keeps a lock in the room of its elements: the layout of a word of
/// it, which owns nothing. NULL when the engine knows of none.
const csizer_value_layout *csizer_compile_tail_lock(csizer_builder *builder, const swift_metadata *type,
                                                    const swift_class *buffer, const swift_metadata *element);
void csizer_compile_cf_object(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);
void csizer_compile_hash_node(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

/// Adds the fields of a class and its superclasses. layout_class.c
void csizer_compile_class(csizer_builder *builder, const swift_class *type);

/// Adds what a box or a closure's context captures; answers the bytes asked for, 0 when they are unknown: then
/// `opaque_from` says what is known. `bindings` are the context's first words where the compiler put the metadata of
/// its generic parameters. layout_context.c
uint32_t csizer_compile_context(csizer_builder *builder, const swift_local_variable *metadata,
                                const void *const *bindings);

// owning.c
/// If a field of `type` owns what it points at: the op for it. False when it doesn't.
bool csizer_owning_field_compile(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                                 size_t offset);

/// The same for the payload of an enum's case, whose layout is then not its type's.
bool csizer_owning_payload(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                           const csizer_value_layout **ret_payload);

/// Where the number stands that counts the elements behind a buffer of this class, if somebody has said so. `header` is
/// at `offset`.
bool csizer_owning_tail_count(const swift_metadata *type, const swift_metadata *header, size_t offset,
                              uint32_t *ret_count);

#endif
