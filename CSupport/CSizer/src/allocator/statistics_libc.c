// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <features.h>
#include <malloc.h>

#include "allocator/libc.h"

// The statistics that libc keeps of its allocator.

// mallinfo2 came with glibc 2.33; mallinfo, before it, counts in ints and is wrong above 2 GiB.
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
csizer_status csizer_libc_accounts(csizer_accounts *ret) {
  struct mallinfo2 info = mallinfo2();
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
