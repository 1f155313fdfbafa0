// SPDX-License-Identifier: Apache-2.0
// Takes stacks by libunwind.
#include "traces/by_libunwind.h"

#include <string.h>

#include "platform/checked_read.h"

int csizer_trace_own_calls = TRACE_OWN;

__attribute__((noinline)) uint32_t csizer_trace_unwind(uint32_t depth, const void *return_address) {
  return trace_by_libunwind(depth, return_address);
}

// Where a handler of signals returns to, in whichever library it is: mov $SYS_rt_sigreturn,%rax; syscall. Debuggers and
// libunwind know it by the same bytes.
static bool returns_from_signal(const void *address) {
  static const unsigned char code[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
  unsigned char found[sizeof code];
  return csizer_checked_copy(address, found, sizeof found) && !memcmp(found, code, sizeof code);
}

__attribute__((noinline)) void csizer_trace_add_one(void **frames, int count) {
  bool is_interrupted = false;
  for (int i = 0; i < count; i++) {
    if (!is_interrupted) frames[i] = (char *)frames[i] + 1;
    is_interrupted = !is_interrupted && returns_from_signal(frames[i]);
  }
}
