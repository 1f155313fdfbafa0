// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PRIVATE_TYPES_H
#define CSIZER_PRIVATE_TYPES_H

/// A struct, enum or class of an image that is loaded. Texts live as long as the visit.
typedef struct csizer_declared_type {
  /// The scope that the type is private to or local in; the runtime puts its address into the type's name. NULL for a
  /// type that has none.
  const void *scope;
  /// The type's own name.
  const char *name;
  /// With module and outer types, without scopes and generic arguments: "Module.Outer.Inner". Private types may share
  /// it.
  const char *dotted;
} csizer_declared_type;

/// Visits all types that images declare: images in the order in which they were loaded, types in the order of their
/// linking, which a program's next run has too. A type may come twice. Images whose files can't be read are left out.
/// Reads these files: some milliseconds, under the loader's lock.
void csizer_declared_types_visit(void (*visit)(const csizer_declared_type *type, void *context), void *context);

#endif
