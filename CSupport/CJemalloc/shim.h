// SPDX-License-Identifier: Apache-2.0
// jemalloc's header stands in a system folder; SwiftPM wants a header of the module's own to name.
#ifndef CJEMALLOC_SHIM_H
#define CJEMALLOC_SHIM_H
#include <jemalloc/jemalloc.h>
#endif
