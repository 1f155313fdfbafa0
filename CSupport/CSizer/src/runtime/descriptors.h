// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_DESCRIPTORS_H
#define CSIZER_DESCRIPTORS_H
#include "platform/elf.h"
#include "runtime/runtime.h"

/// Calls `visit` for each struct, enum and class that an image declares, with that image's file: images in the order in
/// which they were loaded. One that is listed twice comes twice. Reads the images' files: some milliseconds.
void csizer_each_descriptor(void (*visit)(void *context, const csizer_elf *elf, const swift_descriptor *descriptor),
                            void *context);

/// The descriptor of the only type with this dotted name ("Module.Outer.Inner") in all loaded images, or NULL when
/// there is none or more than one. `discriminator` tells private types of one name apart: the text after " in " in a
/// demangled name; NULL when the name has none. Reads the images' files: some milliseconds.
const swift_descriptor *csizer_descriptor_named(const csizer_runtime *runtime, const char *name,
                                                const char *discriminator);

/// The same for a protocol's descriptor.
const swift_descriptor *csizer_protocol_named(const csizer_runtime *runtime, const char *name,
                                              const char *discriminator);

/// The descriptor of a type that is local to a function, by its own name and by its demangled one ("Name #1 in f() ->
/// ()").
const swift_descriptor *csizer_descriptor_local(const csizer_runtime *runtime, const char *name, const char *text);

/// The protocols that `protocol` refines by itself, as many as there is room for; answers how many.
size_t csizer_protocol_refines(const swift_descriptor *protocol, const swift_descriptor **ret_protocols, size_t room);

/// The type that the descriptor's access function makes of these generic arguments (one for each parameter, outermost
/// first; a parameter that is an integer has the integer; none for a type that is not generic). NULL when their number
/// is wrong, or when one does not conform to what the type demands of it.
const swift_metadata *csizer_descriptor_instantiate(const csizer_runtime *runtime, const swift_descriptor *descriptor,
                                                    const swift_metadata *const *arguments, size_t count);

/// A byte for each generic parameter: bit 7 says that it is among the arguments, the low six bits what it is (0: a
/// type).
const uint8_t *csizer_generic_parameters(const swift_descriptor *descriptor, size_t *ret_count);

/// Whether a generic type demands more of its parameters than conformances: a superclass, a class, equality of types.
bool csizer_generic_is_constrained(const swift_descriptor *descriptor);

/// How many words of generic arguments (types and witness tables) a type of this descriptor has; it is generic.
size_t csizer_generic_argument_count(const swift_descriptor *descriptor);

#endif
