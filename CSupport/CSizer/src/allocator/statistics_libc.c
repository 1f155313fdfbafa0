// SPDX-License-Identifier: Apache-2.0
#include "allocator/libc.h"
#include "platform/malloc_calls.h"

// The statistics that libc keeps of its allocator.

#define HAS_BOOKS(result, name, parameters) +1
#if CSIZER_MALLOC_BOOKS(HAS_BOOKS) + 0
csizer_status csizer_libc_accounts(csizer_accounts *ret) {
  if (!csizer_malloc_keeps_books()) return CSIZER_UNSUPPORTED;
  const struct mallinfo2 info = csizer_malloc.mallinfo2();
  *ret = (csizer_accounts){
      .allocated = info.uordblks + info.hblkhd,
      .small = info.uordblks,
      .large = info.hblkhd,
      .active = info.arena + info.hblkhd,
      .resident = info.arena + info.hblkhd,
      .mapped = info.arena + info.hblkhd,
  };
  return CSIZER_OK;
}
#else
csizer_status csizer_libc_accounts(csizer_accounts *ret) {
  (void)ret;
  return CSIZER_UNSUPPORTED;
}
#endif
