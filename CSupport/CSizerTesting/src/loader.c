// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_loader.h"

#include <link.h>

typedef struct call {
  void (*body)(void *context);
  void *context;
} call;

static int make(struct dl_phdr_info *info, size_t size, void *context) {
  (void)info;
  (void)size;
  call *call = context;
  call->body(call->context);
  return 1;  // one image is enough
}

void csizer_under_loader_lock(void (*body)(void *context), void *context) {
  call call = {body, context};
  dl_iterate_phdr(make, &call);
}
