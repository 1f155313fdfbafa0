// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_OWNING_INTERNAL_H
#define CSIZER_OWNING_INTERNAL_H
#include "csizer_owning.h"

/// The rows that the engine brings, for what comes with the toolchain and for packages. owning_table.c,
/// owning_packages.c
extern const csizer_owning_field csizer_owning_table[];
extern const size_t csizer_owning_table_count;
extern const csizer_owning_field csizer_owning_packages[];
extern const size_t csizer_owning_packages_count;

#endif
