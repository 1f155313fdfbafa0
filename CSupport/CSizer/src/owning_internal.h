// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_OWNING_INTERNAL_H
#define CSIZER_OWNING_INTERNAL_H
#include "csizer_owning.h"

/// The rows that the engine brings. owning_table.c
extern const csizer_owning_field csizer_owning_table[];
extern const size_t csizer_owning_table_count;

#endif
