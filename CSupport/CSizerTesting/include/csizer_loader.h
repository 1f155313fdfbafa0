// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LOADER_H
#define CSIZER_LOADER_H

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `body` while the calling thread holds the loader's lock: dl_iterate_phdr(3) calls it, which Swift can't.
void csizer_under_loader_lock(void (*body)(void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
